import { applyLink, ensembleGraph, TreeScorer, type Link, type TreeEnsemble } from '../../../../trees/index.ts';
import { fittedFrom, type Told } from '../fitted.ts';
import type { FittedLearner, LearnerState } from '../learner.ts';
import { ensembleArrays, ensembleOf, type EnsembleJson } from './ensembleState.ts';

export interface TreesState extends LearnerState {
  json: Told & { ensemble: EnsembleJson; link: Link };
}

export function treesState(ensemble: TreeEnsemble, link: Link, told: Told): TreesState {
  const { json, arrays } = ensembleArrays(ensemble);
  return { json: { ...told, ensemble: json, link }, arrays };
}

/** A fitted learner that is an ensemble of trees and a link. The scorer is made when it is first asked. */
export function treesModel(state: TreesState): FittedLearner {
  const ensemble = treesOf(state);
  const { link } = state.json;
  let scorer: TreeScorer | undefined;
  return fittedFrom(state, {
    predict({ data, rows }) {
      scorer ??= new TreeScorer(ensemble);
      return applyLink(link, scorer.score(data, rows), ensemble.outputCount);
    },
    graph: () => ensembleGraph(ensemble, link),
  });
}

export function treesOf({ json, arrays }: TreesState): TreeEnsemble {
  return ensembleOf(json.ensemble, arrays);
}
