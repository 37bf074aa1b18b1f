import { weightedSum, type LossRule } from './defineLoss.ts';

/**
 * Kullback-Leibler divergence of softmax(prediction) from given probabilities t, both [batch, classes]: soft labels,
 * distillation. loss = Σ share · Σ_c t_c (ln t_c − ln p_c); a probability of 0 contributes 0.
 *
 * Source: Kullback & Leibler, On information and sufficiency, Ann. Math. Statist. 22 (1951) 79–86;
 * distillation: Hinton et al. (2015), https://arxiv.org/abs/1503.02531.
 */
export const klDivergence: LossRule = {
  kind: 'klDivergence',
  source: 'Kullback & Leibler, Ann. Math. Statist. 22 (1951) 79–86; https://arxiv.org/abs/1503.02531',
  formula: 'loss = Σ share · Σ_c t_c (ln t_c − ln p_c)',
  emit(g, { prediction: z, rowShares, targets }) {
    const t = targets({ name: '', dtype: z.dtype as 'float32', shape: z.shape });
    const logTargets = g.op('Log', [g.op('Max', [t, g.scalar(1.2e-38, z)])]);
    const difference = g.sub(logTargets, g.op('LogSoftmax', [z], { axis: -1 }));
    const axes = [...z.shape.keys()].slice(1);
    return { value: weightedSum(g, g.reduceSum(g.mul(t, difference), axes, false), rowShares) };
  },
};
