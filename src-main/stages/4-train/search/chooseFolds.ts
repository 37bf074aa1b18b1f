import type { FoldPlan, Holdout } from '../../../../src-shared/domain/training.ts';

export interface FoldFacts {
  /** Development rows: all but the test rows. */
  rows: number;
  budgetMs: number;
  holdout: Holdout;
}

/** Budget per row from which k folds leave time for a search worth its name; measured on tables of 10 to 60 columns, 2 cores. */
const [forFive, forThree] = [1.5, 0.5];
const [smallTable, hurriedMs] = [2000, 3000];

/**
 * Five folds where the time allows, then three, then one validation part; by time or by group where the holdout is. Few rows need folds
 * most: their single validation part would choose by luck.
 */
export function chooseFolds({ rows, budgetMs, holdout }: FoldFacts): FoldPlan {
  const perRow = budgetMs / rows;
  const folds = rows < smallTable && budgetMs >= hurriedMs ? 5 : perRow >= forFive ? 5 : perRow >= forThree ? 3 : 1;
  if (folds === 1) return { kind: 'holdout', fraction: holdout.validationFraction / (1 - holdout.testFraction) };
  if (holdout.kind === 'temporal') {
    const { timeColumn, gap } = holdout;
    return { kind: 'expanding', folds, timeColumn, ...(gap === undefined ? {} : { gap }) };
  }
  return holdout.kind === 'group' ? { kind: 'group', folds, groupColumn: holdout.groupColumn } : { kind: 'stratified', folds };
}
