import {
  batchNorm,
  conv2d,
  dropout,
  fanInUniform,
  flatten,
  heNormal,
  linear,
  maxPool,
  ModelBuilder,
  relu,
  type Network,
} from '../layers/index.ts';
import { channelsOf } from '../layers/sizes.ts';

export interface ConvolutionalSettings {
  /** Channels, height and width; each block halves the last two. */
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** Channels of each block. */
  readonly channels: readonly number[];
  readonly outputCount: number;
  /** Normalise after each convolution. Default false. */
  readonly batchNorm?: boolean;
  /** Before the last layer, 0 to below 1. Default 0. */
  readonly dropoutRate?: number;
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Blocks of a 3×3 convolution, (batchNorm,) ReLU and 2×2 maximum, then a linear layer — LeCun et al. 1998,
 * https://doi.org/10.1109/5.726791, with the small kernels of Simonyan & Zisserman 2014, https://arxiv.org/abs/1409.1556.
 * Input `images [N, channels, height, width]`, output `output [N, outputCount]`; scopes `conv1`, `norm1`, …, `linear`.
 */
export function convolutionalNetwork({
  imageShape,
  channels,
  outputCount,
  batchNorm: normalises = false,
  dropoutRate = 0,
  dtype = 'float32',
}: ConvolutionalSettings): Network {
  const m = new ModelBuilder('convolutionalNetwork', { dtype });
  let x = m.input('images', ['N', ...imageShape]);
  channels.forEach((count, at) => {
    const scheme = heNormal(9 * channelsOf(x, 1));
    x = conv2d(m, x, { name: `conv${at + 1}`, channels: count, kernelSize: 3, padding: 1, bias: !normalises, scheme });
    if (normalises) x = batchNorm(m, x, { name: `norm${at + 1}` });
    x = maxPool(m, relu(m, x), { kernelSize: 2 });
  });
  const flat = dropout(m, flatten(m, x), dropoutRate);
  m.output(linear(m, flat, { name: 'linear', units: outputCount, scheme: fanInUniform(channelsOf(flat, 1)) }), 'output');
  return m.build();
}
