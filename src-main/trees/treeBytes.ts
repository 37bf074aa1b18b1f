import { binBytes } from './bin/binRows.ts';
import { cutBytes } from './bin/cutColumns.ts';
import { boostingBytes } from './boosting/trainBoosting.ts';

export interface TreeFacts {
  rows: number;
  width: number;
  /** Trees a round: classes of a softmax, else 1. */
  outputs: number;
  weighted: boolean;
  /** 0: none. */
  validationRows: number;
  numLeaves: number;
  /** The caller's included. */
  threads: number;
}

/**
 * Bytes that a `TreePool` needs to bin these rows and train on them: known before anything is read. Per row two bytes a feature
 * and 24 + 8 an output (28 features, one output: 80 to 90), beside histograms of at most 256 MB.
 */
export function treeBytes(facts: TreeFacts): number {
  const { rows, width, validationRows, threads } = facts;
  const train = binBytes(rows, width, true);
  const validation = validationRows > 0 ? binBytes(validationRows, width, false) : { kept: 0, meanwhile: 0 };
  const meanwhile = Math.max(cutBytes(rows, width, threads), train.meanwhile, validation.meanwhile + validationRows, boostingBytes(facts));
  return train.kept + validation.kept + meanwhile + 65_536;
}
