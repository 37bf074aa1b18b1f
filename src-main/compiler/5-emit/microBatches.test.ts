import { describe, expect, it } from 'vitest';
import { parseGraphText } from '../tests/parseGraphText.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { runtimeOrder } from './runtimeOrder.ts';
import { sinkLinear } from './sinkLinear.ts';

const step = `step (float32[2,3] x, float32[3,2] w, float32[2] k) => (float32[4] gradient, float32[] loss, float32[2,2] inner) {
  half = float32[] {0.5}
  flat = int64[1] {4}
  all = int64[2] {0, 1}
  inner = MatMul(x, w)
  s = Mul(inner, k)
  t = Transpose <perm=[1, 0]>(s)
  u = Mul(t, half)
  gradient = Reshape(u, flat)
  loss = ReduceSum <keepdims=0>(t, all)
}
`;

describe('sinkLinear', () => {
  const graph = parseGraphText(step);
  const { body, after } = sinkLinear(graph, new Set(['gradient']), new Set(['w', 'k']));

  it('moves what is linear in the sum behind the loop, up to a value that something else reads', () => {
    expect(after.nodes.map((each) => each.outputs[0])).toEqual(['u', 'gradient']);
    expect(body.outputs.map((each) => each.name)).toEqual(['t', 'loss', 'inner']);
  });

  it('gives the sum of the gradients from the sum of what the body gives', () => {
    const at = (from: number): ReturnType<typeof tensor> =>
      tensor(
        [2, 3],
        [0, 1, 2, 3, 4, 5].map((each) => Math.sin(from + each)),
      );
    const weights = { w: tensor([3, 2], [1, -2, 3, 0.5, -1, 2]), k: tensor([2], [3, -1]) };
    const whole = [1, 7].map((from) => interpret(graph, { x: at(from), ...weights })['gradient']!.data);
    const fronts = [1, 7].map((from) => interpret({ ...body, outputs: body.outputs.slice(0, 1) }, { x: at(from), ...weights })['t']!.data);
    const total = tensor(
      [2, 2],
      Array.from(fronts[0]!, (each, place) => each + fronts[1]![place]!),
    );
    const { gradient } = interpret({ ...after, outputs: graph.outputs.slice(0, 1) }, { t: total, ...weights });
    Array.from(gradient!.data).forEach((each, place) => expect(each).toBeCloseTo(whole[0]![place]! + whole[1]![place]!, 12));
  });

  it('leaves products with values of the batch where they are', () => {
    const squared = parseGraphText(`step (float32[2] x, float32[2] y) => (float32[2] gradient) {
  gradient = Mul(x, y)
}`);
    expect(sinkLinear(squared, new Set(['gradient']), new Set()).after.nodes).toEqual([]);
  });
});

describe('runtimeOrder', () => {
  it('puts what nothing reads at the end, what is ready first last, so that the runtime computes it as soon as it can', () => {
    const graph = parseGraphText(`step (float32[2] x) => (float32[2] first, float32[2] second, float32[2] third) {
  a = Neg(x)
  b = Neg(a)
  third = Abs(b)
  first = Exp(a)
  second = Exp(b)
}`);
    const ordered = runtimeOrder(graph);
    expect(ordered.nodes.map((each) => each.outputs[0])).toEqual(['a', 'b', 'third', 'second', 'first']);
    const feeds = { x: tensor([2], [1, -2]) };
    expect(interpret(ordered, feeds)).toEqual(interpret(graph, feeds));
  });
});
