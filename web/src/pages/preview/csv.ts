/** Tables as text (RFC 4180, and what programs make of it). Pure. */

export interface Table {
  rows: string[][];
  /** A quotation mark was never closed. */
  broken: boolean;
}

const DELIMITERS = [',', ';', '\t', '|'];
/** Lines that are looked at to tell the delimiter. */
const SAMPLE = 20;

export function parseCsv(text: string, delimiter = delimiterOf(text)): Table {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  let begun = false;
  const endCell = () => {
    row.push(cell);
    cell = '';
    begun = false;
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };
  // A byte order mark is not part of the first cell.
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && !begun) {
      quoted = true;
      begun = true;
    } else if (char === delimiter) endCell();
    else if (char === '\n') endRow();
    else if (char === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) {
      // The line ends with the next character.
    } else {
      cell += char;
      begun = true;
    }
  }
  if (cell !== '' || begun || row.length > 0) endRow();
  return { rows, broken: quoted };
}

/** The one that splits the first lines into the most cells, as many in each. */
export function delimiterOf(text: string): string {
  const lines = sample(text);
  let best = ',';
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => countOutsideQuotes(line, delimiter));
    const least = Math.min(...counts);
    const alike = counts.every((count) => count === counts[0]);
    const score = counts.length === 0 ? 0 : least * (alike ? 2 : 1);
    if (score > most) [best, most] = [delimiter, score];
  }
  return best;
}

function sample(text: string): string[] {
  return text
    .slice(0, 64 * 1024)
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .slice(0, SAMPLE);
}

function countOutsideQuotes(line: string, delimiter: string): number {
  let quoted = false;
  let count = 0;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) count += 1;
  }
  return count;
}
