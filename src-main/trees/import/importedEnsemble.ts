import type { TreeEnsemble } from '../ensemble.ts';
import type { Link } from '../export/links.ts';

/** What a file of another library holds. */
export interface ImportedEnsemble {
  readonly ensemble: TreeEnsemble;
  readonly featureNames: readonly string[];
  /** The library's own name of what was learnt, e.g. `binary sigmoid:1`, `count:poisson`. */
  readonly objective: string;
  /** What makes logits (classes) or values (numbers) of the scores. */
  readonly link: Link;
}
