// How weights start, by layer: the formulas of the papers and of PyTorch, which many published settings were tuned with.
import type { RandomScheme } from '../run/initialWeights.ts';

/** U(−1/√fanIn, 1/√fanIn), PyTorch's default for linear, convolution and recurrent layers (LeCun et al. 1998, Efficient BackProp §4.6, as a uniform). */
export function fanInUniform(fanIn: number): RandomScheme {
  return { distribution: 'uniform', scale: 1 / Math.sqrt(fanIn) };
}

/** N(0, 2/fanIn), before ReLU — He et al. 2015, https://arxiv.org/abs/1502.01852 eq. 10. */
export function heNormal(fanIn: number): RandomScheme {
  return { distribution: 'normal', scale: Math.sqrt(2 / fanIn) };
}

/** U(−√(6/(fanIn + fanOut)), …) — Glorot & Bengio 2010, http://proceedings.mlr.press/v9/glorot10a.html eq. 16. */
export function glorotUniform(fanIn: number, fanOut: number): RandomScheme {
  return { distribution: 'uniform', scale: Math.sqrt(6 / (fanIn + fanOut)) };
}

/** N(0, deviation²): 0.02 for transformers (Devlin et al. 2018, https://arxiv.org/abs/1810.04805, reference code), 1 for embeddings in PyTorch. */
export function normal(deviation: number): RandomScheme {
  return { distribution: 'normal', scale: deviation };
}
