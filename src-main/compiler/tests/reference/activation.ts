import { erf } from './elementwise.ts';
import { binary, elementAt, fill, numberAttribute, textAttribute, unary, type Operator, type ReferenceTensor } from './tensors.ts';

export const activation: Readonly<Record<string, Operator>> = {
  Tanh: unary(Math.tanh),
  Sigmoid: unary(sigmoid),
  Relu: unary((x) => Math.max(0, x)),
  LeakyRelu: withNumbers({ alpha: 0.01 }, (x, { alpha }) => (x < 0 ? alpha * x : x)),
  PRelu: binary((x, slope) => (x < 0 ? slope * x : x)),
  Elu: withNumbers({ alpha: 1 }, (x, { alpha }) => (x < 0 ? alpha * Math.expm1(x) : x)),
  Selu: withNumbers(
    { alpha: 1.67326319217681884765625, gamma: 1.05070102214813232421875 },
    (x, { alpha, gamma }) => gamma * (x < 0 ? alpha * Math.expm1(x) : x),
  ),
  Celu: withNumbers({ alpha: 1 }, (x, { alpha }) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha))),
  ThresholdedRelu: withNumbers({ alpha: 1 }, (x, { alpha }) => (x > alpha ? x : 0)),
  HardSigmoid: withNumbers({ alpha: 0.2, beta: 0.5 }, (x, { alpha, beta }) => Math.max(0, Math.min(1, alpha * x + beta))),
  HardSwish: unary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Gelu: (inputs, context) => unary(textAttribute(context.attributes, 'approximate', 'none') === 'tanh' ? tanhGelu : gelu)(inputs, context),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  Swish: withNumbers({ alpha: 1 }, (x, { alpha }) => x * sigmoid(alpha * x)),
  Shrink: withNumbers({ bias: 0, lambd: 0.5 }, (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0)),
  Softmax: ([x], { attributes }) =>
    lines(x!, numberAttribute(attributes, 'axis', -1), (each, values) => {
      const max = Math.max(...values);
      return Math.exp(each - max) / values.reduce((sum, other) => sum + Math.exp(other - max), 0);
    }),
  LogSoftmax: ([x], { attributes }) =>
    lines(x!, numberAttribute(attributes, 'axis', -1), (each, values) => {
      const max = Math.max(...values);
      return each - max - Math.log(values.reduce((sum, other) => sum + Math.exp(other - max), 0));
    }),
  Hardmax: ([x], { attributes }) =>
    lines(x!, numberAttribute(attributes, 'axis', -1), (_, values, position) => Number(values.indexOf(Math.max(...values)) === position)),
  'com.microsoft.Gelu': unary(gelu),
  'com.microsoft.BiasGelu': binary((a, b) => gelu(a + b)),
  'com.microsoft.FastGelu': ([x, bias]) => fill(x!.shape, (index) => tanhGelu(elementAt(x!, index) + (bias ? elementAt(bias, index) : 0))),
  'com.microsoft.QuickGelu': withNumbers({ alpha: 1.702 }, (x, { alpha }) => x * sigmoid(alpha * x)),
};

/** A function of one element and of attributes, whose defaults are given. */
function withNumbers<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  f: (x: number, numbers: Readonly<Record<Name, number>>) => number,
): Operator {
  return (inputs, context) => {
    const numbers = Object.fromEntries(
      Object.entries<number>(defaults).map(([name, value]) => [name, numberAttribute(context.attributes, name, value)]),
    ) as Record<Name, number>;
    return unary((x) => f(x, numbers))(inputs, context);
  };
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

function tanhGelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** Each element from the line along the axis that it lies on. */
function lines(x: ReferenceTensor, axis: number, f: (each: number, line: readonly number[], position: number) => number): ReferenceTensor {
  const along = axis < 0 ? axis + x.shape.length : axis;
  return fill(x.shape, (index) => {
    const line = Array.from({ length: x.shape[along]! }, (_, position) => elementAt(x, index.with(along, position)));
    return f(elementAt(x, index), line, index[along]!);
  });
}
