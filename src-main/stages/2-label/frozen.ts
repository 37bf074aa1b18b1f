// The content of a frozen label version: one canonical JSON document, so that equal labels have one hash.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LabelClass } from './classes.ts';
import type { DecidedRow, SetRow } from './store.ts';

/** How a frozen version is written; keys in alphabetical order, rows ascending, no blanks, UTF-8. */
export interface FrozenLabels {
  classes: LabelClass[];
  dataset: { name: string; version: number };
  format: 'modelkeep.labels/1';
  itemColumn: string | null;
  kind: SetRow['kind'];
  labelSet: string;
  labels: FrozenLabel[];
  skipped: { at: number; author: string; note: string; row: number }[];
}
export interface FrozenLabel {
  at: number;
  author: string;
  label: string;
  note: string;
  row: number;
}

export interface EncodedLabels {
  bytes: Buffer;
  /** Labelled rows, without the skipped. */
  labels: number;
}

/** `pages` of decided rows in row order; between pages other work has its turn (the core never blocks over 50 ms). */
export async function encodeFrozen(set: SetRow, classes: LabelClass[], pages: AsyncIterable<DecidedRow[]>): Promise<EncodedLabels> {
  const head: Omit<FrozenLabels, 'labels' | 'skipped'> = {
    classes: classes.map(({ key, name }) => ({ key, name })),
    dataset: { name: set.dataset, version: set.dataset_version },
    format: 'modelkeep.labels/1',
    itemColumn: set.item_column,
    kind: set.kind,
    labelSet: set.name,
  };
  const labels: string[] = [];
  const skipped: string[] = [];
  for await (const page of pages) {
    for (const { row, class: label, author, at, note } of page) {
      if (label === null) skipped.push(JSON.stringify({ at, author, note: note ?? '', row }));
      else labels.push(JSON.stringify({ at, author, label, note: note ?? '', row } satisfies FrozenLabel));
    }
    await nextTurn();
  }
  const text = `${JSON.stringify(head).slice(0, -1)},"labels":[${labels.join(',')}],"skipped":[${skipped.join(',')}]}`;
  return { bytes: Buffer.from(text), labels: labels.length };
}

/** Reads what `encodeFrozen` wrote; the caller has verified the hash. */
export function decodeFrozen(bytes: Uint8Array): FrozenLabels {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as FrozenLabels;
}

/** One line per decided row, RFC 4180 (CRLF, quoted where needed), times as ISO 8601 UTC. */
export function frozenAsCsv(content: FrozenLabels): Buffer {
  const lines = [['row', 'label', 'skipped', 'note', 'author', 'labelled_at'].join(',')];
  const decided = [
    ...content.labels.map((one) => ({ ...one, isSkipped: false })),
    ...content.skipped.map((one) => ({ ...one, label: '', isSkipped: true })),
  ].sort((a, b) => a.row - b.row);
  for (const one of decided)
    lines.push([one.row, one.label, one.isSkipped, one.note, one.author, new Date(one.at).toISOString()].map(csvCell).join(','));
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

/** The canonical document, indented for people. */
export function frozenAsJson(content: FrozenLabels): Buffer {
  return Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
}

function csvCell(value: string | number | boolean): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
