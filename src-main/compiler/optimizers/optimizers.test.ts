import { describe, expect, it } from 'vitest';
import { KernelMemory, paddedLength } from '../../kernels/KernelMemory.ts';
import { TrainingKernels, type Vector } from '../../kernels/trainingKernels.ts';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import { elementCount } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';
import { clipGradients, clipScale } from './clipGradients.ts';
import type { OptimizerRule } from './defineOptimizer.ts';
import { decays, optimizerOf, type OptimizerSettings } from './index.ts';

/** The papers' formulas as they stand there, in float64: changes `weights`, keeps what it needs in `state`. */
type Reference = (weights: Float64Array, gradient: Float64Array, state: Record<string, Float64Array>, at: Moment) => void;
interface Moment {
  step: number;
  rate: number;
  shape: readonly number[];
  decays: boolean;
}

const rate = 0.05;
const weightDecay = 0.1;
const keepOf = ({ decays: decaying }: Moment): number => (decaying ? 1 - rate * weightDecay : 1);
const kept = (state: Record<string, Float64Array>, name: string, length: number): Float64Array =>
  (state[name] ??= new Float64Array(length));
const root = (values: Float64Array): number => Math.sqrt(values.reduce((sum, each) => sum + each * each, 0));

const cases: [name: string, OptimizerSettings, Reference][] = [
  [
    'sgd',
    { kind: 'sgd', weightDecay },
    (weights, gradient, _state, at) => weights.forEach((each, i) => (weights[i] = keepOf(at) * each - rate * gradient[i]!)),
  ],
  ...[false, true].map((nesterov): [string, OptimizerSettings, Reference] => [
    nesterov ? 'sgd with Nesterov momentum' : 'sgd with momentum',
    { kind: 'sgd', momentum: 0.9, nesterov, weightDecay },
    (weights, gradient, state, at) => {
      const b = kept(state, 'b', weights.length);
      weights.forEach((each, i) => {
        b[i] = 0.9 * b[i]! + gradient[i]!;
        weights[i] = keepOf(at) * each - rate * (nesterov ? gradient[i]! + 0.9 * b[i] : b[i]);
      });
    },
  ]),
  [
    'adam',
    { kind: 'adam', weightDecay },
    (weights, gradient, state, at) => {
      const [m, v] = [kept(state, 'm', weights.length), kept(state, 'v', weights.length)];
      weights.forEach((each, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2;
        const [mHat, vHat] = [m[i] / (1 - 0.9 ** at.step), v[i] / (1 - 0.999 ** at.step)];
        weights[i] = keepOf(at) * each - (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
      });
    },
  ],
  [
    'lion',
    { kind: 'lion', weightDecay },
    (weights, gradient, state, at) => {
      const m = kept(state, 'm', weights.length);
      weights.forEach((each, i) => {
        weights[i] = keepOf(at) * each - rate * Math.sign(0.9 * m[i]! + 0.1 * gradient[i]!);
        m[i] = 0.99 * m[i]! + 0.01 * gradient[i]!;
      });
    },
  ],
  [
    'lamb',
    { kind: 'lamb', weightDecay },
    (weights, gradient, state, at) => {
      const [m, v] = [kept(state, 'm', weights.length), kept(state, 'v', weights.length)];
      const r = weights.map((each, i) => {
        m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!;
        v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2;
        const [mHat, vHat] = [m[i] / (1 - 0.9 ** at.step), v[i] / (1 - 0.999 ** at.step)];
        return mHat / (Math.sqrt(vHat) + 1e-6) + (at.decays ? weightDecay * each : 0);
      });
      const ratio = root(weights) > 0 && root(r) > 0 ? root(weights) / root(r) : 1;
      weights.forEach((each, i) => (weights[i] = each - rate * ratio * r[i]!));
    },
  ],
  [
    'adafactor',
    { kind: 'adafactor', weightDecay },
    (weights, gradient, state, at) => {
      const fresh = at.step ** -0.8;
      const u = adafactorDirection(gradient, state, at.shape, fresh);
      const rms = (values: Float64Array): number => root(values) / Math.sqrt(values.length);
      const alpha = Math.max(1e-3, rms(weights)) * Math.min(rate, 1 / Math.sqrt(at.step));
      const length = Math.max(1, rms(u));
      weights.forEach((each, i) => (weights[i] = keepOf(at) * each - (alpha * u[i]!) / length));
    },
  ],
];

function adafactorDirection(
  gradient: Float64Array,
  state: Record<string, Float64Array>,
  shape: readonly number[],
  fresh: number,
): Float64Array {
  const epsilon = 2 ** -23;
  if (shape.length < 2) {
    const v = kept(state, 'v', gradient.length);
    return gradient.map((each, i) => {
      v[i] = (1 - fresh) * v[i]! + fresh * each ** 2;
      return each / Math.sqrt(Math.max(v[i], epsilon ** 2));
    });
  }
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  const matrices = gradient.length / rows / columns;
  const [r, c] = [kept(state, 'r', matrices * rows), kept(state, 'c', matrices * columns)];
  for (let matrix = 0; matrix < matrices; matrix++) {
    const at = (row: number, column: number): number => gradient[(matrix * rows + row) * columns + column]! ** 2;
    for (let row = 0; row < rows; row++) {
      const squares = Array.from({ length: columns }, (_, column) => at(row, column));
      r[matrix * rows + row] = (1 - fresh) * r[matrix * rows + row]! + (fresh * squares.reduce((a, b) => a + b, 0)) / columns;
    }
    for (let column = 0; column < columns; column++) {
      const squares = Array.from({ length: rows }, (_, row) => at(row, column));
      c[matrix * columns + column] = (1 - fresh) * c[matrix * columns + column]! + (fresh * squares.reduce((a, b) => a + b, 0)) / rows;
    }
  }
  return gradient.map((each, i) => {
    const matrix = Math.floor(i / rows / columns);
    const own = r.subarray(matrix * rows, (matrix + 1) * rows);
    const mean = Math.max(own.reduce((a, b) => a + b, 0) / rows, epsilon);
    const variance = (own[Math.floor(i / columns) % rows]! * c[matrix * columns + (i % columns)]!) / mean;
    return each / Math.sqrt(Math.max(variance, epsilon ** 2));
  });
}

const shapes = [[7], [5, 6], [2, 3, 5], [3, 2, 4, 4], []];
const stepCount = 12;

function problem(shape: readonly number[]): { start: Float64Array; gradients: Float64Array[] } {
  const random = testRandom(elementCount(shape) + 3);
  const fill = (): Float64Array => Float64Array.from({ length: elementCount(shape) }, () => Math.fround(random() * 2 - 1));
  return { start: fill(), gradients: Array.from({ length: stepCount }, fill) };
}

function referenceRun(reference: Reference, shape: readonly number[], decaying: boolean): Float64Array {
  const { start, gradients } = problem(shape);
  const state: Record<string, Float64Array> = {};
  gradients.forEach((gradient, at) => reference(start, gradient, state, { step: at + 1, rate, shape, decays: decaying }));
  return start;
}

function updateGraph(rule: OptimizerRule, shape: readonly number[], decaying: boolean, dtype: 'float32' | 'float64') {
  const builder = new GraphBuilder('update');
  const g = new TypedOps(builder);
  const input = (name: string, sizes: readonly number[]) => typed(builder.input(name, dtype, sizes));
  const slots = rule.slots(shape);
  const result = rule.emit(g, {
    parameter: input('parameter', shape),
    gradient: input('gradient', shape),
    slots: slots.map((each) => input(each.name, each.shape)),
    scalars: rule.scalars.map((name) => input(name, [])),
    decays: decaying,
  });
  builder.output(result.parameter, 'next.parameter');
  result.slots.forEach((each, at) => builder.output(each, `next.${slots[at]!.name}`));
  return builder;
}

function interpretedRun(rule: OptimizerRule, shape: readonly number[], decaying: boolean): Float64Array {
  const graph = updateGraph(rule, shape, decaying, 'float64').build();
  const { start, gradients } = problem(shape);
  let values: Record<string, Float64Array> = { parameter: start };
  const slots = rule.slots(shape);
  for (const each of slots) values[each.name] = new Float64Array(elementCount(each.shape));
  const shapeOf = (name: string): readonly number[] => slots.find((each) => each.name === name)?.shape ?? shape;
  gradients.forEach((gradient, at) => {
    const scalars = rule.scalarsAt(at + 1, rate);
    const results = interpret(graph, {
      ...Object.fromEntries(Object.entries(values).map(([name, each]) => [name, tensor(shapeOf(name), each)])),
      gradient: tensor(shape, gradient),
      ...Object.fromEntries(rule.scalars.map((name, place) => [name, tensor([], Float64Array.of(scalars[place]!))])),
    });
    values = Object.fromEntries(Object.keys(values).map((name) => [name, Float64Array.from(results[`next.${name}`]!.data)]));
  });
  return values['parameter']!;
}

async function runtimeRun(rule: OptimizerRule, shape: readonly number[], decaying: boolean): Promise<Float32Array> {
  const session = await onnxRuntime.createSession(updateGraph(rule, shape, decaying, 'float32').toModelBytes({ producer: 'test' }));
  const { start, gradients } = problem(shape);
  const slots = rule.slots(shape);
  let values: Record<string, Float32Array> = { parameter: Float32Array.from(start) };
  for (const each of slots) values[each.name] = new Float32Array(elementCount(each.shape));
  const shapeOf = (name: string): readonly number[] => slots.find((each) => each.name === name)?.shape ?? shape;
  for (const [at, gradient] of gradients.entries()) {
    const scalars = rule.scalarsAt(at + 1, rate);
    const tensorOf = (data: Float32Array, dims: readonly number[]) => onnxRuntime.tensor('float32', data, dims);
    const results = await session.run(
      {
        ...Object.fromEntries(Object.entries(values).map(([name, each]) => [name, tensorOf(each, shapeOf(name))])),
        gradient: tensorOf(Float32Array.from(gradient), shape),
        ...Object.fromEntries(rule.scalars.map((name, place) => [name, tensorOf(Float32Array.of(scalars[place]!), [])])),
      },
      Object.fromEntries(Object.keys(values).map((name) => [`next.${name}`, null])),
    );
    values = Object.fromEntries(Object.keys(values).map((name) => [name, results[`next.${name}`]!.data as Float32Array]));
  }
  await session.release();
  return values['parameter']!;
}

/** Gradients come doubled, to be halved by the scale. */
function flatRun(rule: OptimizerRule, shape: readonly number[], decaying: boolean): { weights: Vector; slots: Vector[] } {
  const slots = rule.slots(shape);
  const sizes = [shape, shape, ...slots.map((each) => each.shape)].map((each) => elementCount(each));
  const memory = new KernelMemory(sizes.reduce((sum, each) => sum + paddedLength(each), 0));
  const kernels = new TrainingKernels(memory);
  const [weights, flatGradients, ...state] = sizes.map((each) => memory.vector(each)) as [Vector, Vector, ...Vector[]];
  const { start, gradients } = problem(shape);
  weights.set(start);
  gradients.forEach((gradient, at) => {
    flatGradients.set(gradient.map((each) => 2 * each));
    rule.update(
      kernels,
      { parameters: weights, gradients: flatGradients, slots: state, shape, decays: decaying },
      rule.scalarsAt(at + 1, rate),
      0.5,
    );
  });
  return { weights, slots: state };
}

function largestDifference(actual: ArrayLike<number>, expected: Float64Array): number {
  return expected.reduce((most, each, at) => Math.max(most, Math.abs(actual[at]! - each) / Math.max(1, Math.abs(each))), 0);
}

describe.each(cases)('%s', (_name, settings, reference) => {
  const rule = optimizerOf(settings);
  const variants = shapes.flatMap((shape) => [true, false].map((decaying) => ({ shape, decaying })));

  it.each(variants)('as nodes in float64 is the formula: $shape, decays: $decaying', ({ shape, decaying }) => {
    expect(largestDifference(interpretedRun(rule, shape, decaying), referenceRun(reference, shape, decaying))).toBeLessThan(1e-11);
  });

  it.each(variants)('in ONNX Runtime and by kernels: $shape, decays: $decaying', async ({ shape, decaying }) => {
    const expected = referenceRun(reference, shape, decaying);
    expect(largestDifference(await runtimeRun(rule, shape, decaying), expected)).toBeLessThan(3e-6);
    expect(largestDifference(flatRun(rule, shape, decaying).weights, expected)).toBeLessThan(3e-6);
  });
});

describe('weight averages', () => {
  const weightsAfter = (steps: number): number =>
    problem([1])
      .gradients.slice(0, steps)
      .reduce((sum, each) => sum - rate * each[0]!, problem([1]).start[0]!);

  it('exponential: the corrected mean, also right after the start', () => {
    const rule = optimizerOf({ kind: 'sgd', average: { kind: 'exponential', decay: 0.8 } });
    let [sum, total] = [0, 0];
    for (let step = 1; step <= stepCount; step++) {
      const share = 0.8 ** (stepCount - step);
      sum += share * weightsAfter(step);
      total += share;
    }
    expect(flatRun(rule, [1], true).slots[0]![0]).toBeCloseTo(sum / total, 5);
  });

  it('stochastic: the plain mean of every second step from step 4 on', () => {
    const rule = optimizerOf({ kind: 'sgd', average: { kind: 'stochastic', from: 4, every: 2 } });
    const averaged = [4, 6, 8, 10, 12].map(weightsAfter);
    expect(flatRun(rule, [1], true).slots[0]![0]).toBeCloseTo(averaged.reduce((a, b) => a + b, 0) / averaged.length, 5);
  });

  it('does not change the weights', () => {
    const plain = optimizerOf({ kind: 'adam' });
    const averaged = optimizerOf({ kind: 'adam', average: { kind: 'exponential' } });
    expect(flatRun(averaged, [5, 6], true).weights).toEqual(flatRun(plain, [5, 6], true).weights);
  });

  it('is the same as nodes', () => {
    const rule = optimizerOf({ kind: 'adam', weightDecay, average: { kind: 'exponential' } });
    expect(largestDifference(flatRun(rule, [5, 6], true).weights, interpretedRun(rule, [5, 6], true))).toBeLessThan(3e-6);
  });
});

describe('clipping by the norm of all gradients', () => {
  it.each([0.5, 100])('as nodes and as a factor: at most %d', (maxNorm) => {
    const builder = new GraphBuilder('clip');
    const g = new TypedOps(builder);
    const inputs = [[2, 3], [4]].map((shape, at) => typed(builder.input(`g${at}`, 'float64', shape)));
    clipGradients(g, inputs, maxNorm).forEach((each, at) => builder.output(each, `clipped${at}`));
    const random = testRandom(4);
    const values = inputs.map(({ shape }) => Float64Array.from({ length: elementCount(shape) }, () => random() * 2 - 1));
    const results = interpret(
      builder.build(),
      Object.fromEntries(values.map((each, at) => [`g${at}`, tensor(inputs[at]!.shape as number[], each)])),
    );
    const norm = Math.hypot(...values.flatMap((each) => [...each]));
    const scale = clipScale(norm, maxNorm);
    expect(scale).toBe(norm > maxNorm ? maxNorm / (norm + 1e-6) : 1);
    values.forEach((each, at) =>
      expect(
        largestDifference(
          results[`clipped${at}`]!.data as Float64Array,
          each.map((number) => number * scale),
        ),
      ).toBeLessThan(1e-14),
    );
  });
});

describe('settings', () => {
  it('decay applies to matrices, to all, or to those named', () => {
    expect([decays({}, 'w', 2), decays({}, 'b', 1)]).toEqual([true, false]);
    expect([decays({ decayed: 'all' }, 'b', 1), decays({ decayed: ['b'] }, 'b', 1), decays({ decayed: ['b'] }, 'w', 2)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each<[OptimizerSettings, string]>([
    [{ kind: 'adam', beta1: 1 }, 'beta1'],
    [{ kind: 'adam', epsilon: 0 }, 'epsilon'],
    [{ kind: 'sgd', momentum: -0.1 }, 'momentum'],
    [{ kind: 'sgd', nesterov: true }, 'momentum'],
    [{ kind: 'lion', weightDecay: Number.NaN }, 'weightDecay'],
    [{ kind: 'lamb', clipNorm: 0 }, 'clipNorm'],
    [{ kind: 'adafactor', beta2Decay: 0.8 }, 'beta2Decay'],
    [{ kind: 'adam', average: { kind: 'stochastic', from: 0 } }, 'average.from'],
  ])('refuses %j', (settings, setting) => {
    expect(() => optimizerOf(settings)).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_SETTING_INVALID', params: expect.objectContaining({ setting }) }),
    );
  });
});
