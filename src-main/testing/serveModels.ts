// Small real models for the tests of this stage and of the monitor. Not part of the product.
import type { ModelInput, ModelSignature } from '../../src-shared/domain/features.ts';
import type { Reference } from '../../src-shared/domain/training.ts';
import { GraphBuilder, strings } from '../compiler/index.ts';

export interface TestModel {
  bytes: Uint8Array<ArrayBuffer>;
  signature: ModelSignature;
}

export const column = (
  name: string,
  type: ModelInput['type'],
  onnxType: ModelInput['onnxType'],
  extra: Partial<ModelInput> = {},
): ModelInput => ({
  name,
  type,
  onnxType,
  shape: [1],
  required: true,
  range: null,
  categories: null,
  ...extra,
});

const regression = (inputs: ModelInput[]): ModelSignature => ({
  task: 'regression',
  inputs,
  outputs: [{ name: 'prediction', onnxType: 'float32', shape: [1] }],
  classes: [],
  target: 'y',
});

/** prediction = x · 0 + version: every answer shows which version gave it. */
export function versionModel(version: number): TestModel {
  const g = new GraphBuilder('version');
  const x = g.input('x', 'float32', ['N', 1]);
  g.output(g.op('Add', [g.op('Mul', [x, g.scalar(0)]), g.scalar(version)]), 'prediction');
  return { bytes: g.toModelBytes({ producer: 'modelkeep' }), signature: regression([column('x', 'number', 'float32')]) };
}

/** prediction = x + 1; but for x > 1000 a loop of 2^62 steps: it hangs on that request and answers all others. */
export function hangingModel(): TestModel {
  const g = new GraphBuilder('hang');
  const x = g.input('x', 'float32', ['N', 1]);
  const large = g.op('Greater', [g.op('ReduceMax', [x], { attributes: { keepdims: 0 }, output: { shape: [] } }), g.scalar(1000)], {
    output: { dtype: 'bool', shape: [] },
  });
  const trips = g.op('Where', [large, g.scalar(2 ** 62, 'int64'), g.scalar(1, 'int64')], { output: { dtype: 'int64', shape: [] } });
  const { carried } = g.loop(trips, [x], (body, [value]) => ({
    carried: [body.op('Add', [body.op('Mul', [value!, body.scalar(1)]), body.scalar(1)])],
  }));
  g.output(carried[0]!, 'prediction');
  return { bytes: g.toModelBytes({ producer: 'modelkeep' }), signature: regression([column('x', 'number', 'float32')]) };
}

/** prediction = x + steps, one step after the other: `steps` sets how slow it is (about 3 µs each). */
export function slowModel(steps: number): TestModel {
  const g = new GraphBuilder('slow');
  const x = g.input('x', 'float32', ['N', 1]);
  const { carried } = g.loop(g.scalar(steps, 'int64'), [x], (body, [value]) => ({ carried: [body.op('Add', [value!, body.scalar(1)])] }));
  g.output(carried[0]!, 'prediction');
  return { bytes: g.toModelBytes({ producer: 'modelkeep' }), signature: regression([column('x', 'number', 'float32')]) };
}

/** Never answers at all, not even while it is tried out. */
export function alwaysHangingModel(): TestModel {
  const g = new GraphBuilder('hang');
  const x = g.input('x', 'float32', ['N', 1]);
  // The number of steps depends on the input, so that nothing can be computed beforehand.
  const trips = g.op(
    'Cast',
    [
      g.op('Add', [
        g.op('Mul', [g.op('ReduceSum', [x], { attributes: { keepdims: 0 }, output: { shape: [] } }), g.scalar(0)]),
        g.scalar(4e18),
      ]),
    ],
    {
      attributes: { to: 7 },
      output: { dtype: 'int64', shape: [] },
    },
  );
  const { carried } = g.loop(trips, [x], (body, [value]) => ({ carried: [body.op('Add', [value!, body.scalar(1)])] }));
  g.output(carried[0]!, 'prediction');
  return { bytes: g.toModelBytes({ producer: 'modelkeep' }), signature: regression([column('x', 'number', 'float32')]) };
}

/**
 * A table model of every column type: "yes" when 0.02·tenure + 1·(plan is 高级) + 0.5·active − 0.5 > 0, by logistic probabilities.
 * `since` (days) and `notes` are read and do not count.
 */
export function churnModel(): TestModel {
  const g = new GraphBuilder('churn');
  const tenure = g.input('tenure', 'float32', ['N', 1]);
  const plan = g.input('plan', 'string', ['N', 1]);
  const active = g.input('active', 'float32', ['N', 1]);
  const since = g.input('since', 'float64', ['N', 1]);
  const notes = g.input('notes', 'string', ['N', 1]);
  const filled = g.op('Where', [g.op('IsNaN', [tenure], { output: { dtype: 'bool' } }), g.scalar(20), tenure], {
    output: { dtype: 'float32', shape: ['N', 1] },
  });
  const isPremium = g.op('LabelEncoder', [plan], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_strings: strings(['高级']),
      values_floats: { kind: 'floats', value: [1] },
      default_float: { kind: 'float', value: 0 },
    },
    output: { dtype: 'float32', shape: ['N', 1] },
  });
  const notesZero = g.op('LabelEncoder', [notes], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_strings: strings(['\u0001']),
      values_floats: { kind: 'floats', value: [0] },
      default_float: { kind: 'float', value: 0 },
    },
    output: { dtype: 'float32', shape: ['N', 1] },
  });
  const sinceKnown = g.op('Where', [g.op('IsNaN', [since], { output: { dtype: 'bool' } }), g.scalar(0, 'float64'), since], {
    output: { dtype: 'float64', shape: ['N', 1] },
  });
  const sinceZero = g.op('Cast', [g.op('Mul', [sinceKnown, g.scalar(0, 'float64')])], {
    attributes: { to: 1 },
    output: { dtype: 'float32', shape: ['N', 1] },
  });
  const sum = (a: ReturnType<typeof g.scalar>, b: ReturnType<typeof g.scalar>): typeof a =>
    g.op('Add', [a, b], { output: { dtype: 'float32', shape: ['N', 1] } });
  const score = [g.op('Mul', [active, g.scalar(0.5)]), isPremium, notesZero, sinceZero, g.scalar(-0.5)].reduce(
    sum,
    g.op('Mul', [filled, g.scalar(0.02)]),
  );
  const yes = g.op('Sigmoid', [score]);
  const probabilities = g.op('Concat', [g.op('Sub', [g.scalar(1), yes], { output: { shape: ['N', 1] } }), yes], {
    attributes: { axis: 1 },
    output: { shape: ['N', 2] },
  });
  const best = g.op('ArgMax', [probabilities], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  g.output(g.op('Gather', [g.string(['no', 'yes']), best], { output: { dtype: 'string', shape: ['N'] } }), 'prediction');
  g.output(probabilities, 'probabilities');
  return {
    bytes: g.toModelBytes({ producer: 'modelkeep' }),
    signature: {
      task: 'binary',
      inputs: [
        column('tenure', 'integer', 'float32', { range: { min: 0, max: 72 } }),
        column('plan', 'category', 'string', { categories: ['basic', '高级'] }),
        column('active', 'boolean', 'float32'),
        column('since', 'date', 'float64', { required: false }),
        column('notes', 'text', 'string', { required: false }),
      ],
      outputs: [
        { name: 'prediction', onnxType: 'string', shape: [] },
        { name: 'probabilities', onnxType: 'float32', shape: [2] },
      ],
      classes: ['no', 'yes'],
      target: 'churn',
    },
  };
}

/** Every element type that a model of ours takes or gives: prediction = f32 + f64 + i64 + u8[0] + u8[1] + flag; text, i64 + 1 and not flag. */
export function everyTypeModel(): TestModel {
  const g = new GraphBuilder('types');
  const f32 = g.input('f32', 'float32', ['N', 1]);
  const f64 = g.input('f64', 'float64', ['N', 1]);
  const i64 = g.input('i64', 'int64', ['N', 1]);
  const text = g.input('text', 'string', ['N', 1]);
  const u8 = g.input('u8', 'uint8', ['N', 2]);
  const flag = g.input('flag', 'bool', ['N', 1]);
  const float = (value: typeof f32, width = 1): typeof f32 =>
    g.op('Cast', [value], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', width] } });
  const pixels = g.op('ReduceSum', [float(u8, 2), g.int64([1])], {
    attributes: { keepdims: 1 },
    output: { dtype: 'float32', shape: ['N', 1] },
  });
  const sum = [float(f64), float(i64), pixels, float(flag)].reduce((total, value) => g.op('Add', [total, value]), f32);
  g.output(sum, 'prediction');
  g.output(g.op('Identity', [text], { output: { dtype: 'string', shape: ['N', 1] } }), 'echo');
  g.output(g.op('Add', [i64, g.scalar(1, 'int64')], { output: { dtype: 'int64', shape: ['N', 1] } }), 'next');
  g.output(g.op('Not', [flag], { output: { dtype: 'bool', shape: ['N', 1] } }), 'unset');
  return {
    bytes: g.toModelBytes({ producer: 'modelkeep' }),
    signature: {
      task: 'regression',
      inputs: [
        column('f32', 'number', 'float32'),
        column('f64', 'number', 'float64'),
        column('i64', 'integer', 'int64'),
        column('text', 'text', 'string', { required: false }),
        column('u8', 'number', 'uint8', { shape: [2] }),
        column('flag', 'boolean', 'bool'),
      ],
      outputs: [
        { name: 'prediction', onnxType: 'float32', shape: [1] },
        { name: 'echo', onnxType: 'string', shape: [1] },
        { name: 'next', onnxType: 'int64', shape: [1] },
        { name: 'unset', onnxType: 'bool', shape: [1] },
      ],
      classes: [],
      target: 'y',
    },
  };
}

/** What the churn model's training rows looked like: tenure uniform over 0–72, 70 % basic, half active, a quarter without notes. */
export const churnReference: Reference = {
  columns: [
    { name: 'tenure', kind: 'numeric', rows: 10_000, nullRate: 0, edges: [18, 36, 54], values: null, shares: [0.25, 0.25, 0.25, 0.25] },
    {
      name: 'plan',
      kind: 'categorical',
      rows: 10_000,
      nullRate: 0,
      edges: null,
      values: ['basic', '高级', 'other'],
      shares: [0.7, 0.3, 0],
    },
    { name: 'notes', kind: 'text', rows: 10_000, nullRate: 0.25, edges: [10, 20], values: null, shares: [1 / 3, 1 / 3, 1 / 3] },
  ],
  prediction: {
    name: 'prediction',
    kind: 'categorical',
    rows: 2000,
    nullRate: 0,
    edges: null,
    values: ['no', 'yes', 'other'],
    shares: [0.131, 0.869, 0],
  },
  rows: 10_000,
  test: { accuracy: { value: 0.9, low: 0.88, high: 0.92, rows: 2000 } },
};
