import { typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { linear, ModelBuilder, relu, type Network } from '../layers/index.ts';

export interface VariationalAutoencoderSettings {
  readonly featureCount: number;
  readonly hiddenSize: number;
  /** Width of the code. */
  readonly latentSize: number;
  /** 'drawn': by the trainer, anew in each step; 'input': data `noise [N, latentSize]`, for comparisons. Default 'drawn'. */
  readonly noise?: 'drawn' | 'input';
  readonly dtype?: 'float32' | 'float64';
}

/**
 * Encoder to a normal distribution, a sample of it, decoder — Kingma & Welling 2014, https://arxiv.org/abs/1312.6114
 * §2.4 (reparameterisation) and appendix C.1; for the loss 'elbo'.
 * Input `features [N, featureCount]` in 0…1, outputs `reconstruction` (logits), `mean`, `logVariance`; scopes `encoder`,
 * `mean`, `logVariance`, `decoder1`, `decoder2`.
 */
export function variationalAutoencoder(settings: VariationalAutoencoderSettings): Network {
  const { featureCount, hiddenSize, latentSize, noise = 'drawn', dtype = 'float32' } = settings;
  const m = new ModelBuilder('variationalAutoencoder', { dtype });
  const { g } = m;
  const features = m.input('features', ['N', featureCount]);
  const encoded = relu(m, linear(m, features, { name: 'encoder', units: hiddenSize }));
  const mean = linear(m, encoded, { name: 'mean', units: latentSize });
  const logVariance = linear(m, encoded, { name: 'logVariance', units: latentSize });
  const drawn = noise === 'input' ? m.input('noise', ['N', latentSize]) : standardNormalLike(m, mean);
  const code = g.add(mean, g.mul(g.exp(g.mul(logVariance, g.scalar(0.5, logVariance))), drawn));
  const decoded = relu(m, linear(m, code, { name: 'decoder1', units: hiddenSize }));
  m.output(linear(m, decoded, { name: 'decoder2', units: featureCount }), 'reconstruction');
  m.output(mean, 'mean');
  m.output(logVariance, 'logVariance');
  return m.build();
}

/** Standard normal numbers of that shape; training makes them an input that the trainer fills, use takes their mean, 0. */
export function standardNormalLike(m: ModelBuilder, x: TypedValue): TypedValue {
  return typed(m.g.graph.op('RandomNormalLike', [x], { output: { shape: x.shape } }));
}
