// The newest rows of an endpoint in the bins of a reference distribution: the figures behind drift.
import type { ModelInput, ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { Reference } from '../../../../src-shared/domain/training.ts';
import type { ReadableDb } from '../../../platform/sqlite.ts';
import { epochDays } from '../protocol/epochDays.ts';
import { listedAnswers } from '../statistics/countColumns.ts';
import { addCounts, ColumnCounter, type Counts } from '../statistics/counts.ts';
import { inputRows, predictionsOf } from './storedRows.ts';

export interface WindowQuery {
  endpoint: string;
  /** Answers of other versions say nothing about this one's predictions; inputs count whoever answered. */
  version: number;
  reference: Reference;
  inputs: readonly ModelInput[];
  task: ModelSignature['task'];
  classes: readonly string[];
  windowRows: number;
}

export interface WindowCounts {
  counts: Counts;
  /** Rows looked at; `from`/`to` are the times of the oldest and the newest. Null without any. */
  window: { from: number; to: number; rows: number; lastSeq: number } | null;
  /** True for endpoints that do not store inputs: whole minutes are counted, so the window may hold more rows than asked for. */
  fromSums: boolean;
}

export function countWindow(db: ReadableDb, query: WindowQuery): WindowCounts {
  const counters = query.reference.columns.map((column) => {
    const input = query.inputs.find(({ name }) => name === column.name);
    return { name: column.name, input, counter: new ColumnCounter(column, input?.categories ?? null) };
  });
  const prediction = new ColumnCounter(query.reference.prediction, listedAnswers(query));
  const requests = db
    .prepare<[string], { seq: number; at: number; version: number; input: string | null; output: string | null; rows: number }>(
      'SELECT seq, at, version, input, output, rows FROM requests WHERE endpoint = ? AND status < 400 ORDER BY seq DESC',
    )
    .iterate(query.endpoint);
  let rows = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let lastSeq = 0;
  for (const { seq, at, version, input, output } of requests) {
    if (rows >= query.windowRows) break;
    if (input === null) continue;
    const read = inputRows(input);
    if (!read) continue;
    const taken = Math.min(read.rows, query.windowRows - rows);
    for (const { name, input: typed, counter } of counters) {
      const value = read.column(name);
      for (let row = 0; row < taken; row++) counter.add(cellOf(value(row), typed));
    }
    if (version === query.version) predictionsOf(output, taken, query.classes).forEach((value) => prediction.add(value));
    rows += taken;
    from = Math.min(from, at);
    to = Math.max(to, at);
    lastSeq = Math.max(lastSeq, seq);
  }
  if (rows > 0)
    return {
      counts: { columns: counters.map(({ counter }) => counter.counts), prediction: prediction.counts },
      window: { from, to, rows, lastSeq },
      fromSums: false,
    };
  return countSums(db, query, { columns: counters.map(({ counter }) => counter.counts), prediction: prediction.counts });
}

function countSums(db: ReadableDb, { endpoint, version, windowRows }: WindowQuery, empty: Counts): WindowCounts {
  let counts = empty;
  let rows = 0;
  let from = 0;
  let to = 0;
  const minutes = db
    .prepare<[string, number], { minute: number; rows: number; counts: string }>(
      'SELECT minute, rows, counts FROM column_counts WHERE endpoint = ? AND version = ? ORDER BY minute DESC',
    )
    .iterate(endpoint, version);
  for (const minute of minutes) {
    if (rows >= windowRows) break;
    counts = addCounts(counts, JSON.parse(minute.counts) as Counts);
    rows += minute.rows;
    from = minute.minute;
    to = Math.max(to, minute.minute + 60_000);
  }
  return { counts, window: rows === 0 ? null : { from, to, rows, lastSeq: rows }, fromSums: true };
}

/** A cell as the reference counts it: dates as epoch days, truth values as 0 and 1. */
function cellOf(value: unknown, input: ModelInput | undefined): string | number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return input?.onnxType === 'string' ? String(value) : Number(value);
  if (typeof value === 'string') return input && input.onnxType !== 'string' ? epochDays(value) : value;
  if (typeof value === 'number') return input?.onnxType === 'string' ? String(value) : value;
  return null;
}
