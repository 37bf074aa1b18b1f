import { elementCount } from '../onnx/graph.ts';
import { randomNormal, randomUnit, streamKey } from './counterRandom.ts';
import type { FloatArray } from './runtime.ts';

/**
 * 'he': normal with variance 2/fanIn, for ReLU layers (He et al. 2015, https://arxiv.org/abs/1502.01852 eq. 10).
 * 'glorot': normal with variance 2/(fanIn + fanOut) (Glorot & Bengio 2010, http://proceedings.mlr.press/v9/glorot10a.html eq. 12).
 */
export type WeightScheme = 'he' | 'glorot' | 'zeros' | 'ones' | RandomScheme;

/** Drawn from −scale to scale, or normal with that deviation: for layers that know their own fan-in (`layers/initialisation.ts`). */
export interface RandomScheme {
  readonly distribution: 'uniform' | 'normal';
  readonly scale: number;
}

/**
 * Starting weights, the same for the same seed; each tensor has its own stream (from its name), so adding a layer does
 * not change the others. Default scheme: 'he' from two axes up, 'zeros' below. Weights are `[in, out]`.
 */
export function initialWeights(
  shapes: Readonly<Record<string, readonly number[]>>,
  seed: number,
  schemes: Readonly<Record<string, WeightScheme>> = {},
  dtype: 'float32' | 'float64' = 'float32',
): Record<string, FloatArray> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const scheme = schemes[name] ?? (shape.length >= 2 ? 'he' : 'zeros');
      const data = dtype === 'float32' ? new Float32Array(elementCount(shape)) : new Float64Array(elementCount(shape));
      const key = streamKey(seed, ...Array.from(name, (letter) => letter.codePointAt(0)!));
      if (scheme === 'ones') data.fill(1);
      else if (scheme !== 'zeros') fill(data, randomScheme(scheme, shape), key);
      return [name, data];
    }),
  );
}

function fill(data: FloatArray, { distribution, scale }: RandomScheme, key: number): void {
  for (let index = 0; index < data.length; index++)
    data[index] = scale * (distribution === 'normal' ? randomNormal(key, index) : 2 * randomUnit(key, index) - 1);
}

function randomScheme(scheme: 'he' | 'glorot' | RandomScheme, shape: readonly number[]): RandomScheme {
  if (typeof scheme === 'object') return scheme;
  const fanOut = shape.at(-1) ?? 1;
  const fanIn = elementCount(shape) / fanOut;
  return { distribution: 'normal', scale: Math.sqrt(2 / (scheme === 'he' ? fanIn : fanIn + fanOut)) };
}
