const WINDOW_MS = 6_000;
/** Below this there is nothing to divide by. */
const SHORTEST_MS = 500;

/** Bytes per second over the last seconds, so that a pause or a faster network shows soon and a hiccup hardly. */
export class SpeedMeter {
  #marks: { at: number; bytes: number }[] = [];

  /** `bytes` have been sent in all. Fewer than before, as after a new beginning, starts the measurement over. */
  mark(at: number, bytes: number): void {
    const last = this.#marks.at(-1);
    if (last && bytes < last.bytes) this.#marks = [];
    this.#marks.push({ at, bytes });
    // The newest mark that is older than the window stays: it is where the window begins.
    while (this.#marks.length > 2 && (this.#marks[1]?.at ?? at) <= at - WINDOW_MS) this.#marks.shift();
  }

  stop(): void {
    this.#marks = [];
  }

  perSecond(now: number): number | undefined {
    const [first] = this.#marks;
    const last = this.#marks.at(-1);
    if (!first || !last || now - first.at < SHORTEST_MS) return undefined;
    return ((last.bytes - first.bytes) * 1000) / (now - first.at);
  }
}

/** Milliseconds until `bytes` more are sent; `undefined` when that cannot be told. */
export function timeLeft(bytes: number, perSecond: number | undefined): number | undefined {
  if (bytes <= 0) return 0;
  return perSecond && perSecond > 0 ? (bytes / perSecond) * 1000 : undefined;
}
