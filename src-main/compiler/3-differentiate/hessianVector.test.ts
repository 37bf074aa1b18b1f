import { expect, it } from 'vitest';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import { GraphBuilder } from '../index.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { hessianVector } from './hessianVector.ts';

it('gives the Hessian times a direction: f = Σ (a·x)² b with its second derivatives written out', () => {
  const builder = new GraphBuilder('hessian');
  const g = new TypedOps(builder);
  const [x, b] = [typed(builder.input('x', 'float64', [1, 3])), typed(builder.input('b', 'float64', []))];
  const [v, w] = [typed(builder.input('v', 'float64', [1, 3])), typed(builder.input('w', 'float64', []))];
  const a = [
    [1, 2, -1],
    [0, 3, 1],
  ];
  const product = g.matMul(x, g.swapLast(g.tensor([2, 3], a.flat(), x)));
  const f = g.mul(g.reduceSum(g.mul(product, product), [0, 1], false), b);
  const [hx, hb] = hessianVector(g, f, [x, b], [v, w]);
  builder.output(hx!, 'hx');
  builder.output(hb!, 'hb');
  const [xs, vs, bs, ws] = [[0.5, -1, 2], [0.3, 0.7, -0.2], 1.5, 0.4];
  const out = interpret(builder.build(), { x: tensor([1, 3], xs), b: tensor([], [bs]), v: tensor([1, 3], vs), w: tensor([], [ws]) });
  const dot = (left: readonly number[], right: readonly number[]): number => left.reduce((sum, each, at) => sum + each * right[at]!, 0);
  // d²f/dx² = 2 b AᵀA, d²f/dx db = 2 AᵀA x, d²f/db² = 0.
  const through = (vector: readonly number[], at: number): number => a.reduce((sum, row) => sum + 2 * row[at]! * dot(row, vector), 0);
  [0, 1, 2].forEach((at) => expect(out['hx']!.data[at]).toBeCloseTo(bs * through(vs, at) + ws * through(xs, at), 10));
  expect(out['hb']!.data[0]).toBeCloseTo(
    dot(
      vs,
      [0, 1, 2].map((at) => through(xs, at)),
    ),
    10,
  );
});
