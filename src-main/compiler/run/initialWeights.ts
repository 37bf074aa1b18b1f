import { elementCount } from '../onnx/graph.ts';
import { randomNormal, streamKey } from './counterRandom.ts';

/**
 * 'he': normal with variance 2/fanIn, for ReLU layers (He et al. 2015, https://arxiv.org/abs/1502.01852 eq. 10).
 * 'glorot': normal with variance 2/(fanIn + fanOut) (Glorot & Bengio 2010, http://proceedings.mlr.press/v9/glorot10a.html eq. 12).
 */
export type WeightScheme = 'he' | 'glorot' | 'zeros' | 'ones';

/**
 * Starting weights, the same for the same seed; each tensor has its own stream (from its name), so adding a layer does
 * not change the others. Default scheme: 'he' from two axes up, 'zeros' below. Weights are `[in, out]`.
 */
export function initialWeights(
  shapes: Readonly<Record<string, readonly number[]>>,
  seed: number,
  schemes: Readonly<Record<string, WeightScheme>> = {},
  dtype: 'float32' | 'float64' = 'float32',
): Record<string, Float32Array | Float64Array> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const scheme = schemes[name] ?? (shape.length >= 2 ? 'he' : 'zeros');
      const data = dtype === 'float32' ? new Float32Array(elementCount(shape)) : new Float64Array(elementCount(shape));
      const deviation = deviationOf(scheme, shape);
      const key = streamKey(seed, ...Array.from(name, (letter) => letter.codePointAt(0)!));
      if (scheme === 'ones') data.fill(1);
      else if (deviation > 0) for (let index = 0; index < data.length; index++) data[index] = deviation * randomNormal(key, index);
      return [name, data];
    }),
  );
}

function deviationOf(scheme: WeightScheme, shape: readonly number[]): number {
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = elementCount(shape) / fanOut;
  if (scheme === 'he') return Math.sqrt(2 / fanIn);
  return scheme === 'glorot' ? Math.sqrt(2 / (fanIn + fanOut)) : 0;
}
