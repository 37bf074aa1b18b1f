import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeModel, GraphBuilder, tensorOf, type Value } from '../../index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';
import { importModel } from './importModel.ts';

const folder = join(import.meta.dirname, '../../../../test/fixtures/onnx');
const fixture = (name: string): Uint8Array => readFileSync(join(folder, `${name}.onnx`));

const bindings = { tokens: 6 };
const exported: readonly [name: string, feeds: (rows: number) => Record<string, ReturnType<typeof onnxRuntime.tensor>>][] = [
  ['convolutions-opset11', (rows) => ({ x: floats([rows, 1, 12, 12]) })],
  ['convolutions-opset18-dynamo', (rows) => ({ x: floats([rows, 1, 12, 12]) })],
  ['encoder-opset11', sentence],
  ['encoder-opset17', sentence],
  ['encoder-opset23-dynamo', sentence],
  ['recurrent-opset14', (rows) => ({ x: floats([rows, 5, 3]) })],
  ['looping-opset17', (rows) => ({ x: floats([rows, 4]) })],
];

describe('networks that PyTorch exported', () => {
  it.each(exported)('%s computes the same in our opset, for any number of rows', async (name, feeds) => {
    const bytes = fixture(name);
    const imported = importModel(bytes, { bindings });
    for (const rows of [2, 5]) {
      const expected = await run(bytes, feeds(rows));
      const got = await run(encodeModel(imported.graph, { producer: 'test' }), feeds(rows));
      expect(got).toHaveLength(expected.length);
      got.forEach((each, at) => expect(Math.abs(each - expected[at]!)).toBeLessThan(1e-5));
    }
  });

  it('keeps open sizes open and says what they are bound to', () => {
    const { graph, batch, bindings: bound } = importModel(fixture('encoder-opset17'), { bindings });
    expect(graph.inputs.map((each) => each.shape)).toEqual([
      ['batch', 'tokens'],
      ['batch', 'tokens'],
    ]);
    expect([batch, bound]).toEqual(['batch', { tokens: 6 }]);
  });
});

describe('bad input', () => {
  const code = (name: string, params: object = {}): unknown =>
    expect.objectContaining({ code: name, params: expect.objectContaining(params) as unknown });
  const model = (build: (g: GraphBuilder) => void, opset = 21): Uint8Array => {
    const g = new GraphBuilder('bad');
    build(g);
    return encodeModel(g.build(), { producer: 'test', opsets: { '': opset } });
  };

  it('names sizes that are left open', () => {
    expect(() => importModel(fixture('encoder-opset17'))).toThrow(code('MK_COMPILER_SIZES_UNBOUND', { names: 'tokens' }));
  });

  it('names an input whose rank is unknown', () => {
    const bytes = model((g) => g.output(g.op('Relu', [g.input('anything', 'float32')]), 'y'));
    expect(() => importModel(bytes)).toThrow(code('MK_COMPILER_SHAPE_UNKNOWN', { tensor: 'anything' }));
  });

  it('names an operator that it does not know, with its node', () => {
    const bytes = model((g) => g.output(g.op('Whiten', [g.input('x', 'float32', ['N', 2, 4])], { domain: 'com.example' }), 'y'));
    expect(() => importModel(bytes)).toThrow(
      code('MK_COMPILER_OPERATOR_UNSUPPORTED', { operator: 'com.example.Whiten', node: 'node_Whiten' }),
    );
  });

  it('tells node and shapes where sizes do not fit', () => {
    const bytes = model((g) => g.output(g.op('MatMul', [g.input('x', 'float32', ['N', 4]), g.float32([1, 2, 3], [3, 1])]), 'y'));
    expect(() => importModel(bytes)).toThrow(
      code('MK_COMPILER_NODE_INVALID', { node: 'node_MatMul', operator: 'MatMul', shapes: 'x float32[3,4], constant float32[3,1]' }),
    );
  });

  it('refuses opsets that are too old or too new', () => {
    const bytes = (opset: number): Uint8Array => model((g) => g.output(g.op('Relu', [g.input('x', 'float32', ['N', 2])]), 'y'), opset);
    expect(() => importModel(bytes(6))).toThrow(code('MK_COMPILER_OPSET_UNSUPPORTED', { opset: 6 }));
    expect(() => importModel(bytes(24))).toThrow(code('MK_COMPILER_OPSET_UNSUPPORTED', { opset: 24 }));
  });

  it('asks for the name of a batch that was exported fixed, and takes it', () => {
    const bytes = model((g) => g.output(g.op('Relu', [g.input('x', 'float32', [1, 2])]), 'y'));
    expect(() => importModel(bytes)).toThrow(code('MK_COMPILER_ADAPTATION_INVALID'));
    expect(importModel(bytes, { batch: 'rows' }).graph.inputs[0]!.shape).toEqual(['rows', 2]);
  });

  it('asks for a constant in place of an input that is no row per sample', () => {
    const bytes = model((g) => g.output(g.op('Mul', [g.input('x', 'float32', ['N', 2]), g.input('factor', 'float32', [])]), 'y'));
    expect(() => importModel(bytes)).toThrow('"factor" is a scalar');
    const { graph } = importModel(bytes, { constants: { factor: tensorOf('float32', [], [3]) } });
    expect(graph.inputs.map((each) => each.name)).toEqual(['x']);
    expect(() => importModel(bytes, { constants: { other: tensorOf('float32', [], [3]) } })).toThrow('no input "other"');
  });

  it('refuses a file that is not ONNX', () => {
    expect(() => importModel(new TextEncoder().encode('not a model'))).toThrow(code('MK_COMPILER_MODEL_UNREADABLE'));
  });
});

it('keeps only the outputs that are asked for, and what they need', () => {
  const g = new GraphBuilder('two');
  const x = g.input('x', 'float32', ['N', 2]);
  g.output(g.op('Mul', [x, g.initializer('factor', tensorOf('float32', [2], [1, 2]))]), 'scaled');
  g.output(g.op('Add', [x, g.initializer('shift', tensorOf('float32', [2], [3, 4]))]), 'shifted');
  const bytes = encodeModel(g.build(), { producer: 'test' });
  const { graph } = importModel(bytes, { outputs: ['shifted'] });
  expect([...graph.initializers.keys()]).toEqual(['shift']);
  expect(() => importModel(bytes, { outputs: ['nothing'] })).toThrow('no output "nothing"');
});

it('takes the branch that a given constant chooses, and drops the weights of the other', async () => {
  const g = new GraphBuilder('rates');
  const x = g.input('x', 'float32', ['N', 2]);
  const rate = g.input('rate', 'int64', []);
  const scaled = (branch: GraphBuilder, name: string, by: number): readonly [Value] => [
    branch.op('Mul', [x, branch.initializer(name, tensorOf('float32', [2], [by, by + 1]))], { output: { shape: ['N', 2] } }),
  ];
  const [y] = g.if(
    g.op('Equal', [rate, g.scalar(16, 'int64')], { output: { dtype: 'bool', shape: [] } }),
    (then) => scaled(then, 'wide', 2),
    (otherwise) => scaled(otherwise, 'narrow', 5),
    [{ dtype: 'float32', shape: ['N', 2] }],
  );
  g.output(y!, 'logits');
  const bytes = encodeModel(g.build(), { producer: 'test' });
  for (const [given, kept] of [
    [16, 'wide'],
    [8, 'narrow'],
  ] as const) {
    const constants = { rate: tensorOf('int64', [], [given]) };
    const { graph } = importModel(bytes, { constants });
    expect(graph.nodes.map((each) => each.opType)).not.toContain('If');
    expect([...graph.initializers.keys()].filter((name) => /wide|narrow/.test(name))).toEqual([expect.stringContaining(kept)]);
    const feeds = { x: floats([3, 2]) };
    const expected = await run(bytes, { ...feeds, rate: onnxRuntime.tensor('int64', BigInt64Array.of(BigInt(given)), []) });
    expect(await run(encodeModel(graph, { producer: 'test' }), feeds)).toEqual(expected);
  }
});

it('repeats a constant state for every row', async () => {
  const g = new GraphBuilder('stateful');
  const x = g.input('x', 'float32', ['N', 2]);
  const state = g.input('state', 'float32', [1, 'M', 2]);
  g.output(
    g.op('Add', [x, g.op('Squeeze', [state, g.int64([0])], { output: { shape: ['M', 2] } })], { output: { shape: ['N', 2] } }),
    'logits',
  );
  const bytes = encodeModel(g.build(), { producer: 'test' });
  const { graph } = importModel(bytes, { constants: { state: tensorOf('float32', [1, 1, 2], [10, 20]) } });
  const x3 = onnxRuntime.tensor('float32', Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
  expect(await run(encodeModel(graph, { producer: 'test' }), { x: x3 })).toEqual([11, 22, 13, 24, 15, 26]);
});

function sentence(rows: number): Record<string, ReturnType<typeof onnxRuntime.tensor>> {
  const random = testRandom(3);
  const numbers = (most: number): BigInt64Array => BigInt64Array.from({ length: rows * 6 }, () => BigInt(Math.floor(random() * most)));
  // The first token is always real.
  const mask = numbers(2).map((each, at) => (at % 6 === 0 ? 1n : each));
  return { ids: onnxRuntime.tensor('int64', numbers(20), [rows, 6]), mask: onnxRuntime.tensor('int64', mask, [rows, 6]) };
}

function floats(shape: readonly number[]): ReturnType<typeof onnxRuntime.tensor> {
  const random = testRandom(7);
  const length = shape.reduce((product, dim) => product * dim, 1);
  return onnxRuntime.tensor(
    'float32',
    Float32Array.from({ length }, () => random() * 2 - 1),
    shape,
  );
}

async function run(bytes: Uint8Array, feeds: Record<string, ReturnType<typeof onnxRuntime.tensor>>): Promise<number[]> {
  const session = await onnxRuntime.createSession(bytes);
  const results = await session.run(feeds, { logits: null });
  await session.release();
  return Array.from(results['logits']!.data as Float32Array);
}
