import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { label as contract } from '../../../src-shared/rpc/label.ts';
import { ManualClock } from '../../platform/clock.ts';
import { transaction } from '../../platform/sqlite.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { LabelService, type RowReader } from './api.ts';
import { screenQueries } from './store.ts';

const me = { actor: 'lin', shell: 'headless' as const };
const maria = { actor: 'maria', shell: 'cli' as const };

let bench: TestBench;
let folder: string;
let clock: ManualClock;
let audit: TestBench['audit'];
let service: LabelService;

beforeEach(async () => {
  clock = new ManualClock();
  bench = await openTestBench({ clock });
  ({ folder, audit } = bench);
  const { db, blobs, emit } = bench;
  service = new LabelService({ db, blobs, audit, clock, emit, data: await parquetReader() });
});
afterEach(() => bench[Symbol.asyncDispose]());

/** The audit log's length; cheap. */
const audited = (): number => audit.head().entries;

const createParams = contract['label.create'].params.parse({
  name: 'review',
  dataset: { name: 'churn', version: 1 },
  kind: 'table',
  classes: [
    { name: 'Yes', key: '1' },
    { name: 'No', key: '2' },
  ],
  suggestFrom: 'churn',
});

describe('creating', () => {
  test('gives an empty set over every row of the version', () => {
    const set = service.create(createParams, me);
    expect(contract['label.create'].result.parse(set)).toMatchObject({
      name: 'review',
      progress: { total: 40, labelled: 0, skipped: 0, perClass: { Yes: 0, No: 0 } },
      versions: [],
      createdBy: 'lin',
    });
    expect(service.list()).toHaveLength(1);
    expect(bench.eventsOf('changed')).toEqual([{ area: 'label', name: 'review', at: clock.now() }]);
  });

  test.each([
    ['a taken name', {}, 'MK_NAME_TAKEN'],
    ['a name with a slash', { name: 'a/b' }, 'MK_NAME_INVALID'],
    ['two classes of one name', { name: 'b', classes: [{ name: 'x', key: '1' }, { name: 'x', key: '2' }] }, 'MK_LABEL_CLASSES_DUPLICATE'], // prettier-ignore
    ['two classes of one key', { name: 'b', classes: [{ name: 'x', key: '1' }, { name: 'y', key: '1' }] }, 'MK_LABEL_CLASSES_DUPLICATE'], // prettier-ignore
    ['a column that is not there', { name: 'b', itemColumn: 'nope' }, 'MK_LABEL_COLUMN_UNKNOWN'],
    ['suggestions from a column that is not there', { name: 'b', suggestFrom: 'nope' }, 'MK_LABEL_COLUMN_UNKNOWN'],
    ['image labelling without an image column', { name: 'b', kind: 'image' as const }, 'MK_LABEL_COLUMN_TYPE'],
    ['text labelling of numbers', { name: 'b', kind: 'text' as const, itemColumn: 'tenure' }, 'MK_LABEL_COLUMN_TYPE'],
    ['an unknown dataset version', { name: 'b', dataset: { name: 'churn', version: 9 } }, 'MK_NOT_FOUND'],
  ])('refuses %s and writes nothing', (_, change, code) => {
    service.create(createParams, me);
    const before = audited();
    expect(() => service.create({ ...createParams, ...change }, me)).toThrow(expect.objectContaining({ code }));
    expect(service.list()).toHaveLength(1);
    expect(audited()).toBe(before);
  });

  test('text labelling finds the text column by itself', () => {
    expect(service.create({ ...createParams, kind: 'text' }, me).itemColumn).toBe('churn');
  });
});

describe('labelling', () => {
  beforeEach(() => void service.create(createParams, me));
  const save = (row: number, label: string | null, extra: object = {}) =>
    service.save(contract['label.save'].params.parse({ name: 'review', row, label, ...extra }), me);

  test('answers with the item, the progress and the time of the commit', async () => {
    clock.advance(5_000);
    const answer = contract['label.save'].result.parse(await save(3, 'Yes', { note: 'asked twice', tookMs: 1200 }));
    expect(answer).toMatchObject({
      item: {
        row: 3,
        label: 'Yes',
        skipped: false,
        note: 'asked twice',
        author: 'lin',
        at: clock.now(),
        cells: { tenure: 3, churn: 'No' },
      },
      progress: { total: 40, labelled: 1, skipped: 0, perClass: { Yes: 1, No: 0 } },
      savedAt: clock.now(),
    });
  });

  test('is on the disk when it is acknowledged: another connection sees it', async () => {
    await save(3, 'Yes');
    const { openDatabase } = await import('../../platform/sqlite.ts');
    const other = openDatabase(join(bench.folder, 'registry.sqlite'), { readonly: true });
    expect(other.prepare('SELECT class FROM labels WHERE row = 3').pluck().get()).toBe('Yes');
    other.close();
  });

  test('the same change twice leaves one history line, one audit entry and the first time', async () => {
    const first = await save(3, 'Yes');
    const entries = audited();
    clock.advance(60_000);
    const second = await save(3, 'Yes');
    expect(second).toEqual(first);
    expect(service.history('review', 3)).toHaveLength(1);
    expect(audited()).toBe(entries);
  });

  test('history keeps who, when and what was there before; a label can be taken back and its note stays', async () => {
    await save(3, 'Yes', { note: 'unsure' });
    clock.advance(1000);
    await service.save(contract['label.save'].params.parse({ name: 'review', row: 3, label: null, skipped: true, note: 'unsure' }), maria);
    clock.advance(1000);
    const taken = await save(3, null, { note: 'unsure' });
    expect(taken.item).toMatchObject({ label: null, skipped: false, author: null, note: 'unsure' });
    expect(taken.progress).toMatchObject({ labelled: 0, skipped: 0 });
    expect(service.history('review', 3)).toMatchObject([
      { classBefore: null, skippedBefore: 0, classAfter: 'Yes', author: 'lin', at: clock.now() - 2000 },
      { classBefore: 'Yes', skippedBefore: 0, classAfter: null, skippedAfter: 1, author: 'maria', at: clock.now() - 1000 },
      { classBefore: null, skippedBefore: 1, classAfter: null, skippedAfter: 0, author: 'lin', at: clock.now() },
    ]);
    expect((await audit.list({ limit: 1 })).entries[0]).toMatchObject({
      action: 'label.save',
      subject: 'label set review',
      details: { row: 3, before: 'skipped', after: null },
    });
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  test.each([
    ['a row behind the last', 40, 'Yes', {}, 'MK_LABEL_ROW_OUTSIDE'],
    ['a class that is not in the set', 1, 'Maybe', {}, 'MK_LABEL_CLASS_UNKNOWN'],
    ['a label and a skip at once', 1, 'Yes', { skipped: true }, 'MK_LABEL_BOTH'],
  ])('refuses %s and writes nothing', async (_, row, value, extra, code) => {
    await expect(save(row, value, extra)).rejects.toMatchObject({ code });
    expect(service.get('review').progress).toMatchObject({ labelled: 0, skipped: 0 });
    expect(service.history('review', row)).toEqual([]);
  });

  test('a failing audit entry takes the label with it', async () => {
    const broken = new LabelService({
      db: bench.db,
      blobs: bench.blobs,
      audit: {
        append: () => {
          throw new Error('disk error');
        },
      },
      clock,
      emit: () => {},
      data: await parquetReader(),
    });
    await expect(broken.save(contract['label.save'].params.parse({ name: 'review', row: 1, label: 'Yes' }), me)).rejects.toThrow(
      'disk error',
    );
    expect(service.get('review').progress.labelled).toBe(0);
  });

  test('the queue pages by row through what is open, labelled, skipped or all, with suggestions', async () => {
    for (const row of [0, 1, 2, 5, 6]) await save(row, 'No');
    await save(3, null, { skipped: true });
    const queue = (params: object) => service.queue(contract['label.queue'].params.parse({ name: 'review', ...params }));
    const rowsOf = async (params: object) => {
      const page = contract['label.queue'].result.parse(await queue(params));
      return [page.items.map((item) => item.row), page.remaining];
    };
    expect(await rowsOf({ limit: 4 })).toEqual([[4, 7, 8, 9], 34]);
    expect(await rowsOf({ from: 8, limit: 3 })).toEqual([[8, 9, 10], 34]);
    expect(await rowsOf({ from: 38, limit: 10 })).toEqual([[38, 39], 34]);
    expect(await rowsOf({ show: 'labelled', from: 2 })).toEqual([[2, 5, 6], 5]);
    expect(await rowsOf({ show: 'skipped' })).toEqual([[3], 1]);
    expect(await rowsOf({ show: 'all', from: 2, limit: 3 })).toEqual([[2, 3, 4], 40]);
    const [first] = (await queue({ limit: 1 })).items;
    expect(first).toMatchObject({
      row: 4,
      suggestion: { label: 'Yes', probability: null, origin: 'churn' },
      cells: { tenure: 4, churn: ' yes' },
    });
  });

  test('when all is labelled the queue is empty', async () => {
    for (let row = 0; row < 40; row++) await save(row, 'No');
    expect(await service.queue(contract['label.queue'].params.parse({ name: 'review' }))).toEqual({ items: [], remaining: 0 });
  });

  test('a class that rows carry cannot be removed or renamed; others can, and keys may change', async () => {
    await save(0, 'Yes');
    const update = (classes: { name: string; key: string }[]) => service.update({ name: 'review', classes }, me);
    expect(() =>
      update([
        { name: 'Yes!', key: '1' },
        { name: 'No', key: '2' },
      ]),
    ).toThrow(expect.objectContaining({ code: 'MK_LABEL_CLASS_IN_USE', params: { class: 'Yes', labels: 1, labelSet: 'review' } }));
    expect(service.get('review').classes.map((one) => one.name)).toEqual(['Yes', 'No']);
    const changed = update([{ name: 'Nein', key: '1' }, { name: 'Yes', key: '2' }, { name: 'Unsure', key: '3' }]); // prettier-ignore
    expect(changed.classes).toEqual([{ name: 'Nein', key: '1' }, { name: 'Yes', key: '2' }, { name: 'Unsure', key: '3' }]); // prettier-ignore
    expect(changed.progress.perClass).toEqual({ Nein: 0, Yes: 1, Unsure: 0 });
  });
});

describe('freezing and exporting', () => {
  beforeEach(async () => {
    service.create(createParams, me);
    await service.save(
      contract['label.save'].params.parse({ name: 'review', row: 1, label: 'No', note: 'says "no", twice\nand 说不' }),
      me,
    );
    await service.save(contract['label.save'].params.parse({ name: 'review', row: 0, label: 'Yes' }), me);
    await service.save(contract['label.save'].params.parse({ name: 'review', row: 2, label: null, skipped: true }), me);
  });

  test('a frozen version is content-addressed, stays as it was, and equal labels are the same version', async () => {
    const first = await service.freeze('review', me);
    expect(first.versions).toMatchObject([{ version: 1, labels: 2, createdBy: 'lin' }]);
    expect((await service.freeze('review', maria)).versions).toHaveLength(1);
    await service.save(contract['label.save'].params.parse({ name: 'review', row: 7, label: 'Yes' }), me);
    const second = await service.freeze('review', maria);
    expect(second.versions).toMatchObject([{ version: 1 }, { version: 2, labels: 3, createdBy: 'maria' }]);
    expect(await service.labelsOf('review', 1)).toEqual({
      dataset: { name: 'churn', version: 1 },
      classes: ['Yes', 'No'],
      labels: new Map([[0, 'Yes'], [1, 'No']]), // prettier-ignore
    });
    expect((await service.labelsOf('review', 2)).labels.get(7)).toBe('Yes');
    expect(() => transaction(bench.db, () => void bench.db.exec('UPDATE label_versions SET labels = 9'))).toThrow('never changes');
  });

  test('a version whose blob was changed on the disk is refused', async () => {
    const { versions } = await service.freeze('review', me);
    const { chmodSync } = await import('node:fs');
    const file = bench.blobs.path(versions[0]!.sha256);
    chmodSync(file, 0o600);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"Yes"', '"Yep"'));
    await expect(service.labelsOf('review', 1)).rejects.toMatchObject({ code: 'MK_BLOB_CORRUPT' });
  });

  test('labels that come while a version is being frozen are not in it', async () => {
    const freezing = service.freeze('review', me);
    await service.save(contract['label.save'].params.parse({ name: 'review', row: 9, label: 'Yes' }), me);
    await freezing;
    const { labels } = await service.labelsOf('review', 1);
    expect([...labels.keys()].filter((row) => row !== 9)).toEqual([0, 1]);
    expect(service.get('review')).toMatchObject({ progress: { labelled: 3 }, versions: [{ labels: labels.size }] });
  });

  test('nothing labelled, nothing frozen', async () => {
    service.create({ ...createParams, name: 'empty' }, me);
    await expect(service.freeze('empty', me)).rejects.toMatchObject({ code: 'MK_LABEL_NOTHING_TO_FREEZE' });
  });

  test('CSV and JSON hold every decision and read back equal', async () => {
    const csv = join(folder, 'labels.csv');
    expect(await service.export({ name: 'review', format: 'csv', file: csv }, me)).toEqual({ file: csv, labels: 2 });
    const duck = await (await DuckDBInstance.create()).connect();
    const rows = (
      await duck.runAndReadAll(`SELECT row, label, skipped, note, author FROM read_csv('${csv}', all_varchar = true)`)
    ).getRowsJson();
    expect(rows).toEqual([
      ['0', 'Yes', 'false', null, 'lin'],
      ['1', 'No', 'false', 'says "no", twice\nand 说不', 'lin'],
      ['2', null, 'true', null, 'lin'],
    ]);
    await service.freeze('review', me);
    const json = join(folder, 'labels.json');
    await service.export({ name: 'review', version: 1, format: 'json', file: json }, me);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ labels: [{ row: 0, label: 'Yes' }, { row: 1, label: 'No' }], skipped: [{ row: 2 }] }); // prettier-ignore
    expect((await audit.list({ limit: 1 })).entries[0]).toMatchObject({
      action: 'label.export',
      details: { version: 1, format: 'json', labels: 2 },
    });
  });

  test('a folder that is not there is named, and an unknown version too', async () => {
    await expect(service.export({ name: 'review', format: 'csv', file: join(folder, 'no', 'x.csv') }, me)).rejects.toMatchObject({ code: 'MK_FILE_UNWRITABLE' }); // prettier-ignore
    await expect(service.export({ name: 'review', version: 4, format: 'csv', file: join(folder, 'x.csv') }, me)).rejects.toMatchObject({ code: 'MK_NOT_FOUND' }); // prettier-ignore
  });
});

test('what the screen waits on is answered from indexes', () => {
  for (const [name, sql] of Object.entries(screenQueries)) {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1);
    const plan = bench.db.prepare<number[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
    const text = plan.map((step) => step.detail).join('; ');
    expect(text, name).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
    expect(text, name).not.toMatch(/SCAN|TEMP B-TREE/);
  }
});

/** Forty rows in a Parquet file, read by DuckDB. */
async function parquetReader(): Promise<RowReader> {
  const file = join(folder, 'churn.parquet');
  const duck = await (await DuckDBInstance.create()).connect();
  await duck.run(
    `COPY (SELECT range::INTEGER AS tenure, CASE WHEN range % 4 = 0 THEN ' yes' ELSE 'No' END AS churn FROM range(40)) TO '${file}' (FORMAT parquet)`,
  );
  const version: DatasetVersion = {
    dataset: 'churn',
    version: 1,
    kind: 'table',
    columns: [
      { name: 'tenure', type: 'integer' },
      { name: 'churn', type: 'category' },
    ],
    rows: 40,
    sizeBytes: 1,
    sha256: '0'.repeat(64),
    source: { files: [file], format: 'parquet', options: {}, rowsSetAside: 0 },
    createdAt: 0,
    createdBy: 'lin',
  };
  return {
    version: (ref) => {
      if (ref.name !== 'churn' || ref.version !== 1) throw new ModelkeepError('MK_NOT_FOUND', { what: 'dataset version', name: ref.name });
      return version;
    },
    rowsAt: async (_, rows) => {
      const read = await duck.runAndReadAll(
        `SELECT file_row_number, tenure, churn FROM read_parquet('${file}', file_row_number = true) WHERE file_row_number IN (${rows.join(',')})`,
      );
      const byRow = new Map(read.getRowObjectsJson().map((one) => [Number(one.file_row_number), { tenure: one.tenure, churn: one.churn }]));
      return rows.map((row) => byRow.get(row) as { tenure: number; churn: string });
    },
  };
}
