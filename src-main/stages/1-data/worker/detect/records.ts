// Splits the head of delimited text into records, the way the engine will: for looking, never for importing.

export interface RecordFormat {
  delimiter: string;
  /** '' for none. */
  quote: string;
  /** What makes a quote inside a quoted field literal: the quote itself (RFC 4180) or a backslash. */
  escape: string;
}

export interface SplitRecords {
  records: string[][];
  /** True when a quoted field was still open at the end, or text followed a closing quote. */
  quotesBroken: boolean;
  /** Characters up to the end of the last complete record. */
  end: number;
}

/** At most `limit` records; the last one is left out unless `whole` says that the text ends with the file. With `end` the cells are
 *  not kept, only counted over. */
export function splitRecords(
  text: string,
  { delimiter, quote, escape }: RecordFormat,
  { limit = 200, whole = false, end: endOnly = false } = {},
): SplitRecords {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let at = 0;
  let quotesBroken = false;
  let end = 0;
  const endRecord = (): void => {
    record.push(field);
    if (record.length > 1 || record[0] !== '') records.push(endOnly ? [] : record); // an empty line is no record
    record = [];
    field = '';
  };
  while (at < text.length && records.length < limit) {
    if (quote && field === '' && text[at] === quote) {
      const closed = readQuoted(text, at + 1, quote, escape);
      field = closed.value;
      at = closed.next;
      if (!closed.closed) {
        if (whole) quotesBroken = true;
        return { records, quotesBroken, end };
      }
      const after = text[at];
      if (after !== undefined && after !== delimiter && after !== '\n' && after !== '\r') quotesBroken = true;
      if (field === '' && after !== undefined && after !== delimiter && after !== '\n' && after !== '\r') field = ' ';
      continue;
    }
    const character = text[at]!;
    if (character === delimiter) {
      record.push(field);
      field = '';
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && text[at + 1] === '\n') at++;
      endRecord();
      end = at + 1;
    } else {
      field += character;
      at++;
      continue;
    }
    at++;
  }
  if (whole && records.length < limit && (record.length > 0 || field !== '')) endRecord();
  return { records, quotesBroken, end: whole ? text.length : end };
}

function readQuoted(text: string, from: number, quote: string, escape: string): { value: string; next: number; closed: boolean } {
  let value = '';
  let at = from;
  while (at < text.length) {
    const character = text[at]!;
    if (escape !== quote && character === escape && at + 1 < text.length) {
      value += text[at + 1]!;
      at += 2;
    } else if (character !== quote) {
      const stop = nextOf(text, at, quote, escape);
      value += text.slice(at, stop);
      at = stop;
    } else if (escape === quote && text[at + 1] === quote) {
      value += quote;
      at += 2;
    } else {
      return { value, next: at + 1, closed: true };
    }
  }
  return { value, next: at, closed: false };
}

function nextOf(text: string, from: number, quote: string, escape: string): number {
  const quoteAt = text.indexOf(quote, from);
  const escapeAt = escape === quote ? -1 : text.indexOf(escape, from);
  const found = [quoteAt, escapeAt].filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : text.length;
}
