/** How raw scores become what a model gives: see `applyLink`. */
export type Link =
  /** As they are: a number, or one logit per class. */
  | { readonly kind: 'identity' }
  /** One score s of the second class becomes the logits [0, s], whose softmax is the sigmoid of s. */
  | { readonly kind: 'binary' }
  /** e to the score: objectives that learn the logarithm of a mean (Poisson, gamma, Tweedie). */
  | { readonly kind: 'exp' }
  /**
   * Scores are probabilities, as forests give them. They become logits by the logarithm; one below `floor` counts as that, since a
   * forest gives 0 to a class that none of its leaves has seen. A single score is the probability of the second of two classes.
   */
  | { readonly kind: 'probabilities'; readonly floor?: number };

/** Least probability that a forest can give: log loss of a miss is then at most 16. */
export const defaultFloor = 1e-7;

/** Outputs that a link makes of so many scores. */
export function linkedOutputs(link: Link, outputCount: number): number {
  if (link.kind === 'binary' && outputCount !== 1) throw new Error(`The binary link takes one score, not ${outputCount}.`);
  return outputCount === 1 && (link.kind === 'binary' || link.kind === 'probabilities') ? 2 : outputCount;
}

/** Outputs [rows, linkedOutputs] of raw scores [rows, outputCount], as the exported graph computes them. */
export function applyLink(link: Link, scores: Float32Array<ArrayBuffer>, outputCount: number): Float32Array<ArrayBuffer> {
  switch (link.kind) {
    case 'identity':
      return scores;
    case 'exp':
      return scores.map(Math.exp);
    case 'binary':
      return pairs(scores, (score) => [0, score]);
    case 'probabilities': {
      const floor = Math.fround(link.floor ?? defaultFloor);
      const logit = (probability: number): number => Math.log(Math.max(probability, floor));
      return outputCount === 1 ? pairs(scores, (score) => [logit(Math.fround(1 - score)), logit(score)]) : scores.map(logit);
    }
  }
}

function pairs(scores: Float32Array, of: (score: number) => [number, number]): Float32Array<ArrayBuffer> {
  const outputs = new Float32Array(2 * scores.length);
  scores.forEach((score, row) => outputs.set(of(score), 2 * row));
  return outputs;
}
