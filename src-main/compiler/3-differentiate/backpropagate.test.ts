import fc from 'fast-check';
import { expect, it } from 'vitest';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { GraphBuilder, type Graph } from '../index.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import { backpropagate, gradientsOf } from './backpropagate.ts';

/** Smooth operators on [3, 3], [3] and [1, 3] tensors: any value may be used many times, so gradients must add up. */
const unary = ['Tanh', 'Sigmoid', 'Softmax', 'LogSoftmax', 'Neg', 'Erf', 'Identity', 'Transpose'] as const;
const binary = ['Add', 'Sub', 'Mul', 'MatMul'] as const;
const parameters = { square: [3, 3], row: [3], flat: [1, 3], unit: [] } as const;

const program = fc.array(fc.record({ op: fc.constantFrom(...unary, ...binary), left: fc.nat(30), right: fc.nat(30) }), {
  minLength: 2,
  maxLength: 9,
});

it('agrees with central differences on random graphs in which values are shared and broadcast', () => {
  fc.assert(
    fc.property(program, fc.integer({ min: 1, max: 1_000_000 }), (steps, seed) => {
      const graph = withGradients(randomForward(steps));
      const random = testRandom(seed);
      const draw = (shape: readonly number[]): ReturnType<typeof tensor> =>
        tensor(
          shape,
          Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => random() * 1.6 - 0.8),
        );
      const point = Object.fromEntries(Object.entries(parameters).map(([name, shape]) => [name, draw(shape)]));
      const result = interpret(graph, point);
      for (const [name, shape] of Object.entries(parameters)) {
        const direction = draw(shape);
        const moved = (by: number): number => {
          const shifted = { shape, data: point[name]!.data.map((each, at) => each + by * direction.data[at]!) };
          return interpret(graph, { ...point, [name]: shifted })['total']!.data[0]!;
        };
        const measured = (moved(6e-6) - moved(-6e-6)) / 1.2e-5;
        const claimed = direction.data.reduce((sum, each, at) => sum + each * result[`gradient.${name}`]!.data[at]!, 0);
        expect(Math.abs(claimed - measured)).toBeLessThan(1e-6 * Math.max(1, Math.abs(measured), Math.abs(result['total']!.data[0]!)));
      }
    }),
    { numRuns: 150, seed: 20_261_101 },
  );
});

it('differentiates a formula that was added as one node, and an input that it has twice', () => {
  const builder = new GraphBuilder('formula');
  const g = new TypedOps(builder);
  const x = typed(builder.input('x', 'float64', [3]));
  // Σ x² + Π x
  const squares = g.op('Einsum', [x, x], { equation: 'i,i->' });
  const total = g.add(squares, g.op('ReduceProd', [x], { keepdims: 0 }));
  const [gradient] = gradientsOf(g, total, [x]);
  const [second] = gradientsOf(g, g.reduceSum(gradient!, [0], false), [x]);
  builder.output(gradient!, 'gradient');
  builder.output(second!, 'second');
  const results = interpret(builder.build(), { x: tensor([3], [2, 0, -5]) });
  expect([...results['gradient']!.data]).toEqual([4 + 0, 0 - 10, -10 + 0]);
  expect([...results['second']!.data]).toEqual([2 + 0 - 5, 2 - 5 + 2, 2 + 2 + 0]);
});

it('adds no node for what no parameter needs', () => {
  const forward = new GraphBuilder('forward');
  const f = new TypedOps(forward);
  const data = typed(forward.input('data', 'float64', [3, 3]));
  const row = typed(forward.input('row', 'float64', [3]));
  forward.output(f.add(f.op('Tanh', [f.matMul(data, data)]), row), 'output');
  const builder = new GraphBuilder('backward');
  const g = new TypedOps(builder);
  const inputs = new Map(forward.build().inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)]));
  const values = replay(g, forward.build(), inputs);
  const before = builder.build().nodes.length;
  backpropagate(g, [{ value: values.get('output')!, gradient: typed(builder.input('seed', 'float64', [3, 3])) }], [values.get('row')!]);
  expect(
    builder
      .build()
      .nodes.slice(before)
      .map((each) => each.opType),
  ).toEqual(['MatMul', 'Reshape']);
});

it('says which value does not influence the scalar', () => {
  const builder = new GraphBuilder('graph');
  const g = new TypedOps(builder);
  const [used, unused] = [typed(builder.input('used', 'float32', [2])), typed(builder.input('unused', 'float32', [2]))];
  const forward = new GraphBuilder('forward');
  forward.output(forward.op('Neg', [forward.input('used', 'float32', [2])]), 'output');
  const values = replay(g, forward.build(), new Map([['used', used]]));
  expect(() => gradientsOf(g, values.get('output')!, [unused])).toThrow('"unused" does not influence');
});

function randomForward(steps: readonly { op: string; left: number; right: number }[]): Graph {
  const builder = new GraphBuilder('forward');
  const g = new TypedOps(builder);
  const values: TypedValue[] = Object.entries(parameters).map(([name, shape]) => typed(builder.input(name, 'float64', shape)));
  for (const { op, left, right } of steps) {
    const [a, b] = [values[left % values.length]!, values[right % values.length]!];
    if ((binary as readonly string[]).includes(op)) {
      const fits = op !== 'MatMul' || (a.shape.length === 2 && b.shape.length === 2 && a.shape[1] === b.shape[0]);
      if (fits) values.push(g.op(op as 'Add', [a, b]));
    } else if (a.shape.length > 0 || !op.includes('oftmax')) {
      values.push(g.op(op as 'Tanh', [a]));
    }
  }
  // Every value counts, so every parameter has a gradient and the last ones are no dead ends.
  const sums = values.map((each) => g.reduceSum(each, [...each.shape.keys()], false));
  builder.output(
    sums.reduce((total, each) => g.add(total, each)),
    'total',
  );
  return builder.build();
}

function withGradients(forward: Graph): Graph {
  const builder = new GraphBuilder('backward');
  const g = new TypedOps(builder);
  const values = replay(g, forward, new Map(forward.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)])));
  const total = values.get('total')!;
  const wrt = Object.keys(parameters).map((name) => values.get(name)!);
  const results = gradientsOf(g, total, wrt);
  builder.output(total);
  wrt.forEach((each, at) => builder.output(results[at]!, `gradient.${each.name}`));
  return builder.build();
}
