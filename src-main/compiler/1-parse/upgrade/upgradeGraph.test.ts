import { describe, expect, it } from 'vitest';
import { encodeModel, float, floats, GraphBuilder, type AttributeInput, type Graph, type Shape, type Value } from '../../index.ts';
import { onnxRuntime, testRandom } from '../../tests/runtimes.ts';
import { upgrades } from './index.ts';
import { upgradeGraph } from './upgradeGraph.ts';

type Constant = (g: GraphBuilder) => Value;
interface Case {
  opset: number;
  shape: readonly number[];
  inputs?: readonly (Constant | undefined)[];
  attributes?: Readonly<Record<string, AttributeInput>>;
  outputs?: number;
  /** There is no general form. */
  needsShape?: true;
  /** ONNX Runtime has no kernel for the old form: what the new one must give is told by another graph. */
  same?: { opType: string; inputs?: readonly (Constant | undefined)[]; attributes?: Readonly<Record<string, AttributeInput>> };
}

const ints =
  (...values: number[]): Constant =>
  (g) =>
    g.int64(values);
const numbers =
  (...values: number[]): Constant =>
  (g) =>
    g.float32(values);

/** Old forms, each run by ONNX Runtime as it stands and after the upgrade. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  Squeeze: [{ opset: 11, shape: [1, 3, 1], attributes: { axes: [0] } }],
  Unsqueeze: [{ opset: 11, shape: [2, 3], attributes: { axes: [0, 3] } }],
  ReduceSum: [{ opset: 11, shape: [2, 3, 4], attributes: { axes: [-1], keepdims: 0 } }],
  ReduceL1: [{ opset: 13, shape: [2, 3], attributes: { axes: [0] } }],
  ReduceL2: [{ opset: 17, shape: [2, 3], attributes: { axes: [1] } }],
  ReduceLogSum: [{ opset: 17, shape: [2, 3], attributes: { axes: [1] } }],
  ReduceLogSumExp: [{ opset: 17, shape: [2, 3], attributes: { axes: [1] } }],
  ReduceMax: [{ opset: 11, shape: [2, 3], attributes: { axes: [-1] } }],
  ReduceMean: [
    { opset: 13, shape: [2, 3, 4], attributes: { axes: [1, 2], keepdims: 0 } },
    { opset: 17, shape: [2, 3] },
  ],
  ReduceMin: [{ opset: 13, shape: [2, 3], attributes: { axes: [0] } }],
  ReduceProd: [{ opset: 13, shape: [2, 3], attributes: { axes: [0] } }],
  ReduceSumSquare: [{ opset: 13, shape: [2, 3], attributes: { axes: [0] } }],
  Split: [
    { opset: 11, shape: [6, 2], attributes: { split: [1, 3, 2] }, outputs: 3 },
    { opset: 11, shape: [6, 2], outputs: 2 },
    { opset: 13, shape: [2, 6], attributes: { axis: 1 }, outputs: 3 },
  ],
  Softmax: [
    { opset: 11, shape: [2, 3, 4] },
    { opset: 11, shape: [2, 3, 4], attributes: { axis: 2 } },
    { opset: 7, shape: [2, 3, 4], attributes: { axis: 0 } },
    { opset: 11, shape: [2, 3] },
  ],
  LogSoftmax: [{ opset: 11, shape: [2, 3, 4] }],
  Hardmax: [{ opset: 11, shape: [2, 3, 4] }],
  Clip: [
    { opset: 7, shape: [2, 3], attributes: { min: float(-0.5), max: float(0.5) } },
    { opset: 7, shape: [2, 3], attributes: { max: float(0.25) } },
  ],
  Dropout: [
    { opset: 7, shape: [2, 3], attributes: { ratio: float(0.3) } },
    { opset: 10, shape: [2, 3] },
  ],
  Pad: [
    { opset: 7, shape: [2, 3], attributes: { pads: [0, 1, 1, 0], value: float(2) } },
    { opset: 10, shape: [3, 4], attributes: { pads: [1, 1, 1, 1], mode: 'reflect' } },
  ],
  Slice: [{ opset: 9, shape: [4, 5], attributes: { starts: [1, -3], ends: [1000, -1], axes: [0, 1] } }],
  TopK: [{ opset: 9, shape: [2, 5], attributes: { k: 2 }, outputs: 2 }],
  Upsample: [
    { opset: 7, shape: [1, 1, 2, 3], attributes: { scales: floats([1, 1, 2, 3]) } },
    { opset: 9, shape: [1, 1, 2, 3], inputs: [undefined, numbers(1, 1, 2, 2)], attributes: { mode: 'linear' } },
  ],
  Resize: [
    { opset: 10, shape: [1, 1, 2, 4], inputs: [undefined, numbers(1, 1, 2, 2)] },
    { opset: 10, shape: [1, 1, 3, 4], inputs: [undefined, numbers(1, 1, 2, 1.5)], attributes: { mode: 'linear' } },
    {
      opset: 11,
      shape: [1, 1, 4, 4],
      inputs: [undefined, (g) => g.float32([], [0]), (g) => g.float32([], [0]), ints(1, 1, 3, 3)],
      attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    },
  ],
  BatchNormalization: [
    {
      opset: 7,
      shape: [2, 3, 4],
      inputs: [undefined, numbers(1, 2, 3), numbers(0.1, 0.2, 0.3), numbers(0.5, 0, -0.5), numbers(1, 2, 0.5)],
      attributes: { epsilon: float(1e-3) },
    },
  ],
  GroupNormalization: [
    {
      opset: 18,
      shape: [2, 4, 3],
      needsShape: true,
      inputs: [undefined, numbers(2, 3), numbers(0.5, -0.5)],
      attributes: { num_groups: 2 },
      same: {
        opType: 'GroupNormalization',
        inputs: [undefined, numbers(2, 2, 3, 3), numbers(0.5, 0.5, -0.5, -0.5)],
        attributes: { num_groups: 2 },
      },
    },
  ],
  Scatter: [{ opset: 9, shape: [3, 3], inputs: [undefined, (g) => g.int64([0, 2, 1], [1, 3]), (g) => g.float32([7, 8, 9], [1, 3])] }],
  GridSample: [
    {
      opset: 16,
      shape: [1, 1, 3, 3],
      inputs: [undefined, (g) => g.float32([-0.5, 0.2, 0.7, -0.3], [1, 2, 1, 2])],
      attributes: { mode: 'bilinear' },
    },
  ],
  RoiAlign: [
    {
      opset: 10,
      shape: [1, 1, 6, 6],
      inputs: [undefined, (g) => g.float32([0.5, 0.5, 4, 4], [1, 4]), ints(0)],
      attributes: { output_height: 2, output_width: 2, sampling_ratio: 2 },
    },
  ],
  DFT: [{ opset: 17, shape: [1, 4, 1] }],
};

const refused = new Set(['Scan']);

it('has a case for each operator in the table', () => {
  expect(Object.keys(cases).toSorted()).toEqual(
    Object.keys(upgrades)
      .filter((name) => !refused.has(name))
      .toSorted(),
  );
});

for (const [opType, list] of Object.entries(cases)) {
  describe(opType, () => {
    it.each(list.map((each) => [`opset ${each.opset} of [${each.shape.join()}]`, each] as const))(
      '%s means the same',
      async (_name, each) => {
        const graph = build(opType, each);
        const expected = each.same ? await run(build(each.same.opType, { ...each, ...each.same }), 21) : await run(graph, each.opset);
        if (!each.needsShape) expect(await run(upgradeGraph(graph, each.opset), 21)).toEqual(expected);
        // With shapes known, shorter forms may be taken.
        const shapes: Readonly<Record<string, Shape>> = { x: each.shape };
        expect(await run(upgradeGraph(graph, each.opset, { shapeOf: (name) => shapes[name] }), 21)).toEqual(expected);
      },
      20_000,
    );
  });
}

it('upgrades subgraphs and turns constants into initializers', () => {
  const g = new GraphBuilder('outer');
  const x = g.input('x', 'float32', [1, 3]);
  const [result] = g.if(
    g.input('flag', 'bool', []),
    (then) => [then.op('Squeeze', [x], { attributes: { axes: [0] }, output: { shape: [3] } })],
    (otherwise) => [
      otherwise.node('Constant', [], { attributes: { value_floats: floats([1, 2, 3]) }, outputs: [{ dtype: 'float32', shape: [3] }] })[0]!,
    ],
    [{ dtype: 'float32', shape: [3] }],
  );
  g.output(result!, 'y');
  const [node] = upgradeGraph(g.build(), 12).nodes;
  const branch = (name: string): Graph => (node!.attributes[name] as { value: Graph }).value;
  expect(branch('then_branch').nodes[0]!.inputs).toHaveLength(2);
  expect(branch('else_branch').nodes.map((each) => each.opType)).not.toContain('Constant');
  expect([...branch('else_branch').initializers.values()][0]!.data).toEqual(Float32Array.of(1, 2, 3));
});

it('leaves what opset 21 does not change as it is, and names nodes that have no name', () => {
  const g = new GraphBuilder('plain');
  g.output(g.op('Relu', [g.input('x', 'float32', [2])]), 'y');
  const graph = g.build();
  const unnamed = { ...graph, nodes: graph.nodes.map((each) => ({ ...each, name: '' })) };
  expect(upgradeGraph(graph, 23)).toEqual(graph);
  expect(upgradeGraph(unnamed, 21).nodes.map((each) => each.name)).toEqual(['Relu_0', 'Identity_1']);
});

it.each([6, 24])('refuses opset %i', (opset) => {
  expect(() => upgradeGraph(new GraphBuilder('empty').build(), opset)).toThrow(
    expect.objectContaining({ code: 'MK_COMPILER_OPSET_UNSUPPORTED', params: { opset, oldest: 7, newest: 23 } }),
  );
});

it('refuses an old form without an equivalent, by node', () => {
  const g = new GraphBuilder('spatial');
  const values = g.float32([1, 1]);
  const x = g.input('x', 'float32', [1, 2]);
  g.output(g.op('BatchNormalization', [x, values, values, values, values], { attributes: { spatial: 0 } }), 'y');
  expect(() => upgradeGraph(g.build(), 7)).toThrow(
    expect.objectContaining({
      code: 'MK_COMPILER_IMPORT_NODE_UNSUPPORTED',
      params: expect.objectContaining({ node: 'node_BatchNormalization' }) as unknown,
    }),
  );
});

function build(opType: string, { shape, inputs = [undefined], attributes = {}, outputs = 1 }: Case): Graph {
  const g = new GraphBuilder('case');
  const x = g.input('x', 'float32', shape);
  const made = g.node(opType, inputs.length === 0 ? [x] : inputs.map((each, at) => (each ? each(g) : at === 0 ? x : undefined)), {
    attributes,
    outputs: Array.from({ length: outputs }, (_, at) => ({ dtype: opType === 'TopK' && at === 1 ? 'int64' : 'float32' })),
  });
  for (const each of made) g.output(each);
  return g.build();
}

async function run(graph: Graph, opset: number): Promise<unknown[]> {
  const random = testRandom(5);
  const session = await onnxRuntime.createSession(encodeModel(graph, { producer: 'test', opsets: { '': opset } }));
  const x = graph.inputs[0]!;
  const size = (x.shape as number[]).reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from(
    { length: size },
    () => random() * 2 - (opset > 0 && graph.nodes.some((node) => node.opType === 'ReduceLogSum') ? 0 : 1),
  );
  const fetches = Object.fromEntries(graph.outputs.map((each) => [each.name, null]));
  const results = await session.run({ x: onnxRuntime.tensor('float32', data, x.shape as number[]) }, fetches);
  await session.release();
  return graph.outputs.map(({ name }) => {
    const { dims, data: values } = results[name]!;
    return { dims: [...dims], values: Array.from(values as Iterable<number | bigint>, (each) => Math.round(Number(each) * 1e5) / 1e5) };
  });
}
