import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { OptimizerRule } from './defineOptimizer.ts';

export interface AdafactorSettings {
  readonly kind: 'adafactor';
  /** The second moment's decay at step t is 1 − t^this; default −0.8. */
  readonly beta2Decay?: number;
  /** Below this (squared: below its square) second moments count as this; default 1.1920929e-7, the float32 epsilon. */
  readonly epsilon?: number;
  /** A tensor smaller than this (root mean square) moves as if it were so large; default 1e-3. */
  readonly leastScale?: number;
  /** The direction's root mean square is at most this; default 1. */
  readonly clip?: number;
  /** Decoupled decay per unit of learning rate; default 0. */
  readonly weightDecay?: number;
}

/**
 * Adafactor: the second moment of a matrix [R, C] is kept as R + C numbers, steps are relative to the size of the tensor.
 *   V̂ = R Cᵀ / mean R,  U = g / √V̂,  θ ← (1 − lr λ) θ − max(ε₂, RMS θ) · min(lr, 1/√t) · U / max(1, RMS U / d)
 * R and C move towards the mean squares of rows and columns by t^−0.8; tensors of one axis keep a full second moment. The
 * last two axes are the matrix. Means instead of the paper's sums and the place of ε are PyTorch's (2.5 and later).
 *
 * Source: Shazeer & Stern, Adafactor (2018), https://arxiv.org/abs/1804.04235 algorithms 4–6; no first moment.
 */
export function adafactor({
  beta2Decay = -0.8,
  epsilon = 2 ** -23,
  leastScale = 1e-3,
  clip = 1,
  weightDecay = 0,
}: AdafactorSettings): OptimizerRule {
  return {
    kind: 'adafactor',
    source: 'https://arxiv.org/abs/1804.04235 algorithms 4 to 6',
    formula: 'V̂ = R Cᵀ / mean R, U = g / √V̂, θ ← (1 − lr λ) θ − max(ε₂, RMS θ) min(lr, 1/√t) U / max(1, RMS U / d)',
    elementwise: false,
    // Second moments below ε² count as ε².
    slots: (shape) =>
      shape.length < 2
        ? [{ name: 'squares', shape, zeroBelow: 1e-35 }]
        : [
            { name: 'rowSquares', shape: [...shape.slice(0, -1), 1], zeroBelow: 1e-35 },
            { name: 'columnSquares', shape: [...shape.slice(0, -2), 1, shape.at(-1)!], zeroBelow: 1e-35 },
          ],
    scalars: weightDecay === 0 ? ['fresh', 'rate'] : ['fresh', 'rate', 'keep'],
    scalarsAt(step, learningRate) {
      const numbers = [step ** beta2Decay, Math.min(learningRate, 1 / Math.sqrt(step))];
      return weightDecay === 0 ? numbers : [...numbers, 1 - learningRate * weightDecay];
    },
    emit(g, { parameter, gradient, slots, scalars: [fresh, rate, keep], decays }) {
      const number = (value: number): TypedValue => g.scalar(value, parameter);
      const square = g.mul(gradient, gradient);
      const moved = (old: TypedValue, now: TypedValue): TypedValue => g.add(old, g.mul(g.sub(now, old), fresh!));
      const rank = parameter.shape.length;
      const next =
        rank < 2 ? [moved(slots[0]!, square)] : [moved(slots[0]!, mean(g, square, rank - 1)), moved(slots[1]!, mean(g, square, rank - 2))];
      const estimate = rank < 2 ? next[0]! : g.div(g.mul(next[0]!, next[1]!), g.op('Max', [mean(g, next[0]!, rank - 2), number(epsilon)]));
      const direction = g.div(gradient, g.sqrt(g.op('Max', [estimate, number(epsilon ** 2)])));
      const length = g.op('Max', [number(1), g.div(rootMeanSquare(g, direction), number(clip))]);
      const size = g.op('Max', [number(leastScale), rootMeanSquare(g, parameter)]);
      const step = g.div(g.mul(size, rate!), length);
      const kept = keep && decays ? g.mul(parameter, keep) : parameter;
      return { parameter: g.sub(kept, g.mul(direction, step)), slots: next };
    },
    update(kernels, { parameters, gradients, slots, shape, decays }, [fresh, rate, keep], gradientScale) {
      const count = parameters.length;
      const numbers = { gradientScale, fresh: fresh!, epsilon };
      const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      const matrices = count / (rows * columns);
      const squares =
        shape.length < 2
          ? kernels.adafactorVector(gradients, slots[0]!, numbers)
          : kernels.adafactorMatrix(gradients, slots[0]!, slots[1]!, { matrices, rows, columns }, numbers);
      const length = Math.max(1, Math.sqrt(squares / count) / clip);
      const size = Math.max(leastScale, Math.sqrt(kernels.sumOfSquares(parameters) / count));
      if (keep !== undefined && decays) kernels.scale(parameters, keep);
      kernels.addScaled(parameters, gradients, (-size * rate!) / length);
    },
  };
}

function mean(g: TypedOps, value: TypedValue, axis: number): TypedValue {
  return g.op('ReduceMean', [value, g.graph.int64([axis])], { keepdims: 1 });
}

function rootMeanSquare(g: TypedOps, value: TypedValue): TypedValue {
  const axes = value.shape.map((_, axis) => axis);
  const square = g.mul(value, value);
  return g.sqrt(axes.length === 0 ? square : g.op('ReduceMean', [square, g.graph.int64(axes)], { keepdims: 0 }));
}
