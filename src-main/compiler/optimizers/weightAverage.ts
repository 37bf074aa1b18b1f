import type { OptimizerRule } from './defineOptimizer.ts';

export type AverageSettings =
  | {
      /** Exponential: a ← d a + (1 − d) θ, corrected for its start at 0 as Adam's moments are. */
      readonly kind: 'exponential';
      /** d; default 0.999. */
      readonly decay?: number;
    }
  | {
      /** Plain mean of the weights after each `every`-th step from step `from` on (stochastic weight averaging). */
      readonly kind: 'stochastic';
      /** Step counted from 1; default 1. */
      readonly from?: number;
      /** Default 1. */
      readonly every?: number;
    };

export const averageSlot = 'average';

/**
 * The optimizer, and an average of the weights beside it: a ← a + rate (θ − a), with the rate of the step
 * (1 − d)/(1 − dᵗ), or 1/n for the n-th weights of a plain mean (before the first: 1, the weights themselves).
 *
 * Sources: Polyak & Juditsky, SIAM J. Control Optim. 30 (1992) 838; Izmailov et al. (2018), https://arxiv.org/abs/1803.05407;
 * the correction as in https://arxiv.org/abs/1412.6980 §3. PyTorch's AveragedModel starts at the first weights instead.
 */
export function withAverage(rule: OptimizerRule, average: AverageSettings): OptimizerRule {
  const own = rule.scalars.length;
  const rateAt = averageRate(average);
  return {
    ...rule,
    formula: `${rule.formula}; a ← a + rate (θ − a)`,
    slots: (shape) => [...rule.slots(shape), { name: averageSlot, shape, zeroBelow: 0 }],
    scalars: [...rule.scalars, 'averageRate'],
    scalarsAt: (step, learningRate) => [...rule.scalarsAt(step, learningRate), rateAt(step)],
    emit(g, { slots, scalars, ...rest }) {
      const { parameter, slots: next } = rule.emit(g, { ...rest, slots: slots.slice(0, -1), scalars: scalars.slice(0, own) });
      const old = slots.at(-1)!;
      return { parameter, slots: [...next, g.add(old, g.mul(g.sub(parameter, old), scalars[own]!))] };
    },
    ...(rule.updateRows && {
      updateRows(kernels, { slots, ...rest }, live, scalars, gradientScale): void {
        rule.updateRows!(kernels, { ...rest, slots: slots.slice(0, -1) }, live, scalars.slice(0, own), gradientScale);
        const rate = scalars[own]!;
        if (rate !== 0) kernels.moveTowards(slots.at(-1)!, rest.parameters, rate);
      },
    }),
    update(kernels, { slots, ...rest }, scalars, gradientScale) {
      rule.update(kernels, { ...rest, slots: slots.slice(0, -1) }, scalars.slice(0, own), gradientScale);
      const rate = scalars[own]!;
      if (rate !== 0) kernels.moveTowards(slots.at(-1)!, rest.parameters, rate);
    },
  };
}

function averageRate(average: AverageSettings): (step: number) => number {
  if (average.kind === 'exponential') {
    const { decay = 0.999 } = average;
    return (step) => (1 - decay) / (1 - decay ** step);
  }
  const { from = 1, every = 1 } = average;
  return (step) => {
    if (step <= from) return 1;
    return (step - from) % every === 0 ? 1 / (1 + (step - from) / every) : 0;
  };
}
