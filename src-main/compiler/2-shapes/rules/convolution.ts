import { readInteger } from '../../onnx/attributes.ts';
import type { Dim } from '../../onnx/graph.ts';
import { windowsOver, windowsSpread } from '../window.ts';
import { constantIntegers, fixed, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

export const convolution = {
  Conv: (context) => {
    const { x, w, group } = operandsOf('Conv', context);
    const [outputs, channels] = [fixed(w.shape[0], 'Conv: a channel count'), fixed(w.shape[1], 'Conv: a channel count')];
    if (x.shape[1] !== channels * group || outputs % group !== 0) throw unfit('Conv', x, w, group);
    return {
      dtype: x.dtype,
      shape: [x.shape[0]!, outputs, ...windowsOver('Conv', context.attributes, x.shape.slice(2), w.shape.slice(2)).count],
    };
  },
  ConvTranspose: (context) => {
    const { x, w, group } = operandsOf('ConvTranspose', context);
    const [inputs, channels] = [fixed(w.shape[0], 'ConvTranspose: a channel count'), fixed(w.shape[1], 'ConvTranspose: a channel count')];
    if (x.shape[1] !== inputs || inputs % group !== 0) throw unfit('ConvTranspose', x, w, group);
    return {
      dtype: x.dtype,
      shape: [
        x.shape[0]!,
        channels * group,
        ...windowsSpread('ConvTranspose', context.attributes, x.shape.slice(2), w.shape.slice(2)).image,
      ],
    };
  },
  Col2Im: ({ inputs: [input], attributes, constant }) => {
    const [image, block] = [constantIntegers(constant(1), 'image_shape'), constantIntegers(constant(2), 'block_shape')];
    const blockSize = block.reduce((product, each) => product * each, 1);
    const channels = fixed(input!.shape[1], 'Col2Im: the channel count') / blockSize;
    const { count } = windowsOver('Col2Im', attributes, image, block);
    if (!Number.isInteger(channels) || count.reduce((product, each) => product * each, 1) !== input!.shape[2])
      throw new Error(
        `Col2Im: [${input!.shape.join()}] does not hold the ${count.join('×')} blocks of ${block.join('×')} of ${image.join('×')}.`,
      );
    return { dtype: input!.dtype, shape: [input!.shape[0]!, channels, ...image] };
  },
} satisfies Record<string, ShapeRule>;

function operandsOf(operator: string, { inputs: [x, w], attributes }: ShapeContext): { x: TensorType; w: TensorType; group: number } {
  if (x!.shape.length < 3 || x!.shape.length !== w!.shape.length)
    throw new Error(`${operator}: [${x!.shape.join()}] and the weight [${w!.shape.join()}] need the same number of axes, three or more.`);
  return { x: x!, w: w!, group: readInteger(attributes, 'group', 1) };
}

function unfit(operator: string, x: TensorType, w: TensorType, group: number): Error {
  const listed = (shape: readonly Dim[]): string => `[${shape.join()}]`;
  return new Error(`${operator}: ${listed(x.shape)} does not fit the weight ${listed(w.shape)} in ${group} group(s).`);
}
