import { eachIndex, elementAt, numberAttribute, size, textAttribute, type Operator, type ReferenceTensor } from './tensors.ts';

export const loss: Readonly<Record<string, Operator>> = {
  NegativeLogLikelihoodLoss: ([input, target, weight], { attributes }) => likelihoodLoss(input!, target!, weight, attributes),
  SoftmaxCrossEntropyLoss: ([scores, labels, weights], { attributes, outputCount }) => {
    const logProbabilities = logSoftmax(scores!);
    const value = likelihoodLoss(logProbabilities, labels!, weights, attributes);
    return outputCount > 1 ? [value, logProbabilities] : value;
  },
};

/** Place by place, as the operator's page writes it. */
function likelihoodLoss(
  input: ReferenceTensor,
  target: ReferenceTensor,
  weight: ReferenceTensor | undefined,
  attributes: Parameters<Operator>[1]['attributes'],
): ReferenceTensor {
  const ignored = numberAttribute(attributes, 'ignore_index', Number.NaN);
  const losses = new Float64Array(target.data.length);
  let total = 0;
  eachIndex(target.shape, ([row, ...place], at) => {
    const label = target.data[at]!;
    if (label === ignored) return;
    const share = weight?.data[label] ?? 1;
    total += share;
    losses[at] = -share * elementAt(input, [row!, label, ...place]);
  });
  const reduction = textAttribute(attributes, 'reduction', 'mean');
  if (reduction === 'none') return { shape: target.shape, data: losses };
  const sum = losses.reduce((a, b) => a + b, 0);
  return { shape: [], data: Float64Array.of(reduction === 'sum' ? sum : sum / total) };
}

function logSoftmax(x: ReferenceTensor): ReferenceTensor {
  const [rows, classes, ...places] = x.shape as [number, number, ...number[]];
  const step = size(places);
  const data = x.data.slice();
  for (let row = 0; row < rows; row++) {
    for (let place = 0; place < step; place++) {
      const at = (label: number): number => (row * classes + label) * step + place;
      const scores = Array.from({ length: classes }, (_, label) => x.data[at(label)]!);
      const largest = Math.max(...scores);
      const logSum = largest + Math.log(scores.reduce((sum, each) => sum + Math.exp(each - largest), 0));
      scores.forEach((each, label) => {
        data[at(label)] = each - logSum;
      });
    }
  }
  return { shape: x.shape, data };
}
