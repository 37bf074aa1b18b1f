import { readInteger, readNumber } from '../../onnx/attributes.ts';
import type { TypedValue } from '../../2-shapes/typedOps.ts';
import { channelSumsOfRows } from './broadcast.ts';
import { inFull, type RowRule } from './rowRule.ts';

/** Y = (X − μ)·r·scale + B with μ and σ² given, r = 1/√(σ² + ε): a scale and a shift for each channel. Statistics of the batch mix rows. */
export const batchNormalization: RowRule = (use) => {
  const { g, entry, at, gradient, axisOf } = use;
  const [X, , , mean, variance] = entry.inputs as readonly TypedValue[];
  if (axisOf(X) !== 0 || readInteger(entry.attributes, 'training_mode', 0) === 1) return undefined;
  if (at === 2) return inFull(use, () => channelSumsOfRows(use, gradient));
  if (at !== 1) return undefined;
  return inFull(use, () => {
    const column = (value: TypedValue): TypedValue => g.reshape(value, [value.shape[0]!, ...X!.shape.slice(2).map(() => 1)]);
    const epsilon = g.scalar(readNumber(entry.attributes, 'epsilon', 1e-5), X!);
    const normal = g.div(g.sub(X!, column(mean!)), column(g.sqrt(g.add(variance!, epsilon))));
    return channelSumsOfRows(use, g.mul(gradient, normal));
  });
};
