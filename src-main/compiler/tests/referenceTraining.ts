/**
 * Training of a ReLU perceptron written out with plain loops in float64, apart from the compiler: the formulas of the
 * papers as they stand there (m̂, v̂), the batch cut short instead of padded.
 */
export interface ReferenceSettings {
  /** Sizes from features to outputs. */
  sizes: readonly number[];
  /** weight1, bias1, weight2, … */
  weights: Record<string, Float64Array>;
  features: Float64Array;
  /** Class numbers or values. */
  targets: Float64Array;
  rowWeights?: Float64Array;
  loss: 'softmaxCrossEntropy' | 'meanSquaredError';
  optimizer: { kind: 'adam'; weightDecay?: number } | { kind: 'sgd'; momentum: number };
  learningRate: number;
  /** Row numbers of each step. */
  batches: readonly (readonly number[])[];
}

/** Trains in place on `weights`; returns each batch's mean loss. */
export function trainReference(settings: ReferenceSettings): number[] {
  const state = new Map(
    Object.entries(settings.weights).map(([name, each]) => [
      name,
      { first: new Float64Array(each.length), second: new Float64Array(each.length) },
    ]),
  );
  return settings.batches.map((rows, at) => {
    const { loss, gradients } = gradientsOf(settings, rows);
    for (const [name, gradient] of gradients) update(settings, name, gradient, state.get(name)!, at + 1);
    return loss;
  });
}

function gradientsOf(
  { sizes, weights, features, targets, rowWeights, loss }: ReferenceSettings,
  rows: readonly number[],
): { loss: number; gradients: Map<string, Float64Array> } {
  const gradients = new Map(Object.entries(weights).map(([name, each]) => [name, new Float64Array(each.length)]));
  const layers = sizes.length - 1;
  let total = 0;
  for (const row of rows) {
    const activations = [features.slice(row * sizes[0]!, (row + 1) * sizes[0]!)];
    for (let layer = 1; layer <= layers; layer++) {
      const [weight, bias, before, width] = [weights[`weight${layer}`]!, weights[`bias${layer}`]!, activations.at(-1)!, sizes[layer]!];
      activations.push(
        Float64Array.from({ length: width }, (_, to) => {
          const sum = before.reduce((partial, each, from) => partial + each * weight[from * width + to]!, 0) + bias[to]!;
          return layer === layers ? sum : Math.max(0, sum);
        }),
      );
    }
    const share = (rowWeights?.[row] ?? 1) / rows.length;
    const result = outputGradient(loss, activations.at(-1)!, targets, row);
    total += share * result.loss;
    let delta = result.gradient.map((each) => each * share);
    for (let layer = layers; layer >= 1; layer--) {
      const [weight, before, width] = [weights[`weight${layer}`]!, activations[layer - 1]!, sizes[layer]!];
      const [weightGradient, biasGradient] = [gradients.get(`weight${layer}`)!, gradients.get(`bias${layer}`)!];
      const back = new Float64Array(before.length);
      for (let to = 0; to < width; to++) {
        biasGradient[to]! += delta[to]!;
        for (let from = 0; from < before.length; from++) {
          weightGradient[from * width + to]! += before[from]! * delta[to]!;
          if (before[from]! > 0) back[from]! += weight[from * width + to]! * delta[to]!;
        }
      }
      delta = back;
    }
  }
  return { loss: total, gradients };
}

function outputGradient(
  loss: ReferenceSettings['loss'],
  output: Float64Array,
  targets: Float64Array,
  row: number,
): { loss: number; gradient: Float64Array } {
  if (loss === 'meanSquaredError') {
    const residual = output.map((each, at) => each - targets[row * output.length + at]!);
    return {
      loss: residual.reduce((sum, each) => sum + each ** 2, 0) / output.length,
      gradient: residual.map((each) => (2 * each) / output.length),
    };
  }
  const max = Math.max(...output);
  const powers = output.map((each) => Math.exp(each - max));
  const sum = powers.reduce((partial, each) => partial + each, 0);
  const label = targets[row]!;
  return { loss: -Math.log(powers[label]! / sum), gradient: powers.map((each, at) => each / sum - Number(at === label)) };
}

function update(
  { weights, optimizer, learningRate }: ReferenceSettings,
  name: string,
  gradient: Float64Array,
  { first, second }: { first: Float64Array; second: Float64Array },
  step: number,
): void {
  const weight = weights[name]!;
  const decay = optimizer.kind === 'adam' && name.startsWith('weight') ? (optimizer.weightDecay ?? 0) : 0;
  for (let at = 0; at < weight.length; at++) {
    weight[at]! -= learningRate * decay * weight[at]!;
    if (optimizer.kind === 'sgd') {
      first[at] = optimizer.momentum * first[at]! + gradient[at]!;
      weight[at]! -= learningRate * first[at]!;
      continue;
    }
    first[at] = 0.9 * first[at]! + 0.1 * gradient[at]!;
    second[at] = 0.999 * second[at]! + 0.001 * gradient[at]! ** 2;
    const [firstHat, secondHat] = [first[at]! / (1 - 0.9 ** step), second[at]! / (1 - 0.999 ** step)];
    weight[at]! -= (learningRate * firstHat) / (Math.sqrt(secondHat) + 1e-8);
  }
}
