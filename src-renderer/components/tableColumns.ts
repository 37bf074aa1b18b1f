// What a grid shows: columns, the window of rows that is asked for, and how they are copied.

export interface TableColumn<R> {
  id: string;
  /** With the unit in it: "Size, MB". */
  label: string;
  value: (row: R) => unknown;
  /** How the value is written; default: as it is. Missing values never get here. */
  format?: (value: unknown) => string;
  align?: 'left' | 'right';
  mono?: boolean;
  /** Pixels. */
  width?: number;
  /** The data engine can sort by it. */
  sortable?: boolean;
  pinned?: boolean;
}

export interface RowWindow {
  offset: number;
  limit: number;
  sort: { column: string; descending: boolean } | null;
}

/** Reads one window of rows. `total` is the number of rows behind the filter. */
export type RowSource<R> = (window: RowWindow) => Promise<{ rows: R[]; total: number }>;

/** Rows as tab-separated text that spreadsheets take: a tab, line break or quote inside a cell puts the cell in quotes. */
export function toTsv(rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join('\t')).join('\n');
}

/** Column state that is kept per user; columns that are not there any more are dropped. */
export interface KeptColumn {
  id: string;
  width: number;
  hidden: boolean;
  pinned: boolean;
}

export function readKeptColumns(text: string | null): KeptColumn[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isKeptColumn) : [];
  } catch {
    return [];
  }
}

function isKeptColumn(value: unknown): value is KeptColumn {
  const kept = value as Partial<KeptColumn> | null;
  return (
    typeof kept?.id === 'string' && typeof kept.width === 'number' && typeof kept.hidden === 'boolean' && typeof kept.pinned === 'boolean'
  );
}
