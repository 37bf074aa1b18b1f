import type { FeatureView } from '../../3-features/api.ts';
import type { DataFacts } from '../learners/learner.ts';
import type { FitSource } from '../worker/fit/fitOrder.ts';

/** What a learner's portfolio and search space may depend on: nothing that differs between machines but the number of threads. */
export function factsOfSource(source: FitSource, view: FeatureView, limits: Pick<DataFacts, 'budgetMs' | 'threads'>): DataFacts {
  const { columns } = source.views[view]!;
  return {
    task: source.task,
    rows: source.folds[0]!.train.length,
    width: columns.length,
    categorical: columns.filter((each) => each.kind === 'category').length,
    ...limits,
  };
}
