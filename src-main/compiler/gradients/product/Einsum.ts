import { einsumEquation } from '../../2-shapes/einsumEquation.ts';
import { fixed } from '../../2-shapes/rules/shapeRule.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import type { Attribute } from '../../onnx/graph.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { defineComposite } from '../defineGradient.ts';

/** A tensor whose axes carry labels, each once. */
interface Labelled {
  readonly value: TypedValue;
  readonly labels: readonly string[];
}

/**
 * Sum of products over the labels that the output leaves out. Operands are taken up from left to right: diagonals first,
 * then sums over labels that nothing else has, then each next operand by one (batched) matrix product, or by Mul where
 * they share no label to sum over. Derivatives are those of MatMul, Mul and ReduceSum, of any order.
 */
export const einsum = defineComposite({
  opType: 'Einsum',
  sinceVersion: 12,
  source: 'https://onnx.ai/onnx/operators/onnx__Einsum.html',
  formula: 'Output = Σ Π operands, by MatMul, Mul and ReduceSum',
  inputs: ['Inputs'],
  variadicInputs: true,
  outputs: ['Output'],
  attributes: { equation: '' },
  decompose: (_, { equation }, g, { inputs }) => {
    const given = inputs.flatMap((each) => each ?? []);
    const { operands, output } = einsumEquation(
      equation,
      given.map((each) => each.shape),
    );
    const prepared = given.map((value, at) => withoutOnes(g, diagonals(g, value, operands[at]!)));
    let result = sumOver(g, prepared[0]!, neededLabels(prepared.slice(1), output));
    for (let at = 1; at < prepared.length; at++) {
      const keep = neededLabels(prepared.slice(at + 1), output);
      const next = sumOver(g, prepared[at]!, new Set([...keep, ...result.labels]));
      result = multiply(g, sumOver(g, result, new Set([...keep, ...next.labels])), next, keep);
    }
    return [aligned(g, result, output)];
  },
  samples: [
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [3, 4] }, attributes: withEquation('ij,jk->ik') },
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [3, 4] }, attributes: withEquation('ij, jk') },
    { inputs: { 'Inputs.0': [2, 3, 4], 'Inputs.1': [2, 5, 4] }, attributes: withEquation('bid,bjd->bij') },
    { inputs: { 'Inputs.0': [2, 3, 4, 2], 'Inputs.1': [2, 5, 4, 2] }, attributes: withEquation('bihd,bjhd->bhij') },
    { inputs: { 'Inputs.0': [2, 3, 4], 'Inputs.1': [4, 5] }, attributes: withEquation('...i,ij->...j') },
    { inputs: { 'Inputs.0': [2, 1, 3, 4], 'Inputs.1': [1, 5, 4, 2] }, attributes: withEquation('...ij,...jk->...ik') },
    { inputs: { 'Inputs.0': [3], 'Inputs.1': [4] }, attributes: withEquation('i,j->ij') },
    { inputs: { 'Inputs.0': [3], 'Inputs.1': [3] }, attributes: withEquation('i,i->') },
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [2, 3] }, attributes: withEquation('ij,ij->ji') },
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [4, 5] }, attributes: withEquation('ij,kl->lk') },
    { inputs: { 'Inputs.0': [2, 3, 4] }, attributes: withEquation('ijk->kj') },
    { inputs: { 'Inputs.0': [3, 3] }, attributes: withEquation('ii->i') },
    { inputs: { 'Inputs.0': [3, 3] }, attributes: withEquation('ii') },
    { inputs: { 'Inputs.0': [2, 3, 3] }, attributes: withEquation('...ii->i...') },
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [3, 4], 'Inputs.2': [4, 2] }, attributes: withEquation('ij,jk,kl->il') },
    { inputs: { 'Inputs.0': [2, 3], 'Inputs.1': [3], 'Inputs.2': [2, 4] }, attributes: withEquation('bi,i,bj->bij') },
  ],
  specialPoints: [
    {
      inputs: { 'Inputs.0': { shape: [2, 2], values: [1, 2, 3, 4] } },
      attributes: withEquation('ii->i'),
      cotangent: [5, 7],
      gradients: { 'Inputs.0': [5, 0, 0, 7] },
    },
  ],
});

function withEquation(equation: string): Record<string, Attribute> {
  return { equation: { kind: 'string', value: equation } };
}

/** A label that an operand has twice: what is off the diagonal becomes 0, and a sum takes one of the axes away. */
function diagonals(g: TypedOps, value: TypedValue, labels: readonly string[]): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { value, labels };
  const first = labels.indexOf(labels[second]!);
  const size = fixed(value.shape[first], 'A diagonal');
  if (value.shape[second] !== size) throw new Error(`Einsum: the diagonal "${labels[second]}" of [${value.shape.join()}] has two sizes.`);
  const onDiagonal = Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
  const mask = g.constant(
    tensorOf(
      'bool',
      value.shape.map((_, axis) => (axis === first || axis === second ? size : 1)),
      onDiagonal,
    ),
  );
  const alone = g.op('Where', [mask, value, g.scalar(0, value)]);
  return diagonals(g, g.reduceSum(alone, [second], false), labels.toSpliced(second, 1));
}

/** Axes of size 1 go: the other operands have the label's true size, or `aligned` puts the 1 back. */
function withoutOnes(g: TypedOps, { value, labels }: Labelled): Labelled {
  const kept = labels.filter((_, axis) => value.shape[axis] !== 1);
  return {
    value: g.reshape(
      value,
      value.shape.filter((dim) => dim !== 1),
    ),
    labels: kept,
  };
}

function neededLabels(later: readonly Labelled[], output: readonly string[]): Set<string> {
  return new Set([...output, ...later.flatMap((each) => each.labels)]);
}

/** Sums over the labels that are not in `keep`. */
function sumOver(g: TypedOps, { value, labels }: Labelled, keep: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, axis) => (keep.has(label) ? [] : [axis]));
  return { value: g.reduceSum(value, axes, false), labels: labels.filter((label) => keep.has(label)) };
}

/** Product of two operands, summed over the labels that both have and `keep` has not. */
function multiply(g: TypedOps, left: Labelled, right: Labelled, keep: ReadonlySet<string>): Labelled {
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => keep.has(label));
  const summed = shared.filter((label) => !keep.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  if (summed.length === 0) return { value: g.mul(aligned(g, left, labels), aligned(g, right, labels)), labels };
  const size = sizesOf(left, right);
  const count = (group: readonly string[]): number => group.reduce((product, label) => product * size(label), 1);
  // One batch axis for all, none where there is no batch: then it is a plain matrix product.
  const lead = batch.length > 0 ? [count(batch)] : [];
  const a = g.reshape(aligned(g, left, [...batch, ...rows, ...summed]), [...lead, count(rows), count(summed)]);
  const b = g.reshape(aligned(g, right, [...batch, ...summed, ...columns]), [...lead, count(summed), count(columns)]);
  return { value: g.reshape(g.matMul(a, b), labels.map(size)), labels };
}

function sizesOf(...operands: readonly Labelled[]): (label: string) => number {
  const sizes = new Map(operands.flatMap(({ value, labels }) => labels.map((label, axis) => [label, value.shape[axis]!] as const)));
  return (label) => fixed(sizes.get(label), `The size of "${label}"`);
}

/** The tensor with its axes in the order of `labels`; those that it lacks become axes of size 1. */
function aligned(g: TypedOps, { value, labels: own }: Labelled, labels: readonly string[]): TypedValue {
  const order = labels.flatMap((label) => (own.includes(label) ? [own.indexOf(label)] : []));
  const turned = order.every((axis, at) => axis === at) ? value : g.transpose(value, order);
  const size = sizesOf({ value, labels: own });
  return g.reshape(
    turned,
    labels.map((label) => (own.includes(label) ? size(label) : 1)),
  );
}
