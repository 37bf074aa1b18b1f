import type { TypedValue } from '../2-shapes/typedOps.ts';
import { ints } from '../onnx/attributes.ts';
import type { WeightScheme } from '../run/initialWeights.ts';
import { fanInUniform } from './initialisation.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { channelsOf, perAxis, type PerAxis } from './sizes.ts';

export interface ConvolutionSettings {
  readonly name: string;
  /** Channels of the output. */
  readonly channels: number;
  readonly kernelSize: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Zeros on both sides of each axis. Default 0. */
  readonly padding?: PerAxis;
  /** Default 1. */
  readonly dilation?: PerAxis;
  /** Default 1; as many as input channels makes it depthwise. */
  readonly groups?: number;
  /** Default true; leave it out before a batchNorm, which subtracts it again. */
  readonly bias?: boolean;
  /** Default: uniform by fan-in. */
  readonly scheme?: WeightScheme;
}

/** [N, C, L] to [N, channels, L']. Parameters `name.weight [channels, C/groups, k]`, `name.bias [channels]`. */
export function conv1d(m: ModelBuilder, x: TypedValue, settings: ConvolutionSettings): TypedValue {
  return convolution(m, x, 1, settings);
}

/** [N, C, H, W] to [N, channels, H', W']. Parameters `name.weight [channels, C/groups, kh, kw]`, `name.bias [channels]`. */
export function conv2d(m: ModelBuilder, x: TypedValue, settings: ConvolutionSettings): TypedValue {
  return convolution(m, x, 2, settings);
}

/** [N, C, D, H, W] to [N, channels, D', H', W']. */
export function conv3d(m: ModelBuilder, x: TypedValue, settings: ConvolutionSettings): TypedValue {
  return convolution(m, x, 3, settings);
}

/**
 * [N, C, H, W] to [N, channels, (H−1)·stride − 2·padding + dilation·(k−1) + outputPadding + 1, …]: the adjoint of conv2d
 * (Dumoulin & Visin 2016, https://arxiv.org/abs/1603.07285 §4). Parameters `name.weight [C, channels/groups, kh, kw]`, `name.bias`.
 */
export function convTranspose2d(
  m: ModelBuilder,
  x: TypedValue,
  { outputPadding = 0, ...settings }: ConvolutionSettings & { readonly outputPadding?: PerAxis },
): TypedValue {
  const { name, channels, groups = 1, bias = true, scheme } = settings;
  const { kernel, attributes } = spatial(settings, 2);
  const inner = m.within(name);
  // PyTorch counts the fan-in of a transposed convolution over its outputs.
  const fanIn = (channels / groups) * product(kernel);
  const weight = inner.parameter('weight', [channelsOf(x, 1), channels / groups, ...kernel], scheme ?? fanInUniform(fanIn));
  const inputs = bias ? [x, weight, inner.parameter('bias', [channels], scheme ? 'zeros' : fanInUniform(fanIn))] : [x, weight];
  return m.g.op('ConvTranspose', inputs, { ...attributes, output_padding: ints(perAxis(outputPadding, 2, 'outputPadding')) });
}

function convolution(m: ModelBuilder, x: TypedValue, rank: number, settings: ConvolutionSettings): TypedValue {
  const { name, channels, groups = 1, bias = true, scheme } = settings;
  if (x.shape.length !== rank + 2) throw new Error(`${name}: "${x.name}" [${x.shape.join(', ')}] has not ${rank + 2} axes.`);
  const { kernel, attributes } = spatial(settings, rank);
  const inner = m.within(name);
  const channelsPerGroup = channelsOf(x, 1) / groups;
  const fanIn = channelsPerGroup * product(kernel);
  const weight = inner.parameter('weight', [channels, channelsPerGroup, ...kernel], scheme ?? fanInUniform(fanIn));
  const inputs = bias ? [x, weight, inner.parameter('bias', [channels], scheme ? 'zeros' : fanInUniform(fanIn))] : [x, weight];
  return m.g.op('Conv', inputs, attributes);
}

function spatial({ kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionSettings, rank: number) {
  const kernel = perAxis(kernelSize, rank, 'kernelSize');
  const pads = perAxis(padding, rank, 'padding');
  return {
    kernel,
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(perAxis(stride, rank, 'stride')),
      pads: ints([...pads, ...pads]),
      dilations: ints(perAxis(dilation, rank, 'dilation')),
      group: groups,
    },
  };
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((count, size) => count * size, 1);
}
