import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FeatureRule, FeatureSpec } from '../../src-shared/domain/features.ts';
import type { Column } from '../../src-shared/domain/table.ts';
import { allRows, featureNames, FeatureTransformer, fitFeatures, onnxLoader } from '../../src-main/stages/3-features/api.ts';
import { openDuck, quoteText } from '../../src-main/stages/4-train/worker/table/duck.ts';
import { readTable } from '../../src-main/stages/4-train/worker/table/readTable.ts';
import { preparePython } from '../fixtures/python.ts';
import { median, type Benchmark } from './benchmark.ts';

const requirements = ['scikit-learn==1.9.1', 'numpy==2.4.6', 'pandas==3.1.1', 'pyarrow==23.0.1'];
const turns = 3;
const terms = 200;

const numbers = Array.from({ length: 18 }, (_, at) => `n${at}`);
const few = Array.from({ length: 9 }, (_, at) => `c${at}`);
const many = ['m0', 'm1'];
const text = 'note';

interface Turn {
  read: number;
  fit: number;
  transform: number;
  cpu: { read: number; fit: number; transform: number };
  width: number;
}

/** `--rows=N` for a smaller table. */
export const benchmark: Benchmark = {
  name: 'encode',
  about: 'fit + transform of 1 M × 30 mixed columns (18 numbers, 9 categories of 4–20 values, 2 of 1,000, 1 text) against scikit-learn',
  async run(flags) {
    const rows = Number(flags.find((flag) => flag.startsWith('--rows='))?.slice('--rows='.length) ?? 1_000_000);
    const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
    try {
      const file = join(folder, 'table.parquet');
      await writeTable(file, rows);
      const peer = await startPeer(file);
      const found = { withText: { ours: [] as Turn[], peer: [] as Turn[] }, plain: { ours: [] as Turn[], peer: [] as Turn[] } };
      for (let turn = 0; turn < turns; turn++)
        for (const [kind, withText] of [
          ['withText', true],
          ['plain', false],
        ] as const) {
          found[kind].ours.push(await ours(file, rows, withText));
          found[kind].peer.push(await peer.turn(withText));
        }
      peer.stop();
      const seconds = (each: Turn[], of: (turn: Turn) => number): number => Number(median(each.map(of)).toFixed(2));
      const work = ({ fit, transform }: { fit: number; transform: number }): number => fit + transform;
      const extra: Record<string, string> = {};
      for (const [kind, { ours: own, peer: other }] of Object.entries(found)) {
        const line = (name: string, of: (turn: Turn) => number): void => {
          const [a, b] = [seconds(own, of), seconds(other, of)];
          extra[`${kind}: ${name}`] = `${a} s against ${b} s, ratio ${(b / a).toFixed(2)}`;
        };
        line('fit + transform, processor time', ({ cpu }) => work(cpu));
        line('reading the Parquet file too', (turn) => turn.read + work(turn));
        extra[`${kind}: features`] = `${own[0]!.width} and ${other[0]!.width}`;
      }
      const [a, b] = [seconds(found.withText.ours, work), seconds(found.withText.peer, work)];
      const [c, d] = [seconds(found.plain.ours, work), seconds(found.plain.peer, work)];
      return {
        name: 'encode',
        ours: a,
        peer: b,
        unit: 's',
        ratio: b / a,
        higherIsBetter: false,
        peerVersion: peer.version,
        machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
        runs: turns,
        notes: `${rows} rows, both on one thread; ours gives a dense matrix block by block, scikit-learn a sparse one. Without the text column: ${c} s against ${d} s, ratio ${(d / c).toFixed(2)}. Our vocabulary comes from 50,000 of the texts, scikit-learn's from all.`,
        extra,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const spec = (withText: boolean): FeatureSpec => ({
  dataset: { name: 'd', version: 1 },
  target: { kind: 'column', column: 'y' },
  task: 'regression',
  classes: [],
  rules: [
    ...numbers.map((column): FeatureRule => ({
      column,
      kind: 'numeric',
      impute: 'median',
      missingFlag: false,
      scale: 'standard',
      transform: 'none',
    })),
    ...few.map((column): FeatureRule => ({ column, kind: 'oneHot', maxValues: 100, minCount: 1 })),
    ...many.map((column): FeatureRule => ({
      column,
      kind: 'encoded',
      encodings: ['frequency'],
      smoothing: 10,
      buckets: 32,
      minCount: 1,
      maxCodes: 1000,
    })),
    ...(withText
      ? [{ column: text, kind: 'textNgrams', unit: 'word', minN: 1, maxN: 1, maxFeatures: terms, weighting: 'tfidf' } as const]
      : []),
  ],
});

async function ours(file: string, rows: number, withText: boolean): Promise<Turn> {
  const columns: Column[] = [
    ...numbers.map((name): Column => ({ name, type: 'number' })),
    ...[...few, ...many].map((name): Column => ({ name, type: 'category' })),
    ...(withText ? [{ name: text, type: 'text' } as const] : []),
  ];
  const clock = stopwatch();
  using duck = await openDuck();
  const table = await readTable(duck.connection, file, { columns, capacity: rows });
  const read = clock();
  const loadModel = onnxLoader();
  const every = allRows(rows);
  const fitted = await fitFeatures(spec(withText), { columns, table, rows: every, loadModel });
  const fit = clock();
  const transformer = await FeatureTransformer.open(fitted, 'scaled', loadModel);
  let last = 0;
  for await (const { data } of transformer.blocks(table, every, () => Promise.resolve())) last = data.at(-1)!;
  await transformer.release();
  const transform = clock();
  if (!Number.isFinite(last)) throw new Error('A feature is not finite.');
  return {
    read: read.wall,
    fit: fit.wall,
    transform: transform.wall,
    cpu: { read: read.cpu, fit: fit.cpu, transform: transform.cpu },
    width: featureNames(fitted).length,
  };
}

/** Seconds since the last call. */
function stopwatch(): () => { wall: number; cpu: number } {
  let [at, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const since = process.cpuUsage(used);
    const found = { wall: (performance.now() - at) / 1000, cpu: (since.user + since.system) / 1e6 };
    [at, used] = [performance.now(), process.cpuUsage()];
    return found;
  };
}

/** Skewed numbers, one cell in twenty missing; categories by falling frequency; notes of 3 to 9 words out of 5,000. */
async function writeTable(file: string, rows: number): Promise<void> {
  using duck = await openDuck({ threads: 1 });
  const cells = [
    ...numbers.map(
      (name, at) =>
        `CASE WHEN random() < 0.05 THEN NULL ELSE (${at % 3 === 0 ? 'exp(3 * random())' : '10 * random()'})::DOUBLE END AS ${name}`,
    ),
    ...few.map((name, at) => `'value ' || floor(random() * random() * ${4 + 2 * at})::INT AS ${name}`),
    ...many.map((name) => `'customer ' || floor(random() * random() * 1000)::INT AS ${name}`),
    `list_aggregate(list_transform(range(3 + floor(random() * 7)::INT), x -> 'word' || floor(random() * random() * random() * 5000)::INT), 'string_agg', ' ') AS ${text}`,
  ];
  await duck.connection.run('SELECT setseed(0.5)');
  await duck.connection.run(`COPY (SELECT ${cells.join(', ')} FROM range(${rows}) AS numbered(i)) TO ${quoteText(file)} (FORMAT PARQUET)`);
}

async function startPeer(file: string): Promise<{ version: string; turn(withText: boolean): Promise<Turn>; stop(): void }> {
  const python = await preparePython(requirements);
  const order = JSON.stringify({ numbers, few, many, text, terms });
  const env = { ...process.env, OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
  const child = spawn(python, [join(import.meta.dirname, 'encodePeer.py'), file, order], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`The scikit-learn process ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const { version } = (await next()) as { version: string };
  return {
    version,
    turn: async (withText) => {
      child.stdin.write(`${JSON.stringify({ text: withText, jobs: 1 })}\n`);
      return (await next()) as Turn;
    },
    stop: () => child.stdin.end(),
  };
}
