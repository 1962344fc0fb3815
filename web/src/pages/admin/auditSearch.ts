/** What of the audit trail is shown, as it stands in the address. */
export interface AuditSearch {
  action?: string;
  entity_type?: string;
  user_id?: number;
  /** A day, `2026-01-31`: from its beginning here. */
  from?: string;
  /** A day: until its end here. */
  until?: string;
  /** From 1. */
  page?: number;
}

const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text);

export function auditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    ...(typeof search.action === 'string' && { action: search.action }),
    ...(typeof search.entity_type === 'string' && { entity_type: search.entity_type }),
    ...(Number.isSafeInteger(search.user_id) && { user_id: search.user_id as number }),
    ...(isDay(search.from) && { from: search.from }),
    ...(isDay(search.until) && { until: search.until }),
    ...(Number.isSafeInteger(search.page) && { page: search.page as number }),
  };
}

/** Days of this browser's clock as moments: `after` is inclusive and `before` is not. */
export function momentsOf(from: string | undefined, until: string | undefined): { after?: string; before?: string } {
  const begin = startOf(from, 0);
  const end = startOf(until, 1);
  return { ...(begin && { after: begin }), ...(end && { before: end }) };
}

function startOf(day: string | undefined, later: number): string | undefined {
  if (!day) return undefined;
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const moment = new Date(year, month - 1, date + later);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}
