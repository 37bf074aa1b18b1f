import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { ParsedForward } from '../../1-parse/parseForward.ts';
import { stepNames, type DifferentiatedStep } from '../../3-differentiate/differentiate.ts';
import type { Graph } from '../../onnx/graph.ts';
import { rematerialise, type MemoryPlan } from './rematerialise.ts';

/** The step of a parsed network within a budget; as it is without one. Throws MK_COMPILER_SETTING_INVALID for no number of bytes. */
export function withinBudget(
  graph: Graph,
  budgetBytes: number | undefined,
  parsed: ParsedForward,
  step: DifferentiatedStep,
): { graph: Graph; plan: MemoryPlan | undefined } {
  if (budgetBytes === undefined) return { graph, plan: undefined };
  if (!(budgetBytes > 0))
    throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting: 'memoryBudgetBytes', value: budgetBytes, expected: 'above 0' });
  const gradients = new Set(step.parameters.map(({ name }) => stepNames.gradient(name)));
  const lasting = [...step.parameters, ...parsed.frozen, ...(step.lossScale ? [step.lossScale] : [])];
  return rematerialise(graph, budgetBytes, { gradients, weights: new Set(lasting.map(({ name }) => name)) });
}
