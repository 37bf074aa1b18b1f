import type { TypedValue } from '../2-shapes/typedOps.ts';
import type { LossContext, LossRule } from './defineLoss.ts';

export interface Task {
  /** Output of the forward graph that this task's loss reads; its targets are `train.targets.<output>`. */
  readonly output: string;
  readonly loss: LossRule;
  /** Default 1. */
  readonly weight?: number;
}

/**
 * Several losses over one network. 'fixed': Σ weight · loss. 'uncertainty': each task has a trained log variance s and
 * counts e^{−s} · weight · loss + s/2, so that tasks on large scales do not drown the others.
 *
 * Source of 'uncertainty': Kendall et al., Multi-task learning using uncertainty (2018), https://arxiv.org/abs/1705.07115
 * eq. 10, with s = ln σ² and the factor ½ of regression left to the weights.
 */
export function multiTask(tasks: readonly Task[], weighting: 'fixed' | 'uncertainty'): LossRule {
  if (tasks.length === 0) throw new Error('A multi-task loss needs at least one task.');
  return {
    kind: 'multiTask',
    source: 'Kendall et al. (2018), https://arxiv.org/abs/1705.07115 eq. 10',
    formula: weighting === 'fixed' ? 'loss = Σ weight · loss' : 'loss = Σ (e^{−s} weight · loss + s/2)',
    emit(g, context) {
      const terms = tasks.map(({ output, loss, weight = 1 }): TypedValue => {
        const { value } = loss.emit(g, contextOf(context, output));
        const weighted = weight === 1 ? value : g.mul(value, g.scalar(weight, value));
        if (weighting === 'fixed') return weighted;
        const logVariance = context.parameter(`logVariance.${output}`, []);
        return g.add(g.mul(g.exp(g.neg(logVariance)), weighted), g.mul(logVariance, g.scalar(0.5, value)));
      });
      return { value: terms.reduce((sum, each) => g.add(sum, each)) };
    },
  };
}

/** The context in which a task's loss sees its output as the prediction, and its targets under the output's name. */
function contextOf(context: LossContext, output: string): LossContext {
  return {
    ...context,
    prediction: context.value(output),
    targets: (spec) => context.targets({ ...spec, name: spec.name === '' ? output : `${output}.${spec.name}` }),
    parameter: (name, shape) => context.parameter(`${output}.${name}`, shape),
  };
}
