import { expect, it } from 'vitest';
import { addScan } from '../../2-shapes/scan.ts';
import { TypedOps, typed, type TypedValue } from '../../2-shapes/typedOps.ts';
import { gradientsOf } from '../../3-differentiate/backpropagate.ts';
import { GraphBuilder, type Graph } from '../../index.ts';
import { interpret, tensor, type ReferenceTensor } from '../../tests/referenceInterpreter.ts';
import { testRandom } from '../../tests/runtimes.ts';

const shapes = { state: [2, 3], items: [4, 2, 3], right: [3, 3], left: [2, 2], both: [2, 2], gain: [2, 1] };
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];

/** s₊ = tanh(left·(both·both)·s·right + gain ⊙ x): weights on either side, one that is used twice, one that is not in a product. */
function loss(g: TypedOps, values: Readonly<Record<Name, TypedValue>>, backward: boolean): TypedValue {
  const { states, stacks } = addScan(g, [values.state], [{ value: values.items, backward }], (b, [s], [x]) => {
    const turned = b.matMul(values.both, b.matMul(values.both, s!));
    const next = b.op('Tanh', [b.add(b.matMul(b.matMul(values.left, turned), values.right), b.mul(values.gain, x!))]);
    return { states: [next], items: [{ value: b.mul(next, x!), backward }] };
  });
  const sum = (value: TypedValue): TypedValue => g.reduceSum(g.mul(value, value), [...value.shape.keys()], false);
  return g.add(sum(states[0]!), sum(stacks[0]!));
}

function build(backward: boolean, order: 1 | 2): Graph {
  const builder = new GraphBuilder('loop');
  const g = new TypedOps(builder);
  const values = Object.fromEntries(names.map((name) => [name, typed(builder.input(name, 'float64', shapes[name]))])) as Record<
    Name,
    TypedValue
  >;
  const all = names.map((name) => values[name]);
  let scalar = loss(g, values, backward);
  if (order === 2) {
    const first = gradientsOf(g, scalar, all);
    scalar = first.map((each) => g.reduceSum(g.mul(each, each), [...each.shape.keys()], false)).reduce((sum, each) => g.add(sum, each));
  }
  builder.output(scalar, 'loss');
  gradientsOf(g, scalar, all).forEach((each, at) => builder.output(each, `gradient.${names[at]!}`));
  return builder.build();
}

it.each([
  ['forwards', false, 1],
  ['backwards', true, 1],
  ['forwards, of second order', false, 2],
  ['backwards, of second order', true, 2],
] as const)('agrees with central differences for everything that the body reads, %s', (_, backward, order) => {
  const graph = build(backward, order);
  const random = testRandom(3);
  const draw = (shape: readonly number[]): ReferenceTensor =>
    tensor(
      shape,
      Array.from({ length: shape.reduce((product, each) => product * each, 1) }, () => random() * 1.4 - 0.7),
    );
  const point = Object.fromEntries(names.map((name) => [name, draw(shapes[name])])) as Record<Name, ReferenceTensor>;
  const results = interpret(graph, point);
  for (const name of names) {
    const direction = draw(shapes[name]);
    const at = (step: number): number => {
      const moved = { ...point[name], data: point[name].data.map((each, place) => each + step * direction.data[place]!) };
      return interpret(graph, { ...point, [name]: moved })['loss']!.data[0]!;
    };
    const measured = (at(6e-6) - at(-6e-6)) / 1.2e-5;
    const gradient = results[`gradient.${name}`]!.data.reduce((sum, each, place) => sum + each * direction.data[place]!, 0);
    expect(Math.abs(gradient - measured), name).toBeLessThan(1e-7 * Math.max(1, Math.abs(measured)));
  }
});

it('sums a weight of products outside the Scan, and carries a sum for what is not in a product', () => {
  const graph = build(false, 1);
  const backwards = graph.nodes.filter((node) => node.opType === 'Scan').at(-1)!;
  const body = backwards.attributes['body'];
  if (body?.kind !== 'graph') throw new Error('The Scan has no body.');
  const carried = body.value.inputs.slice(0, 2).map((each) => each.shape);
  expect(carried).toEqual([shapes.state, shapes.gain]);
  const scanned = backwards.attributes['num_scan_inputs'];
  expect(body.value.inputs).toHaveLength(2 + (scanned?.kind === 'int' ? scanned.value : 0));
});

it('keeps the products of a step alone: what is the same in all steps is turned once, outside', () => {
  const graph = build(false, 1);
  const bodies = graph.nodes.flatMap((node) =>
    Object.values(node.attributes).flatMap((each) => (each.kind === 'graph' ? [each.value] : [])),
  );
  expect(bodies.flatMap((body) => body.nodes.filter((node) => node.opType === 'Gemm' && 'transA' in node.attributes))).toEqual([]);
});
