import type { TypedValue } from '../2-shapes/typedOps.ts';
import { ints } from '../onnx/attributes.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { perAxis, type PerAxis } from './sizes.ts';

export interface PoolingSettings {
  readonly kernelSize: PerAxis;
  /** Default: the kernel size, windows that do not overlap. */
  readonly stride?: PerAxis;
  /** Default 0. */
  readonly padding?: PerAxis;
}

/** Largest value of each window of [N, C, …]. */
export function maxPool(m: ModelBuilder, x: TypedValue, settings: PoolingSettings): TypedValue {
  return m.g.op('MaxPool', [x], windows(x, settings));
}

/** Mean of each window of [N, C, …]; padding counts as zeros, as in PyTorch. */
export function averagePool(m: ModelBuilder, x: TypedValue, settings: PoolingSettings): TypedValue {
  return m.g.op('AveragePool', [x], { ...windows(x, settings), count_include_pad: 1 });
}

/** Mean over all positions: [N, C, …] to [N, C] — Lin et al. 2013, https://arxiv.org/abs/1312.4400 §3.2. */
export function globalAveragePool(m: ModelBuilder, x: TypedValue): TypedValue {
  const axes = x.shape.map((_, axis) => axis).slice(2);
  return m.g.op('ReduceMean', [x, m.g.graph.int64(axes)], { keepdims: 0 });
}

/** [N, …] to [N, all the rest]. */
export function flatten(m: ModelBuilder, x: TypedValue): TypedValue {
  return m.g.op('Flatten', [x]);
}

function windows(x: TypedValue, { kernelSize, stride = kernelSize, padding = 0 }: PoolingSettings) {
  const rank = x.shape.length - 2;
  const pads = perAxis(padding, rank, 'padding');
  return {
    kernel_shape: ints(perAxis(kernelSize, rank, 'kernelSize')),
    strides: ints(perAxis(stride, rank, 'stride')),
    pads: ints([...pads, ...pads]),
  };
}
