import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel, type RuntimeSession } from '../../src-main/compiler/index.ts';
import { onnxRuntime } from '../../src-main/compiler/tests/runtimes.ts';
import { ensembleGraph, treeOpsets } from '../../src-main/trees/export/ensembleGraph.ts';
import { TreeScorer } from '../../src-main/trees/score/TreeScorer.ts';
import { median, type Benchmark } from './benchmark.ts';
import { startLightgbm, type LightgbmPeer, type ModelCase, type TrainedCase } from './trees/lightgbmPeer.ts';

const turns = 5;
const batchRows = 10_000;
const singleRows = 1000;

const cases: ModelCase[] = [
  { name: 'numbers', objective: 'binary', categories: [], rounds: 500, leaves: 63 },
  { name: 'categories', objective: 'binary', categories: [5, 20, 60, 200, 5, 20, 60, 200], rounds: 500, leaves: 63 },
  { name: '3 classes', objective: 'multiclass', categories: [12], rounds: 150, leaves: 31, classes: 3 },
  { name: '255 leaves', objective: 'binary', categories: [], rounds: 200, leaves: 255 },
];

export const benchmark: Benchmark = {
  name: 'gbdt-predict',
  about: 'scores of boosted trees, single rows and 10,000 at once, our scorer and ONNX Runtime against LightGBM on 1 and 2 threads',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'modelkeep-bench-'));
    const peer = await startLightgbm(folder);
    try {
      const extra: Record<string, string> = {};
      const ratios: number[] = [];
      let headline = { ours: 0, peer: 0 };
      for (const each of cases) {
        const figures = await race(each, peer);
        const { batch, row } = figures;
        if (each === cases[0]) headline = { ours: batch.ours, peer: batch.peer1 };
        ratios.push(batch.peer1 / batch.ours, batch.peer2 / batch.ours, row.peer / row.ours);
        extra[`${each.name}, 10,000 rows`] =
          `ours ${ms(batch.ours)} ms; LightGBM ${ms(batch.peer1)} (ratio ${ratio(batch.peer1, batch.ours)}), on 2 threads ` +
          `${ms(batch.peer2)} (${ratio(batch.peer2, batch.ours)}); ONNX Runtime ${ms(batch.onnx1)}, on 2 threads ${ms(batch.onnx2)}`;
        extra[`${each.name}, one row`] =
          `ours ${us(row.ours)} µs; LightGBM ${us(row.peer)} (ratio ${ratio(row.peer, row.ours)}), from Python ${us(row.python)}; ` +
          `ONNX Runtime ${us(row.onnx)}`;
        extra[`${each.name}, largest difference from LightGBM`] = figures.difference.toExponential(1);
      }
      return {
        name: 'gbdt-predict',
        ours: headline.ours * 1000,
        peer: headline.peer * 1000,
        unit: 'ms',
        ratio: Math.min(...ratios),
        higherIsBetter: false,
        peerVersion: `LightGBM ${peer.version}`,
        machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
        runs: turns,
        notes: `The ratio is the least of all cases; ours runs on one thread. ${Object.entries(extra)
          .map(([name, figure]) => `${name}: ${figure}`)
          .join('. ')}`,
        extra,
      };
    } finally {
      peer.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function race(model: ModelCase, peer: LightgbmPeer) {
  const trained = await peer.train(model);
  const { ensemble, rows, scores } = trained;
  const scorer = new TreeScorer(ensemble);
  const ours = scorer.score(rows, batchRows);
  const difference = scores.reduce((most, score, at) => Math.max(most, Math.abs(score - ours[at]!) / Math.max(1, Math.abs(score))), 0);
  const bytes = encodeModel(ensembleGraph(ensemble, { kind: 'identity' }), { producer: 'bench', opsets: treeOpsets(5) });
  const [onnx1, onnx2] = [await onnxRuntime.createSession(bytes), await onnxRuntime.createSession(bytes, { threads: 2 })];
  const times = { ours: [], peer1: [], peer2: [], onnx1: [], onnx2: [], row: [], rowPeer: [], rowPython: [], rowOnnx: [] } as Record<
    'ours' | 'peer1' | 'peer2' | 'onnx1' | 'onnx2' | 'row' | 'rowPeer' | 'rowPython' | 'rowOnnx',
    number[]
  >;
  for (let turn = 0; turn <= turns; turn++) {
    const row = await peer.predictRow(model.name, singleRows);
    const measured = {
      ours: seconds(() => scorer.score(rows, batchRows)),
      peer1: await peer.predict(model.name, 1),
      onnx1: await runSession(onnx1, trained, batchRows),
      peer2: await peer.predict(model.name, 2),
      onnx2: await runSession(onnx2, trained, batchRows),
      row: seconds(() => scoreRows(scorer, trained)) / singleRows,
      rowPeer: Math.min(row.c, row.python),
      rowPython: row.python,
      rowOnnx: await runRows(onnx1, trained),
    };
    // The first turn warms both up.
    if (turn > 0) for (const key of Object.keys(times) as (keyof typeof times)[]) times[key].push(measured[key]);
  }
  await onnx1.release();
  await onnx2.release();
  const of = (key: keyof typeof times): number => median(times[key]);
  return {
    batch: { ours: of('ours'), peer1: of('peer1'), peer2: of('peer2'), onnx1: of('onnx1'), onnx2: of('onnx2') },
    row: { ours: of('row'), peer: of('rowPeer'), python: of('rowPython'), onnx: of('rowOnnx') },
    difference,
  };
}

function scoreRows(scorer: TreeScorer, { ensemble: { featureCount }, rows }: TrainedCase): void {
  for (let row = 0; row < singleRows; row++) scorer.score(rows.subarray(row * featureCount, (row + 1) * featureCount), 1);
}

async function runSession(session: RuntimeSession, { ensemble: { featureCount }, rows }: TrainedCase, count: number): Promise<number> {
  const features = onnxRuntime.tensor('float32', rows.subarray(0, count * featureCount), [count, featureCount]);
  const started = performance.now();
  await session.run({ features }, { outputs: null });
  return (performance.now() - started) / 1000;
}

async function runRows(session: RuntimeSession, { ensemble: { featureCount }, rows }: TrainedCase): Promise<number> {
  const started = performance.now();
  for (let row = 0; row < singleRows / 5; row++) {
    const features = onnxRuntime.tensor('float32', rows.subarray(row * featureCount, (row + 1) * featureCount), [1, featureCount]);
    await session.run({ features }, { outputs: null });
  }
  return (performance.now() - started) / 1000 / (singleRows / 5);
}

function seconds(run: () => unknown): number {
  const started = performance.now();
  run();
  return (performance.now() - started) / 1000;
}

const ms = (value: number): string => (value * 1000).toFixed(1);
const us = (value: number): string => (value * 1e6).toFixed(1);
const ratio = (peer: number, ours: number): string => (peer / ours).toFixed(2);
