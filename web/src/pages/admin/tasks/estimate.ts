/** How far something was at a moment. */
export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  done: number;
}

/** Rates of less than this are noise. */
const SHORTEST_MS = 2_000;

/** Milliseconds that the rest will take at the rate between the two samples; `undefined` when there is no telling. */
export function timeLeft(first: Sample, last: Sample, total: number): number | undefined {
  const took = last.at - first.at;
  const done = last.done - first.done;
  if (total <= 0 || took < SHORTEST_MS || done <= 0) return undefined;
  return (Math.max(0, total - last.done) * took) / done;
}
