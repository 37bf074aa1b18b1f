import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { WeightScheme } from '../run/initialWeights.ts';
import { fanInUniform } from './initialisation.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { channelsOf } from './sizes.ts';

export interface LinearSettings {
  readonly name: string;
  /** Size of the last axis of the output. */
  readonly units: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default: uniform by fan-in. The bias starts as PyTorch's, uniform by fan-in, when this is left out, else at 0. */
  readonly scheme?: WeightScheme;
}

/** x·W + b on the last axis: […, inputs] to […, units]. Parameters `name.weight [inputs, units]`, `name.bias [units]`. */
export function linear(m: ModelBuilder, x: TypedValue, { name, units, bias = true, scheme }: LinearSettings): TypedValue {
  const inputs = channelsOf(x, -1);
  const inner = m.within(name);
  const weight = inner.parameter('weight', [inputs, units], scheme ?? fanInUniform(inputs));
  return affine(m, x, weight, bias ? inner.parameter('bias', [units], scheme ? 'zeros' : fanInUniform(inputs)) : undefined);
}

/** x·W + b with given parameters: shared ones, or ones with names of their own. */
export function affine(m: ModelBuilder, x: TypedValue, weight: TypedValue, bias?: TypedValue): TypedValue {
  const product = m.g.matMul(x, weight);
  return bias ? m.g.add(product, bias) : product;
}
