import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import type { ImageAugmentation, RowArray } from '../../src-main/compiler/index.ts';
import { testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { openPipeline } from '../../src-main/stages/4-train/pipeline/openPipeline.ts';
import { batchForm, type PipelineArray } from '../../src-main/stages/4-train/pipeline/pipelineSettings.ts';
import { openDuck, quoteText } from '../../src-main/stages/4-train/worker/table/duck.ts';
import { preparePython } from '../fixtures/python.ts';
import { pytorchRequirements } from '../peers/pytorch.ts';
import { median, type Benchmark } from './benchmark.ts';

const batch = 128;
/** Epochs of each after its first. */
const turns = 5;
/** torchvision beside the PyTorch that the other benchmarks use: without its dependencies, which are there. */
const visionRequirements = ['--no-deps', 'torchvision==0.27.1', 'pillow==12.0.0'];

interface Case {
  readonly name: string;
  readonly unit: string;
  readonly rows: number;
  readonly arrays: readonly PipelineArray[];
  /** SQL that gives the table. */
  readonly select: string;
  readonly peer: object;
}

interface Contender {
  /** Seconds. */
  epoch(): Promise<number>;
  stop(): unknown;
}

export const benchmark: Benchmark = {
  name: 'input-pipeline',
  about: 'images and table rows to batches, decoded and augmented by 1 and 2 workers, against PyTorch’s DataLoader with torchvision',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
    try {
      const cases = [await photos(folder), await fashion(folder), table()];
      const extra: Record<string, string> = {};
      const rates: { ours: number; peer: number }[] = [];
      let peerVersion = '';
      for (const each of cases)
        for (const workers of [2, 1]) {
          const file = join(folder, 'table.parquet');
          await write(each.select, file);
          const peer = await startPeer({ ...each.peer, batch, workers });
          peerVersion = peer.version;
          const [ours, theirs] = await race(await startOurs(each, file, folder, workers), peer);
          const rate = (seconds: number): number => Math.round(each.rows / seconds);
          const later = { ours: rate(median(ours.slice(1))), peer: rate(median(theirs.slice(1))) };
          const first = { ours: rate(ours[0]!), peer: rate(theirs[0]!) };
          rates.push(later);
          const words = ({ ours: a, peer: b }: typeof later): string => `${a} against ${b} ${each.unit}, ratio ${(a / b).toFixed(2)}`;
          extra[`${each.name}, ${workers} workers`] = `later epochs: ${words(later)}; first epoch: ${words(first)}`;
        }
      const [{ ours, peer }] = rates as [{ ours: number; peer: number }];
      return {
        name: 'input-pipeline',
        ours,
        peer,
        unit: 'images/s',
        ratio: ours / peer,
        higherIsBetter: true,
        peerVersion,
        machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
        runs: turns,
        notes: Object.entries(extra)
          .map(([name, figures]) => `${name}: ${figures}`)
          .join('. '),
        extra,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** In turn, the first epochs too: they read and decode. */
async function race(ours: Contender, peer: Contender): Promise<[number[], number[]]> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn <= turns; turn++) {
    mine.push(await ours.epoch());
    theirs.push(await peer.epoch());
  }
  await ours.stop();
  await peer.stop();
  return [mine, theirs];
}

async function startOurs({ arrays, rows }: Case, file: string, tmp: string, threads: number): Promise<Contender> {
  const loader = await openPipeline({ file, arrays, threads, tmp, memoryMb: 1024 });
  const random = testRandom(1);
  const into = Object.fromEntries(arrays.map((each) => [each.name, batchArray(each)]));
  let epoch = 0;
  return {
    async epoch() {
      const order = Int32Array.from({ length: rows }, (_, row) => row);
      shuffle(order, random);
      const started = performance.now();
      epoch++;
      for (let first = 0; first < rows; first += batch) {
        const batchRows = new Int32Array(batch).fill(order[first]!);
        batchRows.set(order.subarray(first, first + batch));
        await loader.load(batchRows, into, epoch);
      }
      return (performance.now() - started) / 1000;
    },
    stop: () => loader[Symbol.asyncDispose](),
  };
}

function shuffle(items: Int32Array, random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
}

function batchArray(array: PipelineArray): RowArray {
  const { type, size } = batchForm(array, 0);
  const buffer = new SharedArrayBuffer(4 * batch * size);
  return type === 'int32' ? new Int32Array(buffer) : new Float32Array(buffer);
}

async function startPeer(settings: object): Promise<Contender & { version: string }> {
  const python = await preparePython(pytorchRequirements);
  const vision = join(dirname(await preparePython(visionRequirements)), '../lib');
  const packages = join(
    vision,
    readdirSync(vision).find((name) => name.startsWith('python'))!,
    'site-packages',
  );
  const env = { ...process.env, PYTHONPATH: packages, OMP_NUM_THREADS: '1', OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
  const child = spawn(python, [join(import.meta.dirname, 'inputPipelinePeer.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`The PyTorch process ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const version = (await ask(JSON.stringify(settings))) as string;
  return { version, epoch: async () => (await ask('epoch')) as number, stop: () => child.stdin.end() };
}

const augmentOf = (size: number): ImageAugmentation[] => [
  { kind: 'shift', pixels: Math.floor(size / 8) },
  { kind: 'flip', horizontal: 0.5 },
  { kind: 'affine', rotationDegrees: 10, scale: 1.1 },
  { kind: 'color', brightness: 0.2, contrast: 0.2 },
];

/** 256 × 256 JPEG in colour, read at 224 × 224: smooth noise, since no photograph is at hand; about 25 kB each. */
async function photos(folder: string): Promise<Case> {
  const [rows, size] = [256, 224];
  const images = join(folder, 'photos');
  await mkdir(images);
  const random = testRandom(9);
  for (let row = 0; row < rows; row++) {
    const coarse = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, () => random() * 256));
    const pixels = sharp(coarse, { raw: { width: 64, height: 64, channels: 3 } }).resize(256, 256);
    await writeFile(join(images, `${String(row).padStart(5, '0')}.jpg`), await pixels.jpeg({ quality: 90 }).toBuffer());
  }
  return imageCase('JPEG 256² to 224², colour', images, rows, size, 3);
}

/** The sample images, 28 × 28 PNG, each ten times. */
async function fashion(folder: string): Promise<Case> {
  const images = join(folder, 'fashion');
  await mkdir(images);
  const source = join(import.meta.dirname, '../../resources/samples/fashion/images');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
  for (const [at, name] of files.entries())
    for (let copy = 0; copy < 10; copy++)
      await copyFile(join(source, name), join(images, `${String(at * 10 + copy).padStart(5, '0')}.png`));
  return imageCase('PNG 28², grey', images, files.length * 10, 28, 1);
}

function imageCase(name: string, folder: string, rows: number, size: number, channels: 1 | 3): Case {
  return {
    name,
    unit: 'images/s',
    rows,
    arrays: [
      { kind: 'images', name: 'images', column: 'image', size: { width: size, height: size, channels }, augment: augmentOf(size) },
      { kind: 'classes', name: 'targets', column: 'label', classes: Array.from('0123456789') },
    ],
    select: `SELECT content AS image, ((row_number() OVER (ORDER BY filename) - 1) % 10)::VARCHAR AS label FROM read_blob(${quoteText(`${folder}/*`)})`,
    peer: { kind: 'images', folder, size, channels, augment: true },
  };
}

function table(): Case {
  const [rows, columns] = [100_000, 30];
  const names = Array.from({ length: columns }, (_, at) => `x${at}`);
  return {
    name: `table of ${columns} columns`,
    unit: 'rows/s',
    rows,
    arrays: [
      { kind: 'numbers', name: 'features', columns: names.map((name) => ({ name, type: 'number' })) },
      { kind: 'classes', name: 'targets', column: 'label', classes: Array.from('0123456789') },
    ],
    select: `SELECT ${names.map((name) => `random() AS ${name}`).join(', ')}, (range % 10)::VARCHAR AS label FROM range(${rows})`,
    peer: { kind: 'rows', rows, columns },
  };
}

async function write(select: string, file: string): Promise<void> {
  await rm(file, { force: true });
  using duck = await openDuck();
  await duck.connection.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)`);
}
