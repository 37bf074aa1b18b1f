import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { treeThreads } from '../../src-main/stages/4-train/worker/threads/startTreeThread.ts';
import {
  binRows,
  trainBoosting,
  treeBytes,
  TreePool,
  TreeScorer,
  type BinnedMatrix,
  type BoostingObjective,
} from '../../src-main/trees/index.ts';
import { preparePython } from '../fixtures/python.ts';
import { treeRequirements } from '../peers/treePython.ts';
import { median, type Benchmark } from './benchmark.ts';
import { gbdtCases, type GbdtCase, type GbdtTable } from './trees/gbdtTables.ts';

/**
 * Least rows of a leaf, turn by turn; the first warms up, large tables have three more. One setting alone differs by 1 % in its loss by chance, so
 * losses are means over the turns.
 */
const leastRows = [20, 18, 20, 22, 16, 24];
const turnsOf = (rows: number): number[] => (rows < 100_000 ? leastRows : leastRows.slice(0, 4));
const contenders = ['lightgbm', 'quantised', 'xgboost'] as const;

interface Trained {
  seconds: number;
  /** Of the processor, all threads: what another program on the machine changes least. */
  cpu: number;
  loss: number;
}

export const benchmark: Benchmark = {
  name: 'gbdt',
  about:
    'growing boosted trees against LightGBM (plain, quantised gradients) and XGBoost: 1 M x 28, flights-3m, bank-full, diamonds, 1,000 rows',
  async run(flags) {
    const threads = flags.find((flag) => flag.startsWith('--threads='))?.slice(10);
    const threadCounts = threads ? [Number(threads)] : [1, 2];
    const only = flags.find((flag) => flag.startsWith('--only='))?.slice(7);
    const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
    const peer = await startPeer(folder);
    const extra: Record<string, string> = {};
    const ratios: number[] = [];
    let headline = { ours: 0, peer: 0 };
    try {
      for (const each of gbdtCases.filter(({ name }) => !only || name.includes(only)))
        for (const [count, figures] of Object.entries(await race(each, folder, peer, threadCounts))) {
          const { ours, lightgbm, quantised, xgboost, binning } = figures;
          if (headline.ours === 0) headline = { ours: ours.seconds, peer: lightgbm.seconds };
          ratios.push(lightgbm.seconds / ours.seconds);
          const words = (name: string, theirs: Trained): string =>
            `${name} ${theirs.seconds.toFixed(3)} s (ratio ${(theirs.seconds / ours.seconds).toFixed(2)}, processor ` +
            `${(theirs.cpu / ours.cpu).toFixed(2)}), loss ${theirs.loss.toPrecision(5)} (ours ${percent(ours.loss, theirs.loss)})`;
          extra[`${each.name}, ${count} threads`] = [
            `ours ${ours.seconds.toFixed(3)} s, loss ${ours.loss.toPrecision(5)}`,
            words('LightGBM', lightgbm),
            words('quantised', quantised),
            words('XGBoost', xgboost),
            `binning ours ${binning.ours.toFixed(3)}, LightGBM ${binning.lightgbm.toFixed(3)}, XGBoost ${binning.xgboost.toFixed(3)} s`,
          ].join('; ');
        }
    } finally {
      peer.stop();
      await rm(folder, { recursive: true, force: true });
    }
    return {
      name: 'gbdt',
      ours: headline.ours,
      peer: headline.peer,
      unit: 's',
      ratio: Math.min(...ratios),
      higherIsBetter: false,
      peerVersion: `LightGBM ${peer.versions.lightgbm}, XGBoost ${peer.versions.xgboost}`,
      machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
      runs: leastRows.length - 1,
      notes: `Seconds of training without binning; the ratio is the least against plain LightGBM. Losses on rows that nobody trained on.`,
      extra,
    };
  },
};

type Figures = Record<(typeof contenders)[number] | 'ours', Trained> & { binning: { ours: number; lightgbm: number; xgboost: number } };

async function race(each: GbdtCase, folder: string, peer: Peer, threadCounts: readonly number[]): Promise<Record<string, Figures>> {
  const table = await each.table();
  const weights = each.weighted ? table.train.target.map((_, row) => 0.5 + (row % 7) / 7) : undefined;
  const bytes = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (const side of ['train', 'test'] as const) {
    await writeFile(join(folder, `${side}.features`), bytes(table[side].data));
    await writeFile(join(folder, `${side}.target`), bytes(table[side].target));
  }
  if (weights) await writeFile(join(folder, 'weights'), bytes(weights));
  const monotone = each.monotone ? Array.from({ length: table.width }, (_, at) => Number(at === 2 || at === 5)) : [];
  const { width, categorical } = table;
  const rest = { sample: each.sample ?? 1, weighted: each.weighted === true, classes: each.classes ?? 1, monotone };
  const told = { width, categorical: [...categorical], objective: each.objective, leaves: each.leaves, rounds: each.rounds, ...rest };
  const results: Record<string, Figures> = {};
  for (const threads of threadCounts) {
    const theirs = (await peer.ask({ do: 'load', case: told, threads })) as { lightgbm: number; xgboost: number };
    const facts = {
      rows: table.train.rows,
      width,
      outputs: each.classes ?? 1,
      weighted: weights !== undefined,
      validationRows: 0,
      numLeaves: each.leaves,
      threads,
    };
    const pool = new TreePool(treeBytes(facts), threads > 1 ? treeThreads(threads - 1) : undefined);
    while (pool.team.threads < threads) await sleep(5);
    const started = performance.now();
    const binned = binRows({ ...table.train, width }, { pool, categorical });
    const binning = { ours: (performance.now() - started) / 1000, ...theirs };
    const runs: Record<string, Trained[]> = {};
    for (const [turn, least] of turnsOf(table.train.rows).entries())
      for (const name of ['ours', ...contenders] as const) {
        const trained =
          name === 'ours'
            ? await trainOurs(each, table, { pool, binned, weights, monotone, least })
            : ((await peer.ask({ do: name, threads, least })) as Trained);
        runs[name] ??= [];
        // LightGBM refuses some tables with quantised gradients: NaN is then its figure.
        if (turn > 0 && !('failed' in trained)) runs[name].push(trained);
        await sleep(20);
      }
    pool.end();
    const of = (name: string): Trained => ({
      seconds: median(runs[name]!.map((run) => run.seconds)),
      cpu: median(runs[name]!.map((run) => run.cpu)),
      loss: runs[name]!.reduce((sum, run) => sum + run.loss, 0) / runs[name]!.length,
    });
    results[threads] = { ours: of('ours'), lightgbm: of('lightgbm'), quantised: of('quantised'), xgboost: of('xgboost'), binning };
  }
  return results;
}

async function trainOurs(
  { objective: kind, classes, leaves, rounds, sample }: GbdtCase,
  { train, test }: GbdtTable,
  {
    pool,
    binned,
    weights,
    monotone,
    least,
  }: { pool: TreePool; binned: BinnedMatrix; weights: Float32Array | undefined; monotone: readonly number[]; least: number },
): Promise<Trained> {
  const objective: BoostingObjective = kind === 'softmax' ? { kind, classes: classes! } : { kind };
  const sampling = sample ? { baggingFraction: sample, baggingFreq: 1, featureFraction: sample } : {};
  const settings = { numLeaves: leaves, numIterations: rounds, monotoneConstraints: monotone, minDataInLeaf: least, ...sampling };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { ensemble } = await trainBoosting({ pool, binned, target: train.target, weights, objective, settings, seed: 1 });
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const scores = new TreeScorer(ensemble).score(test.data, test.rows);
  return { seconds, cpu: (used.user + used.system) / 1e6, loss: lossOf(objective, scores, test.target) };
}

function lossOf(objective: BoostingObjective, scores: Float32Array, target: Float32Array): number {
  let sum = 0;
  for (let row = 0; row < target.length; row++) {
    const y = target[row]!;
    if (objective.kind === 'squared') sum += (scores[row]! - y) ** 2;
    else if (objective.kind === 'logistic')
      sum += Math.log1p(Math.exp(-Math.abs(scores[row]!))) + Math.max(scores[row]!, 0) - y * scores[row]!;
    else if (objective.kind === 'softmax') {
      const own = scores.subarray(row * objective.classes, (row + 1) * objective.classes);
      sum += Math.log(own.reduce((total, score) => total + Math.exp(score), 0)) - own[y]!;
    }
  }
  return sum / target.length;
}

interface Peer {
  versions: { lightgbm: string; xgboost: string };
  ask(order: object): Promise<unknown>;
  stop(): void;
}

async function startPeer(folder: string): Promise<Peer> {
  const python = await preparePython(treeRequirements);
  const child = spawn(python, [join(import.meta.dirname, 'trees/gbdtPeer.py'), folder], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`The process of LightGBM and XGBoost ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const versions = (await next()) as Peer['versions'];
  return {
    versions,
    async ask(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return next();
    },
    stop: () => child.stdin.end(),
  };
}

function percent(ours: number, theirs: number): string {
  const change = (100 * (ours - theirs)) / Math.abs(theirs);
  return `${change > 0 ? '+' : ''}${change.toFixed(2)} %`;
}
