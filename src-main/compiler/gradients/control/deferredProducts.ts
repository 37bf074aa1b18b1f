import type { TapeEntry, TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';

/** A product of a step in which one factor is the same in all steps: output = weight·factor, or factor·weight. */
export interface DeferredProduct {
  readonly weight: TypedValue;
  readonly side: 'left' | 'right';
  readonly factor: TypedValue;
  readonly output: TypedValue;
}

/** Its gradient and its other factor, of all steps in the same order. */
export interface StackedProduct {
  readonly weight: TypedValue;
  readonly side: 'left' | 'right';
  readonly gradient: TypedValue;
  readonly factor: TypedValue;
  /** Whether the factor comes as [steps, columns, size] instead of [steps, size, columns]. */
  readonly asRows: boolean;
}

/**
 * Products whose weight needs no running sum: Σ_t dY_t·X_tᵀ is one product over all steps, several times faster than one
 * small product and one sum of the weight's size in each step. Of a weight that is also read otherwise, none.
 */
export function deferredProducts(tape: readonly TapeEntry[], weights: readonly TypedValue[]): DeferredProduct[] {
  return weights.flatMap((weight) => {
    if (weight.shape.length !== 2) return [];
    const uses = tape.filter((each) => each.inputs.some((value) => value?.name === weight.name));
    const products = uses.map(({ operator, inputs: [a, b], outputs: [output] }): DeferredProduct | undefined => {
      if (operator !== 'MatMul' || a?.shape.length !== 2 || b?.shape.length !== 2 || a.name === b.name) return undefined;
      return a.name === weight.name
        ? { weight, side: 'left', factor: b, output: output! }
        : { weight, side: 'right', factor: a, output: output! };
    });
    return products.every((each) => each !== undefined) ? products : [];
  });
}

/** Gradient of a weight: dW = Σ_t dY_t·X_tᵀ for Y = W·X, and Σ_t X_tᵀ·dY_t for Y = X·W. */
export function addProducts(g: TypedOps, products: readonly StackedProduct[]): TypedValue | undefined {
  return products
    .map(({ side, gradient, factor, asRows }) => {
      if (side === 'right') return g.gemm(oneBelowAnother(g, factor), oneBelowAnother(g, gradient), { transA: 1 });
      return asRows
        ? g.gemm(sideBySide(g, gradient), oneBelowAnother(g, factor))
        : g.gemm(sideBySide(g, gradient), sideBySide(g, factor), { transB: 1 });
    })
    .reduce<TypedValue | undefined>((sum, each) => (sum ? g.add(sum, each) : each), undefined);
}

/** [steps, rows, columns] to [rows, steps·columns]. */
function sideBySide(g: TypedOps, stacked: TypedValue): TypedValue {
  const [steps, rows, columns] = stacked.shape as readonly [number, number, number];
  return g.reshape(g.transpose(stacked, [1, 0, 2]), [rows, steps * columns]);
}

/** [steps, rows, columns] to [steps·rows, columns]. */
function oneBelowAnother(g: TypedOps, stacked: TypedValue): TypedValue {
  const [steps, rows, columns] = stacked.shape as readonly [number, number, number];
  return g.reshape(stacked, [steps * rows, columns]);
}
