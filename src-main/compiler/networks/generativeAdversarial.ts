import { typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { linear, ModelBuilder, relu, type Network } from '../layers/index.ts';
import { standardNormalLike } from './variationalAutoencoder.ts';

export interface GenerativeAdversarialSettings {
  readonly featureCount: number;
  /** Width of the noise that a row is made from. */
  readonly latentSize: number;
  readonly generatorSizes: readonly number[];
  readonly criticSizes: readonly number[];
  /**
   * 'drawn': by the trainer, anew in each step; 'input': data `latent [N, latentSize]` and, for the critic, `share [N, 1]`,
   * for comparisons. Default 'drawn'.
   */
  readonly noise?: 'drawn' | 'input';
  readonly dtype?: 'float32' | 'float64';
}

/** Outputs of `criticTraining` for the loss 'wassersteinCritic'. */
export const criticOutputs = { real: 'realScore', fake: 'fakeScore', between: { score: 'betweenScore', point: 'betweenPoint' } } as const;

/**
 * The critic's step of a Wasserstein GAN with gradient penalty — Gulrajani et al. 2017, https://arxiv.org/abs/1704.00028
 * algorithm 1: rows made by the frozen generator, real rows, and points between both, scored by one critic.
 * Input `features [N, featureCount]`; scopes `generator.linear1` …, `critic.linear1` ….
 */
export function criticTraining(settings: GenerativeAdversarialSettings): Network {
  const m = new ModelBuilder('criticTraining', { dtype: settings.dtype ?? 'float32' });
  const { g } = m;
  const real = m.input('features', ['N', settings.featureCount]);
  const drawn = settings.noise !== 'input';
  const fake = perceptron(m, 'generator', latentRows(m, real, settings), [...settings.generatorSizes, settings.featureCount]);
  const share = drawn ? uniformLike(m, g.gather(real, g.graph.int64([0]), 1)) : m.input('share', ['N', 1]);
  const critic = (rows: TypedValue): TypedValue => perceptron(m.sharing(), 'critic', rows, [...settings.criticSizes, 1]);
  m.output(critic(real), criticOutputs.real);
  m.output(critic(fake), criticOutputs.fake);
  // The penalty differentiates the score by this output, so the score is computed from it.
  const point = m.output(g.add(fake, g.mul(share, g.sub(real, fake))), criticOutputs.between.point);
  m.output(critic(point), criticOutputs.between.score);
  return m.build((name) => name.startsWith('generator.'));
}

/** The generator's step, with the critic frozen: output `fakeScore`, for the loss 'wassersteinGenerator'. */
export function generatorTraining(settings: GenerativeAdversarialSettings): Network {
  const m = new ModelBuilder('generatorTraining', { dtype: settings.dtype ?? 'float32' });
  const real = m.input('features', ['N', settings.featureCount]);
  const fake = perceptron(m, 'generator', latentRows(m, real, settings), [...settings.generatorSizes, settings.featureCount]);
  m.output(perceptron(m, 'critic', fake, [...settings.criticSizes, 1]), criticOutputs.fake);
  return m.build((name) => name.startsWith('critic.'));
}

function perceptron(m: ModelBuilder, scope: string, x: TypedValue, sizes: readonly number[]): TypedValue {
  const inner = m.within(scope);
  return sizes.reduce((hidden, units, at) => {
    const y = linear(inner, hidden, { name: `linear${at + 1}`, units });
    return at < sizes.length - 1 ? relu(m, y) : y;
  }, x);
}

function latentRows(m: ModelBuilder, real: TypedValue, { latentSize, noise = 'drawn' }: GenerativeAdversarialSettings): TypedValue {
  if (noise === 'input') return m.input('latent', ['N', latentSize]);
  const { g } = m;
  // Only its shape matters: [N, 1] times [latentSize].
  const zeros = g.tensor(
    [latentSize],
    Array.from({ length: latentSize }, () => 0),
    real,
  );
  return standardNormalLike(m, g.mul(g.gather(real, g.graph.int64([0]), 1), zeros));
}

function uniformLike(m: ModelBuilder, x: TypedValue): TypedValue {
  return typed(m.g.graph.op('RandomUniformLike', [x], { output: { shape: x.shape } }));
}
