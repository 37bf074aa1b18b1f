import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, expect, it } from 'vitest';
import { importColumns, makeImportCsv } from './makeImportCsv.ts';

const folder = mkdtempSync(join(tmpdir(), 'modelkeep-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes the same bytes on every machine, and looks a finished file up', async () => {
  const made = await makeImportCsv(1000, folder);
  expect(made.sha256).toBe('e19f1a0f4df44f8efe407baff61d66ccf17cc929c4339fc4f3e8aac8bc6338d6');
  const writtenAt = statSync(made.file).mtimeMs;
  expect(await makeImportCsv(1000, folder)).toEqual(made);
  expect(statSync(made.file).mtimeMs).toBe(writtenAt);
});

it('gives 20 columns of the kinds that it promises, with missing values', async () => {
  const { file } = await makeImportCsv(30_000, folder); // more than one chunk
  const rows = parse(readFileSync(file), { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(30_000);
  expect(Object.keys(rows[0]!)).toEqual(importColumns);
  expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 30_000 }, (_, at) => at + 1));
  const missing = (column: string): number => rows.filter((row) => row[column] === '').length / rows.length;
  expect(missing('comment')).toBeCloseTo(0.25, 1);
  expect(missing('discount')).toBeCloseTo(0.05, 1);
  expect(missing('country')).toBe(0);
  const every = (column: string, pattern: RegExp): boolean => rows.every((row) => pattern.test(row[column]!));
  expect(every('ordered_on', /^20\d\d-\d\d-\d\d$/)).toBe(true);
  expect(every('updated_at', /^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/)).toBe(true);
  expect(every('amount', /^\d+\.\d\d$/)).toBe(true);
  expect(every('temperature', /^(-?\d+\.\d)?$/)).toBe(true);
  expect(every('latitude', /^-?(0|[1-9]\d?)\.\d{5}$/)).toBe(true);
  expect(every('is_active', /^(true|false)$/)).toBe(true);
  expect(rows.some(({ comment }) => comment!.includes('"') && comment!.includes(','))).toBe(true);
});
