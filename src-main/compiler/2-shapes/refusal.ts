import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';

/** Operators whose output's size depends on the data: a training graph knows all sizes before it runs. */
const sizedByData: ReadonlySet<string> = new Set(['Compress', 'NonMaxSuppression', 'NonZero', 'Unique']);
/** Operators that draw numbers from a state hidden in the session: a run that is resumed would not repeat. */
const drawnInGraph: ReadonlySet<string> = new Set(['Bernoulli', 'Multinomial', 'RandomNormal', 'RandomUniform']);

/** The error for an operator that cannot be trained, by what stands in the way; `operator` as `operatorKey` spells it. */
export function refusal(operator: string, node: string): ModelkeepError {
  if (sizedByData.has(operator)) return new ModelkeepError('MK_COMPILER_OPERATOR_SIZED_BY_DATA', { operator, node });
  if (drawnInGraph.has(operator)) return new ModelkeepError('MK_COMPILER_OPERATOR_RANDOM', { operator, node });
  return new ModelkeepError('MK_COMPILER_OPERATOR_UNSUPPORTED', { operator, node });
}
