// The table of `bench import`: 5,000,000 rows × 20 columns of every common kind, 1 GB of CSV, the same bytes on every machine.
//   node scripts/node24.mjs test/bench/makeImportCsv.ts [ROWS]
import { createHash } from 'node:crypto';
import { access, mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ImportCsv {
  file: string;
  rows: number;
  columns: readonly string[];
  sizeBytes: number;
  /** Of the whole file, hexadecimal. */
  sha256: string;
}

const ROWS = 5_000_000;
const ROWS_PER_CHUNK = 20_000;
const SEED = 20_241_101;
const folder = join(import.meta.dirname, '../../.cache/bench');

/** In file order; what each holds is in `writeRow`. */
export const importColumns = [
  'id',
  'order_no',
  'customer_id',
  'ordered_on',
  'updated_at',
  'amount',
  'unit_price',
  'quantity',
  'discount',
  'score',
  'temperature',
  'latitude',
  'country',
  'segment',
  'channel',
  'status',
  'is_active',
  'returned',
  'comment',
  'postal_code',
] as const;

/** Made once into .cache/bench/ (5 M rows: 24 s and 290 MB of memory on 2 cores), looked up afterwards. Streaming: memory does not grow with `rows`. */
export async function makeImportCsv(rows: number = ROWS, into: string = folder): Promise<ImportCsv> {
  const file = join(into, `import-${rows}-seed${SEED}.csv`);
  const notes = `${file}.json`;
  if (
    await access(notes).then(
      () => true,
      () => false,
    )
  ) {
    const known = JSON.parse(await readFile(notes, 'utf8')) as ImportCsv;
    if ((await stat(file)).size === known.sizeBytes) return { ...known, file };
  }
  await mkdir(into, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  const out = await open(temporary, 'w');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  try {
    for (let from = 0; from < rows; from += ROWS_PER_CHUNK) {
      const bytes = Buffer.from((from === 0 ? `${importColumns.join(',')}\n` : '') + chunk(from, Math.min(from + ROWS_PER_CHUNK, rows)));
      hash.update(bytes);
      for (let written = 0; written < bytes.length;) written += (await out.write(bytes, written)).bytesWritten;
      sizeBytes += bytes.length;
    }
    await out.sync();
  } finally {
    await out.close();
  }
  await rename(temporary, file);
  const result: ImportCsv = { file, rows, columns: importColumns, sizeBytes, sha256: hash.digest('hex') };
  await writeFile(notes, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function chunk(from: number, to: number): string {
  let text = '';
  for (let row = from; row < to; row++) text += writeRow(row);
  return text;
}

/**
 * One row depends on its number only. Missing (empty) cells: discount 5 %, temperature 3 %, comment 25 %, returned 2 %.
 * Skewed: customer_id (square), amount (product of two uniforms), status and country (weighted lists).
 */
function writeRow(row: number): string {
  // Hashed, not just counted: the streams of neighbouring rows must not be each other's, one step later.
  let state = mix32(Math.imul(row + 1, 0x85ebca6b) ^ SEED);
  const next = (): number => mix32((state = (state + 0x9e3779b9) | 0));
  const below = (limit: number): number => next() % limit;
  const chance = (perThousand: number): boolean => next() % 1000 < perThousand;

  const skew = next() / 2 ** 32;
  const unitCents = 99 + below(50_000);
  const quantity = 1 + below(12);
  const tenths = below(620) - 220;
  const latitude = below(18_000_001);
  const first = comments[below(comments.length)]!;
  const second = comments[below(comments.length)]!;
  // One in nine needs quotes, as free text does; " is written twice.
  const comment = chance(250) ? '' : chance(110) ? `"${first}, ${second} (""${below(1000)}"")"` : `${first} no. ${below(100_000)}`;
  return (
    `${row + 1},SO-${padded(below(100_000_000), 8)},${10_000 + Math.floor(skew * skew * 400_000)},${days[below(days.length)]},` +
    `${days[below(days.length)]} ${twoDigits[below(24)]}:${twoDigits[below(60)]}:${twoDigits[below(60)]},` +
    `${cents(Math.floor((unitCents * quantity * (1 + below(1000))) / 500))},${cents(unitCents)},${quantity},` +
    `${chance(50) ? '' : `0.${twoDigits[below(60)]}`},0.${padded(below(1_000_000), 6)},` +
    `${chance(30) ? '' : `${tenths < 0 ? '-' : ''}${Math.floor(Math.abs(tenths) / 10)}.${Math.abs(tenths) % 10}`},` +
    `${latitude < 9_000_000 ? '-' : ''}${Math.floor(Math.abs(latitude - 9_000_000) / 100_000)}.${padded(Math.abs(latitude - 9_000_000) % 100_000, 5)},` +
    `${countries[below(countries.length)]},${segments[below(segments.length)]},${channels[below(channels.length)]},${statuses[below(statuses.length)]},` +
    `${chance(800) ? 'true' : 'false'},${chance(20) ? '' : chance(60) ? 'true' : 'false'},${comment},${padded(below(100_000), 5)}\n`
  );
}

/** splitmix32's finaliser, 32 bits: https://github.com/bryc/code/blob/master/jshash/PRNGs.md#splitmix32 */
function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

const padded = (value: number, width: number): string => String(value).padStart(width, '0');
const cents = (value: number): string => `${Math.floor(value / 100)}.${twoDigits[value % 100]}`;
const twoDigits = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
/** 2015-01-01 to 2024-12-31. */
const days = Array.from({ length: 3653 }, (_, day) => new Date(Date.UTC(2015, 0, 1 + day)).toISOString().slice(0, 10));

/** Repeats each name, so that an even draw gives uneven shares. */
const weighted = (shares: Record<string, number>): string[] =>
  Object.entries(shares).flatMap(([name, share]) => Array<string>(share).fill(name));
const countries = weighted({
  China: 24,
  Germany: 14,
  'United States': 12,
  Japan: 9,
  France: 8,
  Brazil: 6,
  India: 6,
  'United Kingdom': 5,
  Spain: 4,
  Italy: 4,
  Poland: 2,
  Kenya: 2,
  Chile: 1,
  'New Zealand': 1,
  Norway: 1,
  Österreich: 1,
});
const segments = weighted({ consumer: 5, corporate: 3, 'home office': 2 });
const channels = ['web', 'shop', 'phone', 'partner', 'app', 'fair', 'mail', 'field sales'];
const statuses = weighted({ delivered: 70, shipped: 14, open: 9, cancelled: 5, disputed: 2 });
/** Sentences; with a second one or a number, so that few comments repeat. */
const comments = makeComments();

function makeComments(): string[] {
  const subjects = [
    'customer called',
    'parcel arrived',
    'invoice was paid',
    'delivery is late',
    'address has changed',
    'order was split',
    'gift wrapping asked',
    '客户要求开发票',
  ];
  const middles = [
    'on Monday',
    'after the second reminder',
    'without any notice',
    'by the new carrier',
    'in good order',
    'and asked for a discount',
    'twice this week',
    '请尽快处理',
  ];
  const ends = [
    'please check',
    'no further action',
    'follow up next month',
    'colleague informed',
    'see the attached note',
    'all fine now',
    'waiting for reply',
    '已完成',
  ];
  return subjects.flatMap((subject) => middles.flatMap((middle) => ends.map((end) => `${subject} ${middle} ${end}`)));
}

if (import.meta.main) {
  const started = performance.now();
  const made = await makeImportCsv(process.argv[2] === undefined ? ROWS : Number(process.argv[2]));
  console.log(JSON.stringify({ ...made, columns: made.columns.length, tookMs: Math.round(performance.now() - started) }));
}
