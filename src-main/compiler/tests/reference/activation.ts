import { elementAt, fill, numberAttribute, unary, type Operator, type ReferenceTensor } from './tensors.ts';

export const activation: Readonly<Record<string, Operator>> = {
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Relu: unary((x) => Math.max(0, x)),
  Softmax: ([x], { attributes }) =>
    softmaxRows(x!, numberAttribute(attributes, 'axis', -1), (each, max, sum) => Math.exp(each - max) / sum),
  LogSoftmax: ([x], { attributes }) =>
    softmaxRows(x!, numberAttribute(attributes, 'axis', -1), (each, max, sum) => each - max - Math.log(sum)),
};

function softmaxRows(x: ReferenceTensor, axis: number, finish: (x: number, max: number, sum: number) => number): ReferenceTensor {
  const along = axis < 0 ? axis + x.shape.length : axis;
  const line = (index: readonly number[]): number[] =>
    Array.from({ length: x.shape[along]! }, (_, position) => elementAt(x, index.with(along, position)));
  return fill(x.shape, (index) => {
    const values = line(index);
    const max = Math.max(...values);
    return finish(
      elementAt(x, index),
      max,
      values.reduce((sum, each) => sum + Math.exp(each - max), 0),
    );
  });
}
