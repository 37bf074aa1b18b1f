import { describe, expect, it } from 'vitest';
import { replay } from '../../2-shapes/replay.ts';
import { TypedOps } from '../../2-shapes/typedOps.ts';
import { encodeModel, GraphBuilder, ints, type Graph, type Value } from '../../index.ts';
import { onnxRuntime } from '../../tests/runtimes.ts';
import { maxIterations } from './controlContext.ts';

const data = Float32Array.of(0.5, -1, 2, 0.25, 1.5, -0.75);

/** The graph with its control flow inlined. */
function inlined(graph: Graph): Graph {
  const builder = new GraphBuilder('inlined');
  const g = new TypedOps(builder);
  const inputs = new Map(graph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)]));
  const values = replay(g, graph, inputs, { fold: true, inlineControl: true });
  for (const { name } of graph.outputs) builder.output(values.get(name)!, `${name}.result`);
  return builder.build();
}

async function run(graph: Graph, flag = true): Promise<number[][]> {
  const session = await onnxRuntime.createSession(encodeModel(graph, { producer: 'test' }));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, dtype }) => [
      name,
      dtype === 'bool' ? onnxRuntime.tensor('bool', Uint8Array.of(Number(flag)), []) : onnxRuntime.tensor('float32', data, [3, 2]),
    ]),
  );
  const results = await session.run(feeds, Object.fromEntries(graph.outputs.map((each) => [each.name, null])));
  await session.release();
  return graph.outputs.map(({ name }) => [...results[name]!.dims, ...(results[name]!.data as Float32Array)]);
}

async function expectSame(graph: Graph, flag = true): Promise<Graph> {
  const result = inlined(graph);
  expect(result.nodes.filter((each) => ['If', 'Loop', 'Scan'].includes(each.opType))).toEqual([]);
  expect(await run(result, flag)).toEqual(await run(graph, flag));
  return result;
}

const x = (g: GraphBuilder): Value => g.input('x', 'float32', [3, 2]);
const type = { dtype: 'float32', shape: [3, 2] } as const;

describe('If', () => {
  const graph = (condition: (g: GraphBuilder) => Value): Graph => {
    const g = new GraphBuilder('if');
    const value = x(g);
    const [y] = g.if(
      condition(g),
      (then) => [then.op('Neg', [value])],
      (otherwise) => [otherwise.op('Tanh', [value])],
      [type],
    );
    g.output(y!, 'y');
    return g.build();
  };

  it('becomes the branch that a constant chooses', async () => {
    expect((await expectSame(graph((g) => g.bool([true], [])))).nodes.map((each) => each.opType)).toEqual(['Neg', 'Identity', 'Identity']);
    expect((await expectSame(graph((g) => g.bool([false], [])))).nodes.map((each) => each.opType)).toEqual([
      'Tanh',
      'Identity',
      'Identity',
    ]);
  });

  it('computes both and chooses where the condition is known only when it runs', async () => {
    for (const flag of [true, false])
      await expectSame(
        graph((g) => g.input('flag', 'bool', [])),
        flag,
      );
  });

  it('refuses branches of different shapes then', () => {
    const g = new GraphBuilder('if');
    const value = x(g);
    const [y] = g.if(
      g.input('flag', 'bool', []),
      (then) => [then.op('Neg', [value])],
      (otherwise) => [otherwise.op('Transpose', [value])],
      [{ dtype: 'float32' }],
    );
    g.output(y!, 'y');
    expect(() => inlined(g.build())).toThrow(expect.objectContaining({ code: 'MK_COMPILER_LOOP_UNBOUNDED' }));
  });
});

describe('Loop', () => {
  it('is unrolled, carrying and stacking', async () => {
    const g = new GraphBuilder('loop');
    const value = x(g);
    const { carried, stacked } = g.loop(g.scalar(3, 'int64'), [value], (body, [inside], iteration) => {
      const next = body.op(
        'Add',
        [body.op('Tanh', [inside]), body.op('Cast', [iteration], { attributes: { to: 1 }, output: { dtype: 'float32', shape: [] } })],
        {
          output: type,
        },
      );
      return { carried: [next], stacked: [body.op('Neg', [next])] };
    });
    g.output(carried[0]!, 'last');
    g.output(stacked[0]!, 'all');
    await expectSame(g.build());
  });

  it('stops where the body says so', async () => {
    const whole = (limit: number): Graph => {
      const g = new GraphBuilder('loop');
      const value = x(g);
      const body = g.subgraph('body');
      const iteration = body.input('iteration', 'int64', []);
      body.input('proceed', 'bool', []);
      const inside = body.input('inside', 'float32', [3, 2]);
      const next = body.op('Mul', [inside, body.scalar(2)], { output: type });
      const largest = body.op('ReduceMax', [next], { attributes: { keepdims: 0 }, output: { dtype: 'float32', shape: [] } });
      // Known while compiling for the first graph, only when it runs for the second.
      const goOn =
        limit > 0
          ? body.op('Less', [iteration, body.scalar(limit, 'int64')], { output: { dtype: 'bool', shape: [] } })
          : body.op('Less', [largest, body.scalar(20)], { output: { dtype: 'bool', shape: [] } });
      body.output(goOn);
      body.output(next);
      const [y] = g.node('Loop', [g.scalar(10, 'int64'), g.bool([true], []), value], {
        attributes: { body: body.build() },
        outputs: [type],
      });
      g.output(y!, 'y');
      return g.build();
    };
    expect((await expectSame(whole(3))).nodes.filter((each) => each.opType === 'Mul')).toHaveLength(4);
    expect((await expectSame(whole(0))).nodes.filter((each) => each.opType === 'Where')).toHaveLength(9);
  });

  it.each([
    ['a number of iterations that is not constant', (g: GraphBuilder) => g.input('trips', 'int64', [])],
    ['too many iterations', (g: GraphBuilder) => g.scalar(maxIterations + 1, 'int64')],
  ])('refuses %s', (_what, trips) => {
    const g = new GraphBuilder('loop');
    const { carried } = g.loop(trips(g), [x(g)], (body, [inside]) => ({ carried: [body.op('Tanh', [inside])] }));
    g.output(carried[0]!, 'y');
    expect(() => inlined(g.build())).toThrow(
      expect.objectContaining({ code: 'MK_COMPILER_LOOP_UNBOUNDED', params: expect.objectContaining({ operator: 'Loop' }) as unknown }),
    );
  });
});

describe('Scan', () => {
  it.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ])('is unrolled along axis %i, direction %i', async (axis, direction) => {
    const g = new GraphBuilder('scan');
    const value = x(g);
    const length = axis === 0 ? 2 : 3;
    const body = g.subgraph('body');
    const state = body.input('state', 'float32', [length]);
    const row = body.input('row', 'float32', [length]);
    const next = body.op('Tanh', [body.op('Add', [state, row], { output: { shape: [length] } })], { output: { shape: [length] } });
    body.output(next);
    body.output(body.op('Neg', [next], { output: { shape: [length] } }));
    const [last, all] = g.node('Scan', [g.float32(Array<number>(length).fill(0)), value], {
      attributes: {
        body: body.build(),
        num_scan_inputs: 1,
        scan_input_axes: ints([axis]),
        scan_input_directions: ints([direction]),
        scan_output_axes: ints([axis]),
        scan_output_directions: ints([direction]),
      },
      outputs: [{ dtype: 'float32' }, { dtype: 'float32' }],
    });
    g.output(last!, 'last');
    g.output(all!, 'all');
    await expectSame(g.build());
  });
});
