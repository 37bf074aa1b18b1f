import * as ort from '../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { encodeModel, float, GraphBuilder, mergeGraphs, readModel, strings, tensorOf } from '../index.ts';

const run = async (bytes: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> => {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    return (await session.run(feeds)) as Record<string, ort.Tensor>;
  } finally {
    await session.release();
  }
};
const producer = { producer: 'modelkeep' };

describe('GraphBuilder', () => {
  it('writes every tensor type and attribute kind so that ONNX Runtime and readModel give them back', async () => {
    const g = new GraphBuilder('kinds');
    const x = g.input('x', 'float32', ['N', 2]);
    g.output(
      g.op('Gemm', [x, g.float32([1, 2, 3, 4], [2, 2])], { attributes: { alpha: float(0.5), transB: 1 }, output: { shape: ['N', 2] } }),
      'y',
    );
    g.output(
      g.op('Constant', [], { attributes: { value: tensorOf('float64', [2], [0.1, -2]) }, output: { dtype: 'float64', shape: [2] } }),
      'doubles',
    );
    g.output(g.int32([7, -7]), 'ints');
    g.output(g.bool([true, false]), 'bools');
    g.output(g.int64([2 ** 40]), 'longs');
    g.output(g.string(['a', '客户', '']), 'texts');
    const city = g.input('city', 'string', ['N']);
    const classes = g.op('LabelEncoder', [city], {
      domain: 'ai.onnx.ml',
      attributes: { keys_strings: ['Paris', '北京'], values_floats: { kind: 'floats', value: [1.5, 2.5] }, default_float: float(-1) },
      output: { dtype: 'float32', shape: ['N'] },
    });
    g.output(classes, 'code');
    const bytes = g.toModelBytes({ ...producer, metadata: { purpose: 'test', 名: '值' } });
    const out = await run(bytes, { x: new ort.Tensor('float32', [1, 1], [1, 2]), city: new ort.Tensor('string', ['北京'], [1]) });
    expect([...(out['y']!.data as Float32Array)]).toEqual([1.5, 3.5]);
    expect([...(out['doubles']!.data as Float64Array)]).toEqual([0.1, -2]);
    expect([...(out['ints']!.data as Int32Array)]).toEqual([7, -7]);
    expect([...(out['bools']!.data as Uint8Array)]).toEqual([1, 0]);
    expect([...(out['longs']!.data as BigInt64Array)]).toEqual([2n ** 40n]);
    expect(out['texts']!.data).toEqual(['a', '客户', '']);
    expect([...(out['code']!.data as Float32Array)]).toEqual([2.5]);

    const model = readModel(bytes);
    expect(model.metadata).toEqual({ purpose: 'test', 名: '值' });
    expect(model.inputs).toEqual([
      { name: 'x', dtype: 'float32', shape: ['N', 2] },
      { name: 'city', dtype: 'string', shape: ['N'] },
    ]);
    expect(model.outputs.map((each) => each.name)).toEqual(['y', 'doubles', 'ints', 'bools', 'longs', 'texts', 'code']);
    // Types of computed values are for people and not in the file.
    expect(model.graph).toEqual({ ...g.build(), valueTypes: undefined });
    expect(encodeModel(model.graph, { ...producer, metadata: model.metadata })).toEqual(bytes);
  });

  it('runs a Loop that carries and stacks values, and an If that captures outer values', async () => {
    const g = new GraphBuilder('control');
    const x = g.input('x', 'float32', []);
    const { carried, stacked } = g.loop(g.scalar(3, 'int64'), [x], (body, [value]) => {
      const doubled = body.op('Mul', [value!, body.scalar(2)], { output: { shape: [] } });
      return { carried: [doubled], stacked: [doubled] };
    });
    g.output(carried[0]!, 'last');
    g.output(stacked[0]!, 'all');
    const large = g.op('Greater', [x, g.scalar(10)], { output: { dtype: 'bool', shape: [] } });
    g.output(
      g.if(
        large,
        () => [x],
        (no) => [no.op('Neg', [x])],
        [{ dtype: 'float32', shape: [] }],
      )[0]!,
      'signed',
    );
    expect(stacked[0]!.shape).toEqual([3]);
    const out = await run(g.toModelBytes(producer), { x: new ort.Tensor('float32', [1.5], []) });
    expect([...(out['last']!.data as Float32Array)]).toEqual([12]);
    expect([...(out['all']!.data as Float32Array)]).toEqual([3, 6, 12]);
    expect([...(out['signed']!.data as Float32Array)]).toEqual([-1.5]);
  });

  it('refuses a name used twice, an unknown value, a plain fraction as attribute and data that does not fill its shape', () => {
    const g = new GraphBuilder('bad');
    const x = g.input('x', 'float32', [1]);
    expect(() => g.input('x', 'float32', [1])).toThrow('two values named "x"');
    expect(() => g.op('Neg', [{ name: 'nowhere', dtype: 'float32' }])).toThrow('no value "nowhere"');
    expect(() => g.op('Elu', [x], { attributes: { alpha: 0.5 } })).toThrow('write float(0.5)');
    expect(() => g.op('Elu', [x], { attributes: { axes: [] } })).toThrow('empty list');
    expect(() => g.initializer('w', { dtype: 'float32', shape: [3], data: new Float32Array(2) })).toThrow('do not fill [3]');
    expect(() => g.subgraph('inner').input('x', 'float32', [1])).toThrow('two values named "x"');
    expect(strings([])).toEqual({ kind: 'strings', value: [] });
  });
});

describe('mergeGraphs', () => {
  const features = new GraphBuilder('features');
  const raw = features.input('amount', 'float32', ['N', 1]);
  features.output(features.op('Sub', [raw, features.scalar(1)], { output: { shape: ['N', 1] } }), 'features');
  const head = new GraphBuilder('head');
  const input = head.input('features', 'float32', ['N', 1]);
  head.output(head.op('Mul', [input, head.scalar(3)], { output: { shape: ['N', 1] } }), 'prediction');

  it('joins a feature graph and a head whose inner names collide into one model', async () => {
    const merged = mergeGraphs(features.build(), head.build(), { connect: { features: 'features' }, keepOutputs: ['features'] });
    const bytes = encodeModel(merged, producer);
    expect(readModel(bytes).inputs.map((each) => each.name)).toEqual(['amount']);
    const out = await run(bytes, { amount: new ort.Tensor('float32', [5, 0], [2, 1]) });
    expect([...(out['prediction']!.data as Float32Array)]).toEqual([12, -3]);
    expect([...(out['features']!.data as Float32Array)]).toEqual([4, -1]);
  });

  it('refuses a connection that does not exist and an output name that is taken', () => {
    expect(() => mergeGraphs(features.build(), head.build(), { connect: { features: 'nothing' } })).toThrow('no output "nothing"');
    expect(() => mergeGraphs(features.build(), head.build(), { connect: { nothing: 'features' } })).toThrow('no input "nothing"');
    const clash = new GraphBuilder('clash');
    clash.output(clash.op('Neg', [clash.input('z', 'float32', ['N', 1])]), 'amount');
    expect(() => mergeGraphs(features.build(), clash.build(), { connect: { z: 'features' } })).toThrow('"amount" is in both');
  });
});

describe('readModel', () => {
  it('refuses bytes that are no model with a code', () => {
    for (const bytes of [new TextEncoder().encode('this is a CSV file, not a model'), new Uint8Array(0), new Uint8Array(1000).fill(255)]) {
      expect(() => readModel(bytes)).toThrow(expect.objectContaining({ code: 'MK_COMPILER_MODEL_UNREADABLE' }));
    }
  });
});
