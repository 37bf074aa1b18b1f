import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeXlsx } from 'hucre/xlsx';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tableProfile } from '../../../src-shared/domain/table.ts';
import { data as contract } from '../../../src-shared/rpc/data.ts';
import { openDataBench, type DataBench } from './dataBench.ts';
import { screenQueries } from './store.ts';

let folder: string;
let bench: DataBench;
const churn = join(import.meta.dirname, '../../../resources/samples/churn/churn.csv');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelkeep-data-'));
  bench = await openDataBench();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

describe('versions', () => {
  test('the same content twice is one version, and the result says so', async () => {
    const first = await bench.mustImport(churn, {}, 'churn');
    expect(first).toEqual({ dataset: 'churn', version: 1, rows: 7043, rowsSetAside: 0, isNew: true });
    expect(await bench.mustImport(churn, {}, 'churn')).toEqual({ ...first, isNew: false });
    expect(bench.data.list()).toMatchObject([{ dataset: 'churn', version: 1, versions: 1, targetHint: 'churn' }]);
    expect(bench.eventsOf('changed').filter(({ area, name }) => area === 'data' && name === 'churn')).toHaveLength(1);
    expect((await bench.audit.verify()).ok).toBe(true);
  });

  test('chosen types over the same file are another version', async () => {
    const types = { tenure: 'category' } as const;
    expect(await bench.mustImport(churn, { types }, 'churn')).toMatchObject({ version: 2, isNew: true });
    expect(bench.data.version({ name: 'churn' }).columns.find(({ name }) => name === 'tenure')?.type).toBe('category');
  });

  test('every answer of a screen comes from an index', () => {
    for (const sql of Object.values(screenQueries)) {
      const plan = bench.db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...sql.match(/\?/g)!.map(() => 'x'));
      expect(plan.map(({ detail }) => detail).join()).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});

describe('formats give the same table', () => {
  const rows = [
    { id: 1, name: 'Ada, the first', amount: 12.5, day: '2024-02-29', active: true },
    { id: 2, name: '陈晨 "quoted"', amount: null, day: '2000-01-01', active: false },
    { id: 3, name: 'Zoë\nnext line', amount: -3.25, day: null, active: null },
    { id: 4, name: 'plain', amount: 0, day: '1999-12-31', active: true },
  ];
  const columns = [
    { name: 'id', type: 'integer' },
    { name: 'name', type: 'category' },
    { name: 'amount', type: 'number' },
    { name: 'day', type: 'date' },
    { name: 'active', type: 'boolean' },
  ];
  const csv = (delimiter: string): string =>
    [
      Object.keys(rows[0]!).join(delimiter),
      ...rows.map((row) =>
        Object.values(row)
          .map((value) => (typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value ?? '')))
          .join(delimiter),
      ),
    ].join('\r\n') + '\r\n';
  const withDates = (): unknown[][] => [
    Object.keys(rows[0]!),
    ...rows.map(({ day, ...row }) => [row.id, row.name, row.amount, day && new Date(`${day}T00:00:00Z`), row.active]),
  ];

  test.each<[string, () => Promise<string>]>([
    ['comma.csv', () => file('comma.csv', csv(','))],
    ['semicolon.csv', () => file('semicolon.csv', csv(';'))],
    ['tab.tsv', () => file('tab.tsv', csv('\t'))],
    ['bar.txt', () => file('bar.txt', csv('|'))],
    ['list.json', () => file('list.json', JSON.stringify(rows))],
    ['lines.jsonl', () => file('lines.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))],
    ['book.xlsx', async () => file('book.xlsx', await writeXlsx({ sheets: [{ name: 'Data', rows: withDates() as never }] }))],
  ])('%s', async (name, make) => {
    const path = await make();
    const { version } = await bench.mustImport(path, {}, `same-${name}`);
    const ref = { name: `same-${name}`, version };
    expect(bench.data.version(ref).columns).toEqual(columns);
    expect(await bench.data.rowsAt(ref, [0, 1, 2, 3])).toEqual(rows);
    const preview = contract['data.preview'].result.parse(await bench.data.preview({ files: [path], options: {} }));
    expect(preview.columns.map(({ name: column, type }) => ({ name: column, type }))).toEqual(columns);
    expect(preview.rows).toEqual(rows.map((row) => Object.values(row)));
    // What the preview hands back imports to the same version.
    expect(await bench.mustImport(path, preview.options, ref.name)).toMatchObject({ version, isNew: false });
  });

  test('Parquet of another writer: every type becomes one of ours, and what cannot is said', async () => {
    await bench.mustImport(join(import.meta.dirname, '../../../test/fixtures/foreign/types-pyarrow.parquet'), {}, 'pyarrow');
    const { columns: types, warnings } = bench.data.get({ name: 'pyarrow' });
    expect(Object.fromEntries(types.map(({ name, type }) => [name, type]))).toEqual({
      small: 'integer',
      big: 'integer',
      unsigned: 'category',
      single: 'number',
      double: 'number',
      price: 'number',
      flag: 'boolean',
      day: 'date',
      moment: 'timestamp',
      zoned: 'timestamp',
      word: 'category',
      'customer.name': 'category',
      'customer.address': 'category',
      tags: 'category',
    });
    expect((await bench.data.rowsAt({ name: 'pyarrow', version: 1 }, [0]))[0]).toEqual({
      small: 1,
      big: '4611686018427387904', // beyond 2⁵³: as text, not rounded
      unsigned: '18446744073709551615',
      single: 1.5,
      double: 1e300,
      price: 12.5,
      flag: true,
      day: '2024-02-29',
      moment: '2024-02-29T13:45:30.250',
      zoned: '2024-02-29T13:45:30',
      word: '陈晨',
      'customer.name': 'Ada',
      'customer.address': '{"city":"Köln"}',
      tags: '["a","b"]',
    });
    expect(warnings.map(({ code }) => code)).toEqual(['notFinite', 'timesInUtc', 'keptAsJson', 'keptAsJson', 'columnLeftOut']);
  });

  test('Parquet: its own export comes back as the same content', async () => {
    const target = join(folder, 'back.parquet');
    const { jobId } = bench.data.startExport({ name: 'same-comma.csv', version: 1, format: 'parquet', file: target }, bench.caller);
    expect((await bench.jobs.wait(jobId)).state).toBe('done');
    expect(await bench.mustImport(target, {}, 'same-comma.csv')).toMatchObject({ version: 1, isNew: false });
  });
});

describe('types', () => {
  const importColumn = async (name: string, values: string[], options = {}): Promise<{ type: string; cells: unknown[] }> => {
    const path = await file(`${name}.csv`, `key,${name}\n${values.map((value, row) => `k${row},"${value}"`).join('\n')}\n`);
    const { version } = await bench.mustImport(path, options, `type-${name}`);
    const ref = { name: `type-${name}`, version };
    const cells = (
      await bench.data.rowsAt(
        ref,
        values.map((_, row) => row),
      )
    ).map((row) => row[name]);
    return { type: bench.data.version(ref).columns[1]!.type, cells };
  };

  /** Values of a column, its type, and its cells. All columns stand in one file, shorter ones filled up with missing values. */
  const cases: [string, string[], string, unknown[]][] = [
    ['codes', ['007', '123', '045'], 'category', ['007', '123', '045']],
    ['grouped', ['1,234', '12', '1,000,000'], 'integer', [1234, 12, 1_000_000]],
    ['money', ['1,234.50', '12', '0.5'], 'number', [1234.5, 12, 0.5]],
    ['comma', ['1,5', '2,25', '-3,0'], 'number', [1.5, 2.25, -3]],
    ['european', ['1.234,5', '2.000,0', '7,25'], 'number', [1234.5, 2000, 7.25]],
    ['yesno', ['yes', 'no', 'yes'], 'category', ['yes', 'no', 'yes']],
    ['flags', ['0', '1', '1'], 'integer', [0, 1, 1]],
    ['tokens', ['1', 'NA', '3', '', '5'], 'integer', [1, null, 3, null, 5]],
    ['none', ['None', 'Shed', 'None'], 'category', ['None', 'Shed', 'None']],
    ['dmy', ['31/01/2024', '01/02/2024', '15/03/2024'], 'date', ['2024-01-31', '2024-02-01', '2024-03-15']],
    ['mdy', ['01/31/2024', '02/01/2024', '03/15/2024'], 'date', ['2024-01-31', '2024-02-01', '2024-03-15']],
    ['dots', ['1.2.2024', '3.4.2024', '5.6.2024'], 'date', ['2024-02-01', '2024-04-03', '2024-06-05']],
    ['cjk', ['2024年1月31日', '2024年2月1日'], 'date', ['2024-01-31', '2024-02-01']],
    ['moments', ['2024-01-31 10:20', '2024-02-01 00:00'], 'timestamp', ['2024-01-31T10:20:00', '2024-02-01T00:00:00']],
    ['zones', ['2024-01-31T10:20:00+08:00', '2024-02-01T00:00:00Z'], 'timestamp', ['2024-01-31T02:20:00', '2024-02-01T00:00:00']],
    ['huge', ['12345678901234567890', '2', '3'], 'category', ['12345678901234567890', '2', '3']],
    ['scientific', ['1e3', '2.5E-2', '4'], 'number', [1000, 0.025, 4]],
    ['impossible', ['2023-02-30', '2023-01-01', 'soon'], 'category', ['2023-02-30', '2023-01-01', 'soon']],
  ];
  const longest = Math.max(...cases.map(([, values]) => values.length));
  let typed: Record<string, unknown>[];
  beforeAll(async () => {
    const lines = Array.from({ length: longest }, (_, row) =>
      [`k${row}`, ...cases.map(([, values]) => `"${values[row] ?? ''}"`)].join(','),
    );
    await bench.mustImport(await file('types.csv', `key,${cases.map(([name]) => name).join(',')}\n${lines.join('\n')}\n`), {}, 'types');
    typed = await bench.data.rowsAt(
      { name: 'types', version: 1 },
      lines.map((_, row) => row),
    );
  });

  test.each(cases)('%s', (name, values, type, cells) => {
    expect(bench.data.version({ name: 'types' }).columns.find((column) => column.name === name)?.type).toBe(type);
    expect(typed.slice(0, values.length).map((row) => row[name])).toEqual(cells);
  });

  test('a chosen type wins: codes become integers, yes and no become boolean', async () => {
    expect(await importColumn('chosencodes', ['007', '12'], { types: { chosencodes: 'integer' } })).toEqual({
      type: 'integer',
      cells: [7, 12],
    });
    expect(await importColumn('chosenyes', ['yes', 'No'], { types: { chosenyes: 'boolean' } })).toEqual({
      type: 'boolean',
      cells: [true, false],
    });
  });

  test('misfits are set aside on request, with their rows in the log', async () => {
    const path = await file(
      'aside.csv',
      `a,b\n${Array.from({ length: 50 }, (_, row) => `${row},${row === 20 ? 'oops' : row * 2}`).join('\n')}\n`,
    );
    const result = await bench.mustImport(path, { brokenRows: 'setAside' }, 'aside');
    expect(result).toMatchObject({ rows: 49, rowsSetAside: 1 });
    expect(bench.data.get({ name: 'aside' }).warnings).toContainEqual(
      expect.objectContaining({ code: 'misfitsSetAside', params: expect.objectContaining({ row: 22, found: 'oops', count: 1 }) as object }),
    );
  });

  test('texts and identifiers are told from categories', async () => {
    const lines = Array.from(
      { length: 60 },
      (_, row) => `C-${1000 + row},"This is remark number ${row} with several words",${['red', 'green', 'blue'][row % 3]},${row % 7}`,
    );
    await bench.mustImport(await file('meaning.csv', `customer_id,remark,colour,visits\n${lines.join('\n')}\n`), {}, 'meaning');
    expect(bench.data.version({ name: 'meaning' }).columns.map(({ type }) => type)).toEqual(['identifier', 'text', 'category', 'integer']);
  });
});

describe('profile', () => {
  test('equals figures computed by hand', async () => {
    const values = Array.from({ length: 1001 }, (_, row) => (row * 7919) % 1001);
    await bench.mustImport(
      await file(
        'figures.csv',
        `x,half,kind\n${values.map((value, row) => `${value}.25,${row % 2 ? '' : value},k${value % 3}`).join('\n')}\n`,
      ),
      {},
      'figures',
    );
    const profile = tableProfile.parse(await bench.data.profile({ name: 'figures' }));
    const [x, half, kind] = profile.columns;
    expect(x!.numeric).toMatchObject({ min: 0.25, max: 1000.25, p25: 250.25, p50: 500.25, p75: 750.25, quantilesExact: true });
    expect(x!.numeric!.mean).toBeCloseTo(500.25, 9);
    expect(x!.numeric!.sd).toBeCloseTo(Math.sqrt((1001 * 1002) / 12), 6);
    expect(x).toMatchObject({ missing: 0, distinct: 1001, distinctExact: true });
    expect(x!.histogram!.counts.reduce((sum, count) => sum + count)).toBe(1001);
    expect(half!.missing).toBe(500);
    expect(kind!.topValues).toEqual([
      { value: 'k0', count: 334 },
      { value: 'k1', count: 334 },
      { value: 'k2', count: 333 },
    ]);
    expect(kind!.textLength).toMatchObject({ min: 2, median: 2, max: 2 });
  });

  test('says what a person should look at', async () => {
    const rows = Array.from(
      { length: 200 },
      (_, row) => `,same,user${row}@example.com,"${row}%",${row < 199 ? 'a' : 'b'},${row === 7 ? 90000 : row % 10}`,
    );
    await bench.mustImport(await file('odd.csv', `empty,constant,mail,percent,lopsided,spike\n${rows.join('\n')}\n`), {}, 'odd');
    const found = new Map(
      (await bench.data.profile({ name: 'odd' })).columns.map(({ name, findings }) => [name, findings.map(({ code }) => code)]),
    );
    expect(found.get('empty')).toEqual(['allMissing']);
    expect(found.get('constant')).toEqual(['constant']);
    expect(found.get('mail')).toContain('possiblePersonalData');
    expect(found.get('percent')).toContain('numbersInText');
    expect(found.get('lopsided')).toContain('imbalanced');
    expect(found.get('spike')).toEqual(['outliers']);
  });
});

describe('rows', () => {
  test('windows, order and filter agree with the same done in JavaScript', async () => {
    const all = (await bench.data.rowsAt(
      { name: 'churn', version: 1 },
      Array.from({ length: 7043 }, (_, row) => row),
    )) as { tenure: number; contract: string }[];
    const window = await bench.data.rows({ name: 'churn', version: 1, offset: 7000, limit: 100 });
    expect(window).toMatchObject({ total: 7043, rowNumbers: Array.from({ length: 43 }, (_, row) => 7000 + row) });

    const order = all.map((row, at) => ({ ...row, at })).sort((a, b) => b.tenure - a.tenure || a.at - b.at);
    const sorted = await bench.data.rows({
      name: 'churn',
      version: 1,
      offset: 100,
      limit: 50,
      sort: { column: 'tenure', descending: true },
    });
    expect(sorted.rowNumbers).toEqual(order.slice(100, 150).map(({ at }) => at));

    const few = order.filter(({ contract: kind, tenure }) => kind === 'Two year' && tenure < 100);
    const filtered = await bench.data.rows({
      name: 'churn',
      version: 1,
      offset: 3,
      limit: 10,
      sort: { column: 'tenure', descending: true },
      filter: { column: 'contract', is: 'equals', value: 'Two year' },
    });
    expect(filtered.total).toBe(few.length);
    expect(filtered.rowNumbers).toEqual(few.slice(3, 13).map(({ at }) => at));

    const text = await bench.data.rows({ name: 'churn', version: 1, offset: 0, limit: 5, filter: { text: 'FIBER OPTIC' } });
    expect(text.total).toBe(3096);
    const missing = await bench.data.rows({
      name: 'churn',
      version: 1,
      offset: 0,
      limit: 20,
      filter: { column: 'total_charges', is: 'missing' },
    });
    expect(missing.total).toBe(11);
    const below = await bench.data.rows({
      name: 'churn',
      version: 1,
      offset: 0,
      limit: 1,
      filter: { column: 'tenure', is: 'below', value: '2' },
    });
    expect(below.total).toBe(all.filter(({ tenure }) => tenure < 2).length);
  });

  test('a query of the stages above sees the version and nothing else', async () => {
    const ref = { name: 'churn', version: 1 };
    expect(
      await bench.data.query(
        ref,
        "SELECT contract, count(*) AS n, max(DATE '2024-02-29') AS d FROM {table} GROUP BY contract ORDER BY n DESC",
      ),
    ).toEqual([
      { contract: 'Month-to-month', n: 3875, d: '2024-02-29' },
      { contract: 'Two year', n: 1695, d: '2024-02-29' },
      { contract: 'One year', n: 1473, d: '2024-02-29' },
    ]);
    for (const sql of [
      "SELECT * FROM read_csv('/etc/passwd')",
      "COPY (SELECT 1) TO '/tmp/x'",
      'SELECT nothing FROM {table}',
      "SELECT * FROM glob('/etc/*')",
    ]) {
      await expect(bench.data.query(ref, sql)).rejects.toMatchObject({ code: 'MK_DATA_QUERY' });
    }
  });
});

describe('change', () => {
  test('a diff counts rows as a multiset and measures drift', async () => {
    const rows = (shift: number): string =>
      Array.from({ length: 1000 }, (_, row) => `${((row * 37) % 100) + shift},${row % 4 ? 'a' : 'b'}`).join('\n');
    await bench.mustImport(await file('v1.csv', `x,kind\n${rows(0)}\n5,a\n5,a\n`), {}, 'diff');
    await bench.mustImport(
      await file(
        'v2.csv',
        `x,kind,extra\n${rows(0)
          .split('\n')
          .map((row) => `${row},1`)
          .join('\n')}\n5,a,1\n`,
      ),
      {},
      'diff',
    );
    await bench.mustImport(await file('v3.csv', `x,kind\n${rows(60)}\n`), {}, 'diff');
    const diff = contract['data.diff'].result.parse(await bench.data.diff({ name: 'diff', from: 1, to: 2 }));
    expect(diff).toMatchObject({ rowsBefore: 1002, rowsAfter: 1001, rowsAdded: 0, rowsRemoved: 1 });
    expect(diff.columns.map(({ name, change }) => [name, change])).toEqual([
      ['x', 'same'],
      ['kind', 'same'],
      ['extra', 'added'],
    ]);
    expect(diff.columns[0]!.psi).toBeLessThan(0.001);
    const drifted = await bench.data.diff({ name: 'diff', from: 1, to: 3 });
    expect(drifted.columns[0]!.psi).toBeGreaterThan(0.25);
    expect(drifted.columns[1]!.psi).toBeLessThan(0.001);
  });

  test('retyping makes a version, keeps the bytes where it can, and refuses what does not fit', async () => {
    const start = (types: Record<string, 'text' | 'number' | 'category' | 'integer'>) =>
      bench.jobs.wait(bench.data.startRetype({ name: 'churn', version: 1, types }, bench.caller).jobId);
    const meaning = await start({ contract: 'text' });
    expect(meaning).toMatchObject({ state: 'done', result: { version: 3, isNew: true } });
    expect(bench.data.version({ name: 'churn', version: 3 }).sha256).toBe(bench.data.version({ name: 'churn', version: 1 }).sha256);
    const bytes = await start({ tenure: 'number' });
    expect(bytes).toMatchObject({ state: 'done', result: { version: 4, isNew: true } });
    expect(bench.data.version({ name: 'churn', version: 4 }).sha256).not.toBe(bench.data.version({ name: 'churn', version: 1 }).sha256);
    expect(await start({ contract: 'number' })).toMatchObject({
      state: 'failed',
      error: { code: 'MK_DATA_RETYPE', params: { field: 'contract', row: 1, found: 'Month-to-month', count: 7043 } },
    });
  });

  test('a CSV export defuses formulas and keeps numbers', async () => {
    const texts = ['=cmd|calc', '+1', '-5', '@x', 'plain', '-x'];
    const path = await file('formulas.csv', `n,t\n${texts.map((text, row) => `${-row},"${text}"`).join('\n')}\n`);
    await bench.mustImport(path, { types: { t: 'text' } }, 'formulas');
    const target = join(folder, 'out.csv');
    const job = await bench.jobs.wait(
      bench.data.startExport({ name: 'formulas', version: 1, format: 'csv', file: target }, bench.caller).jobId,
    );
    expect(job.state).toBe('done');
    expect(await readFile(target, 'utf8')).toBe("n,t\n0,'=cmd|calc\n-1,+1\n-2,-5\n-3,'@x\n-4,plain\n-5,'-x\n");
  });

  test('an export to a place that cannot be written says so and leaves nothing', async () => {
    const job = await bench.jobs.wait(
      bench.data.startExport({ name: 'formulas', version: 1, format: 'csv', file: join(folder, 'none', 'out.csv') }, bench.caller).jobId,
    );
    expect(job).toMatchObject({ state: 'failed', error: { code: 'MK_FILE_UNWRITABLE' } });
  });
});

describe('folders', () => {
  test('images come with class and size, and one can be shown', async () => {
    const fashion = join(import.meta.dirname, '../../../resources/samples/fashion/images');
    const { rows } = await bench.mustImport(fashion, {}, 'fashion');
    const version = bench.data.version({ name: 'fashion' });
    expect(version).toMatchObject({ kind: 'images', rows });
    expect(version.columns.map(({ name, type }) => [name, type])).toEqual([
      ['path', 'identifier'],
      ['class', 'category'],
      ['image', 'image'],
      ['width', 'integer'],
      ['height', 'integer'],
      ['format', 'category'],
    ]);
    const [row] = await bench.data.rowsAt({ name: 'fashion', version: 1 }, [5]);
    expect(row).toMatchObject({ image: null, width: 28, height: 28, format: 'png' });
    const image = await bench.data.image({ name: 'fashion', version: 1, row: 5 });
    expect(image).toMatchObject({ mime: 'image/png', width: 28, height: 28 });
    expect(Buffer.from(image.base64, 'base64')).toEqual(await readFile(join(fashion, String(row!.path))));
    const profile = tableProfile.parse(await bench.data.profile({ name: 'fashion' }));
    expect(profile.columns[2]!.image).toMatchObject({
      widthMin: 28,
      widthMax: 28,
      unreadable: 0,
      formats: [{ value: 'png', count: rows }],
    });
    await expect(bench.data.image({ name: 'fashion', version: 1, row: rows })).rejects.toMatchObject({ code: 'MK_DATA_NO_SUCH_ROW' });
    await expect(bench.data.image({ name: 'fashion', version: 1, row: 0, column: 'path' })).rejects.toMatchObject({
      code: 'MK_DATA_NOT_AN_IMAGE',
    });
  });

  test('a list of images without folders has no class', async () => {
    const made = await Promise.all(
      ['a', 'b'].map(async (name) =>
        file(
          `${name}.webp`,
          await sharp({ create: { width: 5, height: 4, channels: 3, background: 'red' } })
            .webp()
            .toBuffer(),
        ),
      ),
    );
    await bench.mustImport(made, {}, 'list');
    expect(bench.data.version({ name: 'list' }).columns.map(({ name }) => name)).toEqual(['path', 'image', 'width', 'height', 'format']);
  });

  test('texts come with class and text', async () => {
    const poems = join(import.meta.dirname, '../../../resources/samples/poems/texts');
    const { rows } = await bench.mustImport(poems, {}, 'poems');
    expect(rows).toBe(800);
    const [row] = await bench.data.rowsAt({ name: 'poems', version: 1 }, [0]);
    expect(row!.text).toBe((await readFile(join(poems, String(row!.path)), 'utf8')).replace(/\r\n?/g, '\n'));
    expect(
      new Set(
        (await bench.data.query({ name: 'poems', version: 1 }, 'SELECT class FROM {table} GROUP BY class ORDER BY 1')).map(
          (entry) => entry.class,
        ),
      ),
    ).toEqual(new Set(['song', 'tang']));
  });
});
