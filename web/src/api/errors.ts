/** One wrong member of a request, as the server names it. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** What a call failed with. `code` is stable text to decide by; `message` is the server's own sentence. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryable: boolean,
    readonly detail: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The server could not be reached at all. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('the server cannot be reached', { cause });
    this.name = 'UnreachableError';
  }
}

/** Problems the server listed one by one, or the one its sentence begins with (`name: must not be blank`). */
export function fieldProblems(error: unknown): FieldProblem[] {
  if (!(error instanceof ApiError)) return [];
  const listed = (error.detail as { fields?: unknown } | null)?.fields;
  if (Array.isArray(listed)) return listed.filter(isFieldProblem);
  const setting = /^setting `([^`]+)`: (.+)$/s.exec(error.message);
  if (setting?.[1] && setting[2]) return [{ field: setting[1], message: setting[2] }];
  const named = /^([a-z][a-z0-9_.[\]]*): (.+)$/s.exec(error.message);
  if (named?.[1] && named[2]) return [{ field: named[1], message: named[2] }];
  const begun = /^([a-z][a-z0-9_]*) (?:must|has|is) /.exec(error.message);
  return begun?.[1] ? [{ field: begun[1], message: error.message }] : [];
}

/**
 * Splits a failure into what belongs beside the fields of a form and what belongs above it. `names` maps the server's
 * member to the form's field; a list member such as `items[2].priority` is matched exactly first, then by its head.
 */
export function splitProblems(
  error: unknown,
  names: Record<string, string>,
): { fields: Record<string, string>; rest: boolean } {
  const fields: Record<string, string> = {};
  const problems = fieldProblems(error);
  let rest = problems.length === 0;
  for (const { field, message } of problems) {
    const target = names[field] ?? names[field.replace(/[[.].*$/, '')];
    if (target === undefined) rest = true;
    else fields[target] = fields[target] ? `${fields[target]}; ${message}` : message;
  }
  return { fields, rest };
}

function isFieldProblem(value: unknown): value is FieldProblem {
  const { field, message } = (value ?? {}) as Partial<FieldProblem>;
  return typeof field === 'string' && typeof message === 'string';
}
