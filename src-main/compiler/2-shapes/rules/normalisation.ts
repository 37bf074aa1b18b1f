import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { readInteger } from '../../onnx/attributes.ts';
import { elementCount } from '../../onnx/graph.ts';
import { fixed, fromEnd, like, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

/** Y and the statistics over the axes from `axis` on, which keep them as 1. */
const overLastAxes =
  (statistics: number): ShapeRule =>
  ({ inputs: [x], attributes }) => {
    const axis = fromEnd(readInteger(attributes, 'axis', -1), x!.shape.length);
    const kept: TensorType = { dtype: x!.dtype, shape: x!.shape.map((dim, at) => (at < axis ? dim : 1)) };
    return [x!, ...Array.from({ length: statistics }, () => kept)];
  };

/** Output, mean, inverse standard deviation, sum of the inputs. */
const skipped: ShapeRule = ({ inputs: [x] }) => {
  const kept: TensorType = { dtype: x!.dtype, shape: x!.shape.map((dim, at) => (at < x!.shape.length - 1 ? dim : 1)) };
  return [x!, kept, kept, x!];
};

/** One scale and bias per channel (or per group, `GroupNormalization-18`). */
const perChannel =
  (operator: string, counts: (channels: number, context: ShapeContext) => readonly number[]): ShapeRule =>
  (context) => {
    const [x, scale, bias] = context.inputs;
    const allowed = counts(fixed(x!.shape[1], `${operator}: the number of channels`), context);
    for (const each of [scale, bias])
      if (each && !(each.shape.length === 1 && allowed.includes(Number(each.shape[0]))))
        throw new Error(`${operator}: [${each.shape.join()}] is not one number for each channel of [${x!.shape.join()}].`);
    return x!;
  };

export const normalisation = {
  BatchNormalization: (context) => {
    const [x, ...perChannelInputs] = context.inputs;
    for (const each of perChannelInputs)
      if (each!.shape.join() !== String(x!.shape[1]))
        throw new Error(`BatchNormalization: [${each!.shape.join()}] is not one number for each channel of [${x!.shape.join()}].`);
    const training = readInteger(context.attributes, 'training_mode', 0) === 1;
    const counted = x!.shape.filter((_, axis) => axis !== 1);
    if (training && counted.every((dim) => typeof dim === 'number') && elementCount(counted) < 2)
      throw new ModelkeepError('MK_COMPILER_BATCH_STATISTICS_IMPOSSIBLE', { tensor: x!.name ?? '', shape: `[${x!.shape.join(', ')}]` });
    return training ? [x!, context.inputs[3]!, context.inputs[4]!] : [x!];
  },
  InstanceNormalization: perChannel('InstanceNormalization', (channels) => [channels]),
  GroupNormalization: perChannel('GroupNormalization', (channels, { attributes }) => {
    const groups = readInteger(attributes, 'num_groups', 0);
    if (groups < 1 || channels % groups !== 0) throw new Error(`GroupNormalization: ${channels} channels do not make ${groups} groups.`);
    return [channels, groups];
  }),
  LayerNormalization: overLastAxes(2),
  SimplifiedLayerNormalization: overLastAxes(1),
  RMSNormalization: overLastAxes(0),
  'com.microsoft.SkipLayerNormalization': skipped,
  'com.microsoft.SkipSimplifiedLayerNormalization': skipped,
  LpNormalization: like,
  MeanVarianceNormalization: like,
  LRN: like,
} satisfies Record<string, ShapeRule>;
