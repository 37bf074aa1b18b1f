import type { TypedValue } from '../2-shapes/typedOps.ts';
import {
  batchNorm,
  conv2d,
  fanInUniform,
  globalAveragePool,
  heNormal,
  linear,
  maxPool,
  ModelBuilder,
  relu,
  type Network,
} from '../layers/index.ts';
import { channelsOf } from '../layers/sizes.ts';

export interface ResNetSettings {
  /** Channels, height and width. */
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** Channels of each stage. Default those of ResNet-18: 64, 128, 256, 512. */
  readonly widths?: readonly number[];
  /** Blocks of each stage. Default 2 each: ResNet-18. */
  readonly blocks?: readonly number[];
  readonly outputCount: number;
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Residual network of basic blocks — He et al. 2015, https://arxiv.org/abs/1512.03385 table 1 and §3.3; convolutions start
 * as in its §3.4. A stage after the first halves the image.
 * Input `images [N, channels, height, width]`, output `output [N, outputCount]`; scopes `conv`, `norm`,
 * `stage1block1.conv1` …, `linear`.
 */
export function resNet({
  imageShape,
  widths = [64, 128, 256, 512],
  blocks = [2, 2, 2, 2],
  outputCount,
  dtype = 'float32',
}: ResNetSettings): Network {
  if (widths.length !== blocks.length) throw new Error(`${widths.length} widths do not fit ${blocks.length} stages.`);
  const m = new ModelBuilder('resNet', { dtype });
  const images = m.input('images', ['N', ...imageShape]);
  let x = relu(m, normalised(m, images, '', { channels: widths[0]!, kernelSize: 7, stride: 2 }));
  x = maxPool(m, x, { kernelSize: 3, stride: 2, padding: 1 });
  widths.forEach((channels, stage) => {
    for (let block = 0; block < blocks[stage]!; block++)
      x = basicBlock(m.within(`stage${stage + 1}block${block + 1}`), x, channels, stage > 0 && block === 0 ? 2 : 1);
  });
  const pooled = globalAveragePool(m, x);
  m.output(linear(m, pooled, { name: 'linear', units: outputCount, scheme: fanInUniform(channelsOf(pooled, 1)) }), 'output');
  return m.build();
}

function basicBlock(m: ModelBuilder, x: TypedValue, channels: number, stride: number): TypedValue {
  const projects = stride !== 1 || channelsOf(x, 1) !== channels;
  const residual = projects ? normalised(m, x, 'shortcut', { channels, kernelSize: 1, stride }) : x;
  const first = relu(m, normalised(m, x, '1', { channels, kernelSize: 3, stride }));
  return relu(m, m.g.add(normalised(m, first, '2', { channels, kernelSize: 3, stride: 1 }), residual));
}

/** A convolution that keeps the size (at stride 1), without a bias, and batchNorm: `conv1`, `norm1`; `shortcutConv`, `shortcutNorm`. */
function normalised(
  m: ModelBuilder,
  x: TypedValue,
  which: string,
  { kernelSize, ...rest }: { channels: number; kernelSize: number; stride: number },
): TypedValue {
  const [conv, norm] = which === 'shortcut' ? ['shortcutConv', 'shortcutNorm'] : [`conv${which}`, `norm${which}`];
  const scheme = heNormal(kernelSize * kernelSize * channelsOf(x, 1));
  const y = conv2d(m, x, { name: conv!, ...rest, kernelSize, padding: (kernelSize - 1) / 2, bias: false, scheme });
  return batchNorm(m, y, { name: norm! });
}
