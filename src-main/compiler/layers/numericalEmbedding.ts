import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { fanInUniform, normal } from './initialisation.ts';
import { channelsOf } from './sizes.ts';

export interface PeriodicEmbeddingSettings {
  readonly name: string;
  /** Cosines a column. */
  readonly frequencies: number;
  /** Numbers that each column becomes. */
  readonly units: number;
  /** Standard deviation of the frequencies at the start, in periods per unit of the input. */
  readonly deviation: number;
  /** Factor on the learning rate under Adam; see `scaled`. Default 1. */
  readonly rate?: number;
}

/**
 * Every column by its own waves: e = W₂ cos(2π(w₁ x + b₁)) + b₂, each column with its own w₁, b₁, W₂, b₂. [N, columns] to
 * [N, columns · units]. Phases and frequencies are learned.
 * Sources: Gorishniy et al. 2022, https://arxiv.org/abs/2203.05556 §3.3; with cosine and phase: Holzmüller et al. 2024,
 * https://arxiv.org/abs/2407.04491 (PBLD, whose unchanged x the caller puts beside).
 */
export function periodicEmbedding(
  m: ModelBuilder,
  x: TypedValue,
  { name, frequencies, units, deviation, rate = 1 }: PeriodicEmbeddingSettings,
): TypedValue {
  const columns = channelsOf(x, 1);
  const inner = m.within(name);
  const frequency = scaled(inner, 'frequency', [columns, 1, frequencies], normal(deviation).scale, 'normal', rate);
  const phase = scaled(inner, 'phase', [columns, 1, frequencies], 0.5, 'uniform', rate);
  const turns = m.g.add(m.g.mul(byColumn(m, x), frequency), phase);
  const waves = m.g.op('Cos', [m.g.mul(turns, m.g.scalar(2 * Math.PI, turns))]);
  return ownLinear(m, inner, waves, units, rate);
}

export interface PiecewiseLinearEmbeddingSettings {
  readonly name: string;
  /** Of each column, rising: where one bin ends and the next begins; two at least. */
  readonly edges: readonly (ArrayLike<number> & Iterable<number>)[];
  readonly units: number;
}

/**
 * Every column by how far it lies in each of its bins (1 below it, 0 above: a thermometer), then a linear map of its own and ReLU.
 * [N, columns] to [N, columns · units]. Beyond the outer edges nothing changes any more.
 * Source: Gorishniy et al. 2022, https://arxiv.org/abs/2203.05556 §3.2, eq. 1, there without an end to the outer bins.
 */
export function piecewiseLinearEmbedding(
  m: ModelBuilder,
  x: TypedValue,
  { name, edges, units }: PiecewiseLinearEmbeddingSettings,
): TypedValue {
  const columns = channelsOf(x, 1);
  if (edges.length !== columns || edges.some(({ length }) => length < 2)) throw new Error('Every column needs two edges at least.');
  const bins = Math.max(...edges.map(({ length }) => length - 1));
  const [lower, slopes] = [new Array<number>(columns * bins).fill(0), new Array<number>(columns * bins).fill(0)];
  edges.forEach((own, column) => {
    for (let bin = 0; bin + 1 < own.length; bin++) {
      lower[column * bins + bin] = own[bin]!;
      slopes[column * bins + bin] = 1 / (own[bin + 1]! - own[bin]!);
    }
  });
  const above = m.g.sub(byColumn(m, x), m.g.tensor([columns, 1, bins], lower, x));
  const shares = m.g.mul(above, m.g.tensor([columns, 1, bins], slopes, x));
  const levels = m.g.op('Clip', [shares, m.g.scalar(0, x), m.g.scalar(1, x)]);
  return m.g.op('Relu', [ownLinear(m, m.within(name), levels, units, 1)]);
}

/**
 * A parameter that Adam moves `rate` times as fast as the others: rate · θ, with θ starting at the wanted value over `rate`. Adam's
 * steps do not depend on the size of a gradient, so this equals another learning rate. Its decay is that of θ.
 */
export function scaled(
  m: ModelBuilder,
  name: string,
  shape: readonly number[],
  start: number,
  distribution: 'normal' | 'uniform',
  rate: number,
): TypedValue {
  const theta = m.parameter(name, shape, { distribution, scale: start / rate });
  return rate === 1 ? theta : m.g.mul(theta, m.g.scalar(rate, theta));
}

/** [N, columns] to [columns, N, 1]. */
function byColumn(m: ModelBuilder, x: TypedValue): TypedValue {
  return m.g.op('Unsqueeze', [m.g.transpose(x, [1, 0]), m.g.graph.int64([2])]);
}

/** A linear map a column: [columns, N, inputs] to [N, columns · units]. */
function ownLinear(m: ModelBuilder, inner: ModelBuilder, x: TypedValue, units: number, rate: number): TypedValue {
  const [columns, inputs] = [channelsOf(x, 0), channelsOf(x, 2)];
  const { scale } = fanInUniform(inputs);
  const weight = scaled(inner, 'weight', [columns, inputs, units], scale, 'uniform', rate);
  const bias = scaled(inner, 'bias', [columns, 1, units], scale, 'uniform', rate);
  const own = m.g.transpose(m.g.add(m.g.matMul(x, weight), bias), [1, 0, 2]);
  return m.g.reshape(own, [own.shape[0]!, columns * units]);
}
