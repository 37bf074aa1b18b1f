import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { WeightScheme } from '../run/initialWeights.ts';
import { normal } from './initialisation.ts';
import type { ModelBuilder } from './ModelBuilder.ts';
import { channelsOf } from './sizes.ts';

export interface EmbeddingSettings {
  readonly name: string;
  /** Rows of the table: numbers from 0 to vocabulary − 1. */
  readonly vocabulary: number;
  readonly width: number;
  /** Default N(0, 1), PyTorch's. */
  readonly scheme?: WeightScheme;
}

/** Rows of a table by number: int […] to float […, width]. Parameter `name.weight [vocabulary, width]`. */
export function embedding(
  m: ModelBuilder,
  tokens: TypedValue,
  { name, vocabulary, width, scheme = normal(1) }: EmbeddingSettings,
): TypedValue {
  return m.g.gather(m.within(name).parameter('weight', [vocabulary, width], scheme), tokens);
}

/** Adds a learned vector per position: [N, T, width] to the same. Parameter `name.weight [T, width]`. */
export function positionEmbedding(
  m: ModelBuilder,
  x: TypedValue,
  { name, scheme = normal(1) }: { readonly name: string; readonly scheme?: WeightScheme },
): TypedValue {
  return m.g.add(x, m.within(name).parameter('weight', [channelsOf(x, 1), channelsOf(x, 2)], scheme));
}
