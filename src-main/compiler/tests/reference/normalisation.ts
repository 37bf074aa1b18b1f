import { eachIndex, elementAt, fill, integersAttribute, numberAttribute, size, type Operator, type ReferenceTensor } from './tensors.ts';

export const normalisation: Readonly<Record<string, Operator>> = {
  BatchNormalization: ([x, scale, bias, givenMean, givenVariance], { attributes }) => {
    const epsilon = numberAttribute(attributes, 'epsilon', 1e-5);
    const momentum = numberAttribute(attributes, 'momentum', 0.9);
    const training = numberAttribute(attributes, 'training_mode', 0) === 1;
    const { mean, variance } = training
      ? moments(x!, ([, channel]) => [channel!], [x!.shape[1]!])
      : { mean: givenMean!, variance: givenVariance! };
    const y = fill(x!.shape, (index) => {
      const c = index[1]!;
      return ((elementAt(x!, index) - mean.data[c]!) / Math.sqrt(variance.data[c]! + epsilon)) * scale!.data[c]! + bias!.data[c]!;
    });
    const running = (old: ReferenceTensor, now: ReferenceTensor): ReferenceTensor =>
      fill(old.shape, ([c]) => momentum * old.data[c!]! + (1 - momentum) * now.data[c!]!);
    return [y, running(givenMean!, mean), running(givenVariance!, variance)];
  },
  LayerNormalization: ([x, scale, bias], { attributes }) =>
    layerNormalization(x!, scale!, bias, numberAttribute(attributes, 'axis', -1), numberAttribute(attributes, 'epsilon', 1e-5)),
  InstanceNormalization: ([x, scale, bias], { attributes }) =>
    groupNormalization(x!, scale!, bias!, x!.shape[1]!, numberAttribute(attributes, 'epsilon', 1e-5)),
  GroupNormalization: ([x, scale, bias], { attributes }) =>
    groupNormalization(x!, scale!, bias!, numberAttribute(attributes, 'num_groups', 1), numberAttribute(attributes, 'epsilon', 1e-5)),
  RMSNormalization: ([x, scale], { attributes }) =>
    rootMeanSquare(x!, scale!, numberAttribute(attributes, 'axis', -1), numberAttribute(attributes, 'epsilon', 1e-5)),
  SimplifiedLayerNormalization: ([x, scale], { attributes }) =>
    rootMeanSquare(x!, scale!, numberAttribute(attributes, 'axis', -1), numberAttribute(attributes, 'epsilon', 1e-5)),
  'com.microsoft.SkipLayerNormalization': ([x, skip, gamma, beta, bias], { attributes }) => {
    const sum = added(x!, skip!, bias);
    return [...layerNormalization(sum, gamma!, beta, -1, numberAttribute(attributes, 'epsilon', 1e-12)), sum];
  },
  'com.microsoft.SkipSimplifiedLayerNormalization': ([x, skip, gamma, bias], { attributes }) => {
    const sum = added(x!, skip!, bias);
    const [y, r] = rootMeanSquare(sum, gamma!, -1, numberAttribute(attributes, 'epsilon', 1e-12));
    return [y, undefined, r, sum];
  },
  LpNormalization: ([x], { attributes }) => {
    const axis = numberAttribute(attributes, 'axis', -1);
    const p = numberAttribute(attributes, 'p', 2);
    const at = axis < 0 ? axis + x!.shape.length : axis;
    const norms = new Float64Array(x!.data.length);
    const shape = x!.shape.with(at, 1);
    eachIndex(x!.shape, (index, offset) => (norms[flat(shape, index.with(at, 0))]! += Math.abs(x!.data[offset]!) ** p));
    return fill(x!.shape, (index) => {
      const norm = norms[flat(shape, index.with(at, 0))]! ** (1 / p);
      return norm === 0 ? 0 : elementAt(x!, index) / norm;
    });
  },
  MeanVarianceNormalization: ([x], { attributes }) => {
    const axes = integersAttribute(attributes, 'axes') ?? [0, 2, 3];
    const shape = x!.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    const { mean, variance } = moments(x!, (index) => index.map((each, axis) => (axes.includes(axis) ? 0 : each)), shape);
    return fill(x!.shape, (index) => (elementAt(x!, index) - elementAt(mean, index)) / (Math.sqrt(elementAt(variance, index)) + 1e-9));
  },
  LRN: ([x], { attributes }) => {
    const number = (name: string, otherwise: number): number => numberAttribute(attributes, name, otherwise);
    const width = number('size', 1);
    return fill(x!.shape, (index) => {
      let sum = 0;
      for (let c = index[1]! - Math.floor((width - 1) / 2); c <= index[1]! + Math.ceil((width - 1) / 2); c++)
        if (c >= 0 && c < x!.shape[1]!) sum += elementAt(x!, index.with(1, c)) ** 2;
      return elementAt(x!, index) / (number('bias', 1) + (number('alpha', 1e-4) / width) * sum) ** number('beta', 0.75);
    });
  },
};

/** Mean and variance over all elements with the same key. */
function moments(
  x: ReferenceTensor,
  key: (index: readonly number[]) => readonly number[],
  shape: readonly number[],
): { mean: ReferenceTensor; variance: ReferenceTensor } {
  const [mean, variance] = [new Float64Array(size(shape)), new Float64Array(size(shape))];
  const each = x.data.length / size(shape);
  eachIndex(x.shape, (index, offset) => (mean[flat(shape, key(index))]! += x.data[offset]! / each));
  eachIndex(x.shape, (index, offset) => {
    const at = flat(shape, key(index));
    variance[at]! += (x.data[offset]! - mean[at]!) ** 2 / each;
  });
  return { mean: { shape, data: mean }, variance: { shape, data: variance } };
}

function layerNormalization(
  x: ReferenceTensor,
  scale: ReferenceTensor,
  bias: ReferenceTensor | undefined,
  axis: number,
  epsilon: number,
): ReferenceTensor[] {
  const first = axis < 0 ? axis + x.shape.length : axis;
  const shape = x.shape.map((dim, at) => (at < first ? dim : 1));
  const { mean, variance } = moments(x, (index) => index.map((each, at) => (at < first ? each : 0)), shape);
  const inverse = { shape, data: variance.data.map((each) => 1 / Math.sqrt(each + epsilon)) };
  const y = fill(
    x.shape,
    (index) =>
      (elementAt(x, index) - elementAt(mean, index)) * elementAt(inverse, index) * elementAt(scale, index) +
      (bias ? elementAt(bias, index) : 0),
  );
  return [y, mean, inverse];
}

function groupNormalization(
  x: ReferenceTensor,
  scale: ReferenceTensor,
  bias: ReferenceTensor,
  groups: number,
  epsilon: number,
): ReferenceTensor {
  const [batch, channels] = x.shape as [number, number];
  const groupOf = (c: number): number => Math.floor(c / (channels / groups));
  const { mean, variance } = moments(x, ([n, c]) => [n!, groupOf(c!)], [batch, groups]);
  const at = (value: ReferenceTensor, c: number): number => value.data[value.data.length === channels ? c : groupOf(c)]!;
  return fill(x.shape, (index) => {
    const [n, c] = index as [number, number];
    const group = n * groups + groupOf(c);
    return ((elementAt(x, index) - mean.data[group]!) / Math.sqrt(variance.data[group]! + epsilon)) * at(scale, c) + at(bias, c);
  });
}

function rootMeanSquare(x: ReferenceTensor, scale: ReferenceTensor, axis: number, epsilon: number): ReferenceTensor[] {
  const first = axis < 0 ? axis + x.shape.length : axis;
  const row = size(x.shape.slice(first));
  const inverse = new Float64Array(x.data.length / row);
  x.data.forEach((each, at) => (inverse[Math.floor(at / row)]! += each ** 2 / row));
  inverse.forEach((each, at) => (inverse[at] = 1 / Math.sqrt(each + epsilon)));
  const shape = x.shape.map((dim, at) => (at < first ? dim : 1));
  return [
    fill(x.shape, (index) => elementAt(x, index) * elementAt({ shape, data: inverse }, index) * elementAt(scale, index)),
    { shape, data: inverse },
  ];
}

function added(x: ReferenceTensor, skip: ReferenceTensor, bias: ReferenceTensor | undefined): ReferenceTensor {
  return fill(x.shape, (index) => elementAt(x, index) + elementAt(skip, index) + (bias ? elementAt(bias, index) : 0));
}

function flat(shape: readonly number[], index: readonly number[]): number {
  return shape.reduce((offset, dim, axis) => offset * dim + index[axis]!, 0);
}
