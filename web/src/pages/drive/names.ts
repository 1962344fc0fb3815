const MAX_BYTES = 255;
const FORBIDDEN = /[/\\:*?"<>|\p{Cc}]/u;

/** What the server would say about a name, as a key of the texts; it has the last word. */
export function nameProblem(name: string) {
  if (name === '') return 'name.empty';
  if (new TextEncoder().encode(name).length > MAX_BYTES) return 'name.tooLong';
  if (FORBIDDEN.test(name)) return 'name.forbidden';
  if (/[. ]$/.test(name)) return 'name.ending';
  return undefined;
}
