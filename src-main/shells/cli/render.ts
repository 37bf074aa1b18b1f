// Results for people: tables and fields, plain text.
export interface Out {
  line(text?: string): void;
  /** One row each; columns as wide as needed, numbers to the right. */
  table(rows: readonly Record<string, unknown>[], columns?: readonly string[]): void;
  /** `name  value`, one below the other; what is nested is shown as JSON. */
  fields(record: object): void;
}

export function createOut(write: (text: string) => void): Out {
  const line = (text = ''): void => write(`${text}\n`);
  return {
    line,
    table: (rows, columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]) => {
      if (rows.length === 0) return line('(none)');
      const cells = rows.map((row) => columns.map((column) => show(row[column])));
      const widths = columns.map((column, i) => Math.max(width(column), ...cells.map((row) => width(row[i]!))));
      const right = columns.map((column) => rows.every((row) => typeof row[column] === 'number' || row[column] == null));
      const compose = (texts: readonly string[]): string =>
        texts
          .map((text, i) => pad(text, widths[i]!, right[i]!))
          .join('  ')
          .trimEnd();
      line(compose(columns));
      for (const row of cells) line(compose(row));
    },
    fields: (record) => {
      const entries = Object.entries(record).filter(([, value]) => value !== undefined);
      const widest = Math.max(0, ...entries.map(([name]) => width(name)));
      for (const [name, value] of entries) line(`${pad(name, widest, false)}  ${show(value)}`);
    },
  };
}

/** Local time to the second. */
export function time(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `0.8123 [0.79, 0.83]`; the interval only where there is an honest one. */
export function estimateText({ value, low, high }: { value: number; low: number | null; high: number | null }): string {
  const figure = (number: number): string => String(Number(number.toPrecision(4)));
  return low === null || high === null ? figure(value) : `${figure(value)} [${figure(low)}, ${figure(high)}]`;
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Columns on a terminal: Chinese characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text)
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u.test(character) ? 2 : 1;
  return columns;
}

function pad(text: string, to: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}
