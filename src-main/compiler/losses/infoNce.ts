import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import { softmaxCrossEntropyOfRows } from './contrastRows.ts';
import type { LossRule } from './defineLoss.ts';

export interface InfoNceSettings {
  readonly kind: 'infoNce';
  /** Outputs of the forward graph with the two views of each row, [batch, width]. */
  readonly first: string;
  readonly second: string;
  /** Default 0.07. */
  readonly temperature?: number;
}

/**
 * InfoNCE: each row's first view should be closest to its own second view among all rows of the batch, and the reverse.
 * With unit vectors a, b and z = a·bᵀ / temperature: loss = ½ Σ share (−ln softmax_row(z)_ii − ln softmax_column(z)_ii).
 * Padding rows are no candidates.
 *
 * Sources: van den Oord et al. (2018), https://arxiv.org/abs/1807.03748 eq. 4; symmetric form: Radford et al. (2021),
 * https://arxiv.org/abs/2103.00020 fig. 3.
 */
export function infoNce({ first, second, temperature = 0.07 }: InfoNceSettings): LossRule {
  if (!(temperature > 0)) throw new Error(`InfoNCE: the temperature must be positive, not ${temperature}.`);
  return {
    kind: 'infoNce',
    source: 'van den Oord et al. (2018), https://arxiv.org/abs/1807.03748 eq. 4; https://arxiv.org/abs/2103.00020 fig. 3',
    formula: 'loss = ½ Σ share (−ln softmax_row(z)_ii − ln softmax_column(z)_ii), z = a·bᵀ / temperature',
    emit(g, { value, rowShares }) {
      const [a, b] = [unitRows(g, value(first)), unitRows(g, value(second))];
      const logits = g.mul(g.matMul(a, g.swapLast(b)), g.scalar(1 / temperature, a));
      const sum = g.add(softmaxCrossEntropyOfRows(g, logits, rowShares), softmaxCrossEntropyOfRows(g, g.swapLast(logits), rowShares));
      return { value: g.mul(sum, g.scalar(0.5, sum)) };
    },
  };
}

/** Rows scaled to length 1; a row of zeros stays. */
export function unitRows(g: TypedOps, rows: TypedValue): TypedValue {
  const squares = g.reduceSum(g.mul(rows, rows), [1]);
  return g.div(rows, g.sqrt(g.add(squares, g.scalar(1e-12, rows))));
}
