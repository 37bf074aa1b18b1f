// Walks the table of learners × tasks: what is in the table keeps the contract of learner.ts, a new entry is tested on arrival.
import { describe, expect, it } from 'vitest';
import { encodeModel, type Graph } from '../../../compiler/index.ts';
import { counterRandom } from '../../../platform/random.ts';
import { ortRuntime } from '../worker/threads/ortRuntime.ts';
import { learners } from './index.ts';
import { factsOf, outputsOf, type FitData, type FittedLearner, type LearnerState } from './learner.ts';
import {
  edgeRows,
  largestDifference,
  outputScale,
  repeatedRows,
  taskName,
  testColumns,
  testControl,
  testData,
  testRows,
  testTasks,
} from './learnerTestData.ts';
import type { Matrix } from './matrix.ts';
import { softmax } from './networkLoss.ts';
import { objectiveLoss } from './objectiveLoss.ts';
import { drawSettings } from './searchSpace.ts';

const parity = 1e-6;
/** 900 trees that say about the same are summed up in float32: rounding goes one way. */
const sumOfManyTrees = 2e-5;
const limits = { budgetMs: 10_000, threads: 1 };
const engine = { runtime: ortRuntime, threads: 1 };

const cases = Object.entries(learners).flatMap(([name, learner]) =>
  testTasks.filter((task) => learner.supports(task)).map((task) => ({ name, learner, task, title: `${name}, ${taskName(task)}` })),
);

describe.each(cases)('$title', ({ name, learner, task }) => {
  const data = testData(task, learner.view);
  const settings = learner.portfolio(factsOf(data, limits))[0]!;
  const scale = outputScale(task, data.train.target);
  // Rows 40 spreads out sum up terms 40 times as large as their answer: float32 networks round by those.
  const edgeScale = scale * 40;
  const fit = (changed: Partial<FitData> = {}, control = testControl()): Promise<FittedLearner> =>
    learner.fit({ ...data, ...changed }, settings, control);
  let fitting: Promise<FittedLearner> | undefined;
  const fitted = (): Promise<FittedLearner> => (fitting ??= fit());

  it('is named by its place in the table', () => {
    expect(learner.name).toBe(name);
  });

  it('answers in ONNX Runtime what it answers itself, over random and edge rows', async () => {
    const model = await fitted();
    const graph = model.graph();
    const edge = edgeRows(learner.view);
    for (const rows of [testRows(task, learner.view, 150, 9).features, edge, data.train.features]) {
      const own = await model.predict(rows);
      expect(own).toHaveLength(rows.rows * outputsOf(task));
      expect(own.every(Number.isFinite)).toBe(true);
      const size = rows === edge ? edgeScale : scale;
      expect(largestDifference(await answersOf(graph, rows), own, size)).toBeLessThanOrEqual(parity);
    }
    const one: Matrix = { ...data.train.features, rows: 1, data: data.train.features.data.slice(0, data.train.features.width) };
    expect(largestDifference(await answersOf(graph, one), await model.predict(one), scale)).toBeLessThanOrEqual(parity);
  });

  it('gives the same bytes for the same seed', async () => {
    const [a, b] = [await fitted(), await fit()];
    expect(bytesOf(b.state())).toEqual(bytesOf(a.state()));
    expect(modelBytes(b.graph())).toEqual(modelBytes(a.graph()));
  });

  it('is the same after it was kept', async () => {
    const model = await fitted();
    const kept = learner.restore(throughDisk(model.state()), engine);
    const rows = edgeRows(learner.view);
    expect(await kept.predict(rows)).toEqual(await model.predict(rows));
    expect(modelBytes(kept.graph())).toEqual(modelBytes(model.graph()));
    expect({ chosen: kept.chosen, ended: kept.ended }).toEqual({ chosen: model.chosen, ended: model.ended });
  });

  it('learns something', async () => {
    if (name === 'baseline') return;
    const baseline = await learners.baseline!.fit(data, {}, testControl());
    const judged = testRows(task, learner.view, 200, 5);
    const loss = async (model: FittedLearner): Promise<number> => objectiveLoss(await model.predict(judged.features), judged.target, task);
    if (task.kind !== 'ranking') expect(await loss(await fitted())).toBeLessThan(0.95 * (await loss(baseline)));
  });

  it('gives a usable model when its time is up at once', async () => {
    const model = await fit({}, testControl({ shouldStop: () => 'time', deadlineMs: performance.now() }));
    expect((await model.predict(data.train.features)).every(Number.isFinite)).toBe(true);
    await answersOf(model.graph(), edgeRows(learner.view));
  });

  it('fits without validation rows', async () => {
    const { validation: _, ...rest } = data;
    const model = await learner.fit(rest, settings, testControl());
    expect((await model.predict(data.train.features)).every(Number.isFinite)).toBe(true);
  });

  it('draws settings that it can fit', async () => {
    const space = learner.space(factsOf(data, limits));
    if (space.length === 0) return;
    const random = counterRandom(4);
    for (let draw = 0; draw < 2; draw++) {
      const model = await learner.fit(data, { ...settings, ...drawSettings(space, random) }, testControl());
      const rows = edgeRows(learner.view);
      expect(largestDifference(await answersOf(model.graph(), rows), await model.predict(rows), edgeScale)).toBeLessThanOrEqual(parity);
    }
  });

  it('is told about weights', async () => {
    const random = counterRandom(6);
    const weights = Float32Array.from({ length: data.train.features.rows }, () => random.integer(4));
    const weighted = { ...data.train, weights };
    const model = await fit({ train: weighted });
    const judged = testRows(task, learner.view, 100, 8).features;
    if (learner.weightsAreRepeats) {
      const repeated = await fit({ train: repeatedRows(weighted) });
      expect(largestDifference(await model.predict(judged), await repeated.predict(judged), scale)).toBeLessThan(1e-4);
    }
    // Whatever the learner: other weights, another model.
    expect(await model.predict(judged)).not.toEqual(await (await fitted()).predict(judged));
  });

  it('merges into the mean of the outputs', async () => {
    if (!learner.merge) return;
    const parts = await Promise.all([1, 2, 3].map((seed) => fit({ train: testRows(task, learner.view, 200, 20 + seed) })));
    const merged = learner.merge(parts);
    if (!merged) return; // graphs are averaged
    const rows = edgeRows(learner.view);
    const isForest = name === 'forest' || name === 'extraTrees';
    const averagesProbabilities = task.kind === 'class' && isForest;
    const said = (outputs: Float32Array): Float32Array =>
      averagesProbabilities ? Float32Array.from(softmax(outputs, outputsOf(task), 1)) : outputs;
    const each = await Promise.all(parts.map((part) => part.predict(rows)));
    // The leaves of forests hold probabilities: those are averaged, not their logarithms.
    const mean = each[0]!.map((_, at) => each.reduce((sum, outputs) => sum + said(outputs)[at]!, 0) / each.length);
    expect(largestDifference(said(await merged.predict(rows)), mean, scale)).toBeLessThan(isForest ? sumOfManyTrees : 3e-6);
    expect(largestDifference(await answersOf(merged.graph(), rows), await merged.predict(rows), scale)).toBeLessThanOrEqual(parity);
  });

  it('answers from two rows, and where there are no columns', async () => {
    // Trees need the columns they were binned by; all others must not mind.
    const widths = learner.view === 'codes' ? [testColumns(learner.view).length] : [testColumns(learner.view).length, 0];
    for (const width of widths) {
      const few = testRows(task, learner.view, 2, 31);
      const features = { rows: 2, width, data: few.features.data.slice(0, 2 * width) };
      const model = await fit({
        train: { ...few, features },
        validation: { ...few, features },
        columns: testColumns(learner.view).slice(0, width),
      });
      const own = await model.predict(features);
      expect(own.every(Number.isFinite)).toBe(true);
      expect(largestDifference(await answersOf(model.graph(), features), own, edgeScale)).toBeLessThanOrEqual(parity);
    }
  });

  it('does not fail on constant and equal columns', async () => {
    const model = await fit({ train: withOddColumns(data.train.features, data) });
    expect((await model.predict(data.train.features)).every(Number.isFinite)).toBe(true);
  });
});

/** The first column constant, the third equal to the second. */
function withOddColumns({ rows, width, data: cells }: Matrix, data: FitData): FitData['train'] {
  const odd = cells.map((cell, at) => (at % width === 0 ? 3 : at % width === 2 ? cells[at - 1]! : cell));
  return { ...data.train, features: { rows, width, data: odd } };
}

async function answersOf(graph: Graph, { rows, width, data }: Matrix): Promise<Float32Array> {
  const session = await ortRuntime.createSession(modelBytes(graph));
  try {
    const results = await session.run({ features: ortRuntime.tensor('float32', data, [rows, width]) }, { outputs: null });
    return results['outputs']!.data as Float32Array;
  } finally {
    await session.release();
  }
}

function modelBytes(graph: Graph): Uint8Array {
  return encodeModel(graph, { producer: 'modelkeep' });
}

/** Curves hold times, which differ. */
function bytesOf({ json, arrays }: LearnerState): unknown {
  const { curve: _, ...rest } = json as { curve: unknown };
  return { json: JSON.stringify(rest), arrays };
}

/** `json` as text, arrays as bytes. */
function throughDisk({ json, arrays }: LearnerState): LearnerState {
  return {
    json: JSON.parse(JSON.stringify(json)),
    arrays: Object.fromEntries(Object.entries(arrays).map(([name, each]) => [name, structuredClone(each)])),
  };
}
