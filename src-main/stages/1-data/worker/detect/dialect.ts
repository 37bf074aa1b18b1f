// Delimiter, quote and header of delimited text. The score is that of CleverCSV (van den Burg et al. 2019, "Wrangling messy CSV
// files by detecting row and type patterns", eq. 1–4, simplified): rows of one shape times cells of a known kind.
import { splitRecords, type RecordFormat } from './records.ts';

export interface Dialect extends RecordFormat {
  header: boolean;
  /** Lines before the header, e.g. Excel's `sep=;`. */
  skipLines: number;
}

export interface Reason {
  code: string;
  params: Record<string, string | number>;
}

export interface DetectedDialect extends Dialect {
  /** As they stand in the header, or empty without one. */
  headerCells: string[];
  /** Fields of the usual record. */
  fields: number;
  /** Rows that were looked at. */
  records: string[][];
  reasons: Reason[];
}

export interface DialectChoice {
  delimiter?: string;
  quote?: string;
  header?: boolean;
}

const delimiters = [',', '\t', ';', '|', ':', '~', '^'] as const;

/** `text` is the head of the file, decoded. What is chosen is kept; the rest is detected around it. */
export function detectDialect(text: string, chosen: DialectChoice, whole: boolean): DetectedDialect {
  const reasons: Reason[] = [];
  const separator = /^sep=(.)\r?\n/i.exec(text);
  const body = separator ? text.slice(separator[0].length) : text;
  const delimiter = chosen.delimiter ?? separator?.[1];
  const found = bestFormat(body, delimiter ? [delimiter] : delimiters, chosen.quote === undefined ? ['"', "'"] : [chosen.quote], whole);
  const { records } = found;
  const fields = usualCount(records.slice(1)) ?? usualCount(records) ?? 1;
  if (chosen.delimiter === undefined) {
    reasons.push(
      separator
        ? { code: 'delimiterNamed', params: { delimiter: found.format.delimiter } }
        : fields > 1
          ? { code: 'delimiterConsistent', params: { delimiter: found.format.delimiter, fields, rows: records.length } }
          : { code: 'delimiterNone', params: { rows: records.length } },
    );
  }
  const header = chosen.header ?? headerLikely(records, fields, reasons);
  return {
    ...found.format,
    header,
    skipLines: separator ? 1 : 0,
    headerCells: header ? (records[0] ?? []) : [],
    fields: records.length > 1 ? fields : (records[0]?.length ?? 1),
    records,
    reasons,
  };
}

function bestFormat(
  text: string,
  tried: readonly string[],
  quotes: readonly string[],
  whole: boolean,
): { format: RecordFormat; records: string[][] } {
  let best: { format: RecordFormat; records: string[][]; score: number } | null = null;
  for (const delimiter of tried) {
    for (const quote of quotes) {
      if (quote && quotes.length > 1 && quote !== '"' && !text.includes(quote)) continue;
      // RFC 4180 doubles quotes; only where that breaks, a backslash is tried: C:\\" at the end of a field is no escape.
      let { format, records, broken } = tryFormat(text, { delimiter, quote, escape: quote }, whole);
      if (broken && quote === '"' && text.includes('\\"')) {
        const escaped = tryFormat(text, { delimiter, quote, escape: '\\' }, whole);
        if (!escaped.broken) ({ format, records, broken } = escaped);
      }
      const score = scoreOf(records, broken, quote !== '' && text.includes(quote));
      if (!best || score > best.score * 1.0001) best = { format, records, score };
    }
  }
  return best!;
}

function tryFormat(text: string, format: RecordFormat, whole: boolean): { format: RecordFormat; records: string[][]; broken: boolean } {
  const { records, quotesBroken } = splitRecords(text, format, { whole });
  return { format, records, broken: quotesBroken };
}

/** Pattern score times type score. Quotes that the text does not use count for nothing; broken ones count against. */
function scoreOf(records: string[][], quotesBroken: boolean, quoteUsed: boolean): number {
  if (records.length === 0) return 0;
  const shapes = new Map<number, number>();
  for (const { length } of records) shapes.set(length, (shapes.get(length) ?? 0) + 1);
  let pattern = 0;
  for (const [length, count] of shapes) pattern += (count * Math.max(0.001, length - 1)) / length;
  pattern /= records.length * shapes.size;
  let known = 0;
  let cells = 0;
  for (const record of records) {
    for (const cell of record) {
      cells++;
      if (knownKind(cell)) known++;
    }
  }
  // A quote character inside cells says that this quote setting is wrong.
  const leftover = records.reduce((sum, record) => sum + record.filter((cell) => /^\s*".*"\s*$/s.test(cell)).length, 0) / cells;
  return pattern * Math.max(0.01, known / cells) * (quotesBroken && quoteUsed ? 0.3 : 1) * (1 - 0.7 * leftover);
}

const kinds: readonly RegExp[] = [
  /^$/,
  /^[+-]?(\d+([.,]\d+)?|\d{1,3}([.,']\d{3})+([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?\s?%?$/,
  /^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?$/,
  /^\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/,
  /^\d{1,2}:\d{2}(:\d{2})?$/,
  /^(true|false|yes|no|n\/?a|null|none|nan)$/i,
  /^[\w.+-]+@[\w-]+\.[\w.]+$/,
  /^(https?|ftp):\/\//,
  /^[\p{L}\p{N}_#$€£()&'’.!?/-]+( [\p{L}\p{N}_#$€£()&'’.!?,/-]+)*$/u,
];

function knownKind(cell: string): boolean {
  const text = cell.trim();
  return text.length < 200 ? kinds.some((kind) => kind.test(text)) : false;
}

export function usualCount(records: readonly string[][]): number | null {
  const shapes = new Map<number, number>();
  for (const { length } of records) shapes.set(length, (shapes.get(length) ?? 0) + 1);
  let best: number | null = null;
  for (const [length, count] of shapes) if (best === null || count > shapes.get(best)!) best = length;
  return best;
}

const typed = /^[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?$|^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|^(true|false)$/i;

/** A header names columns: its cells are filled, different and no values; below some column numbers or dates stand. */
function headerLikely(records: string[][], fields: number, reasons: Reason[]): boolean {
  const [first, ...rest] = records;
  const say = (header: boolean, code: string, params: Reason['params'] = {}): boolean => {
    reasons.push({ code, params });
    return header;
  };
  if (!first) return say(true, 'headerAssumed');
  const cells = first.map((cell) => cell.trim());
  const values = cells.filter((cell) => typed.test(cell)).length;
  if (rest.length === 0) return say(values === 0, 'headerAssumed');
  const columnsTyped = cells.filter((_, column) => {
    const below = rest.map((record) => record[column]?.trim() ?? '').filter((cell) => cell !== '');
    return below.length > 0 && below.filter((cell) => typed.test(cell)).length / below.length > 0.8;
  }).length;
  if (values > 0 && values >= columnsTyped / 2) return say(false, 'headerHasValues', { values });
  if (columnsTyped > 0) return say(true, 'headerOverTypes', { columns: columnsTyped });
  if (new Set(cells).size < cells.length && fields > 1 && !cells.every((cell) => cell !== '')) return say(false, 'headerRepeats');
  // All text: when a cell of the first row comes again below in its own column, it is more likely a value.
  const seenBelow = cells.filter((cell, column) => cell !== '' && rest.some((record) => record[column]?.trim() === cell)).length;
  if (seenBelow > cells.length / 2) return say(false, 'headerSeenBelow', { columns: seenBelow });
  return say(true, 'headerAssumed');
}
