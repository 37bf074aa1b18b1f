import { expect, it } from 'vitest';
import { compileTraining, GraphBuilder, type Graph } from '../index.ts';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';

const compile = (graph: Graph, parameters: string[]): unknown =>
  compileTraining({ forward: graph, parameters, loss: { kind: 'meanSquaredError' }, optimizer: { kind: 'sgd' }, batchSize: 2 });

function forward(
  build: (g: TypedOps, features: ReturnType<typeof typed>, weight: ReturnType<typeof typed>) => ReturnType<typeof typed>,
): Graph {
  const builder = new GraphBuilder('forward');
  const g = new TypedOps(builder);
  const features = typed(builder.input('features', 'float32', ['N', 3]));
  const weight = typed(builder.input('weight', 'float32', [3, 2]));
  const bias = typed(builder.input('bias', 'float32', [2]));
  builder.output(g.add(build(g, features, weight), bias), 'output');
  return builder.build();
}

it('says of a weight that gets no gradient why: unused, or stopped by which operator', () => {
  const unused = forward((g, features) => g.matMul(features, g.tensor([3, 2], [1, 2, 3, 4, 5, 6], features)));
  expect(() => compile(unused, ['weight', 'bias'])).toThrow(
    expect.objectContaining({
      code: 'MK_COMPILER_PARAMETER_WITHOUT_GRADIENT',
      params: { parameter: 'weight', shape: '[3, 2]', reason: 'no node uses it.' },
    }),
  );
  const stopped = forward((g, features, weight) => g.op('Floor', [g.matMul(features, weight)]));
  expect(() => compile(stopped, ['weight', 'bias'])).toThrow(
    expect.objectContaining({
      params: expect.objectContaining({ reason: expect.stringContaining('only through Floor') as string }) as object,
    }),
  );
});

it('a weight that is frozen gets no gradient and costs no node', () => {
  const graph = forward((g, features, weight) => g.matMul(features, weight));
  const { graph: trained } = compileTraining({
    forward: graph,
    parameters: ['bias'],
    frozen: ['weight'],
    loss: { kind: 'meanSquaredError' },
    optimizer: { kind: 'sgd' },
    batchSize: 2,
  });
  const body = trained.nodes.find((each) => each.opType === 'Loop')!.attributes['body'];
  const products = body?.kind === 'graph' ? body.value.nodes.filter((each) => each.opType === 'MatMul' || each.opType === 'Gemm') : [];
  // One forward, one sum of rows for the bias.
  expect(products).toHaveLength(2);
});
