// The trees of a model of trees alone, kept beside it: the ONNX file does not say how many rows passed each node, exact reasons need it.
import { encodeModel } from '../../../../compiler/index.ts';
import type { Link, TreeEnsemble } from '../../../../trees/index.ts';
import { columnsOfFeatures, type FeatureView, type FittedFeatures } from '../../../3-features/api.ts';
import { featureModel } from '../../exportModel.ts';
import type { FittedLearner } from '../../learners/learner.ts';
import { ensembleOf, type EnsembleJson } from '../../learners/trees/ensembleState.ts';
import { decodeLearnerState, encodeLearnerState } from '../fit/learnerStateFile.ts';

export interface KeptTrees {
  ensemble: TreeEnsemble;
  link: Link;
  temperature: number;
  /** ONNX model: raw columns → features. */
  front: Uint8Array;
  /** Raw column of each feature; of an interaction the first of its two. */
  columns: string[];
}

const mostBytes = 64 * 2 ** 20;

/** Null: no model of trees alone, or too large to keep. */
export function keepTrees(
  fitted: FittedFeatures,
  { view, fitted: parts }: { view: FeatureView; fitted: readonly FittedLearner[] },
  temperature: number,
): Uint8Array | null {
  const [only] = parts;
  if (!only || parts.length > 1) return null;
  const { json, arrays } = only.state();
  const { ensemble, link } = (json ?? {}) as { ensemble?: EnsembleJson; link?: Link };
  if (!ensemble || !link || !('cover' in arrays)) return null;
  const front = encodeModel(featureModel(fitted, [view]), { producer: 'modelkeep' });
  const kept = { ensemble, link, temperature, columns: columnsOfFeatures(fitted, view) };
  const bytes = encodeLearnerState({ json: kept, arrays: { ...arrays, front } });
  return bytes.length > mostBytes ? null : bytes;
}

export function readTrees(bytes: Uint8Array): KeptTrees {
  const { json, arrays } = decodeLearnerState(bytes);
  const { ensemble, link, temperature, columns } = json as Omit<KeptTrees, 'ensemble' | 'front'> & { ensemble: EnsembleJson };
  return { ensemble: ensembleOf(ensemble, arrays), link, temperature, columns, front: arrays['front'] as Uint8Array };
}
