// Writing SQL text for DuckDB. Names and values never reach a statement any other way.

/** `say "hi"` → `"say ""hi"""`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `it's` → `'it''s'`. A NUL would end the statement for DuckDB's parser, so it goes in by code. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`.replaceAll('\0', "' || chr(0) || '");
}

export function quoteList(items: readonly string[]): string {
  return `[${items.map(quoteText).join(', ')}]`;
}

/** DuckDB compares names without regard to ASCII case, so `Amount` and `amount` are one column to it. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** A Parquet file as a relation whose rows keep their positions (`file_row_number`, from 0). */
export function parquet(file: string, { rowNumbers = false } = {}): string {
  return `read_parquet(${quoteText(file)}${rowNumbers ? ', file_row_number = true' : ''})`;
}

/** Whether `x` is one of `texts`. Not `IN`: with five texts or more DuckDB makes that a join, and `COPY` then loses the order of rows
 *  without a word (1.5.6; `EXPLAIN` shows COPY_TO_FILE instead of BATCH_COPY_TO_FILE). */
export function isOneOf(x: string, texts: readonly string[]): string {
  return `list_contains(${quoteList(texts)}, ${x})`;
}
