/** Bytes as text. Pure. */

/** Above this an editor in a browser is no help any more. */
export const MOST_TEXT = 2 * 1024 * 1024;

/** `undefined` when the bytes are no UTF-8 text. A byte order mark stays, so that saving does not lose it. */
export function decodeText(bytes: Uint8Array): string | undefined {
  // No text has zero bytes, and nearly everything else has some at its beginning.
  if (bytes.subarray(0, 8192).includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What ends the lines, by the first line: a file keeps its own when it is saved. */
export const lineBreakOf = (text: string): '\r\n' | '\n' => (/^[^\n]*\r\n/.test(text) ? '\r\n' : '\n');
