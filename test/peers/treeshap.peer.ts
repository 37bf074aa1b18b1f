// Models that LightGBM trains are read in; their explanations are held against those of LightGBM and of the `shap` library.
import { join } from 'node:path';
import { TreeExplainer } from '../../src-main/trees/explain/TreeExplainer.ts';
import { readLightgbm } from '../../src-main/trees/import/lightgbm.ts';
import { scoreReference } from '../../src-main/trees/score/reference.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { treeRequirements } from './treePython.ts';

/** Of contributions and scores, relative to 1 where they are smaller: leaves are float32 here, float64 there. */
const tolerance = 1e-6;

export const peer: Peer = {
  name: 'treeshap',
  about: 'scores and Shapley values of LightGBM models that are read in, against LightGBM and the shap library',
  run,
};

interface Answer {
  model: string;
  rows: (number | null)[];
  raw: number[];
  lightgbm: number[];
  shap?: number[];
}

const cases = [
  { name: 'binary, numbers', objective: 'binary', categories: [], rounds: 60, settings: { num_leaves: 31 } },
  { name: 'regression, deep', objective: 'regression', categories: [], rounds: 20, settings: { num_leaves: 200, min_data_in_leaf: 3 } },
  { name: '3 classes, numbers', objective: 'multiclass', categories: [], rounds: 15, settings: { num_class: 3 } },
  { name: 'binary, categories', objective: 'binary', categories: [4, 30, 300], rounds: 60, settings: {} },
  { name: '3 classes, categories', objective: 'multiclass', categories: [12, 150], rounds: 15, settings: { num_class: 3 } },
  { name: 'Poisson, no missing type', objective: 'poisson', categories: [6], rounds: 40, settings: { use_missing: false } },
].map((each, at) => ({ do: 'train', rows: 200, seed: at + 1, ...each }));

async function run(): Promise<PeerResult> {
  const python = await preparePython(treeRequirements);
  const [versions, ...answers] = (await jsonLines(python, [join(import.meta.dirname, 'trees.py')], cases)) as [
    { shap: string; lightgbm: string },
    ...Answer[],
  ];
  const notes: string[] = [];
  let failed = cases.length - answers.length;
  let passed = 0;
  for (const [at, answer] of answers.entries()) {
    const differences = compare(answer);
    const words = Object.entries(differences).map(([name, difference]) => `${name} ${difference.toExponential(1)}`);
    notes.push(`${cases[at]!.name}: ${words.join(', ')}`);
    if (Object.values(differences).every((difference) => difference <= tolerance)) passed++;
    else failed++;
  }
  return { name: peer.name, peer: `shap ${versions.shap}, LightGBM ${versions.lightgbm}`, passed, failed, skipped: 0, notes };
}

/** The largest differences. */
function compare(answer: Answer): Record<string, number> {
  const { ensemble } = readLightgbm(answer.model);
  const { featureCount, outputCount } = ensemble;
  const features = Float32Array.from(answer.rows, (value) => value ?? NaN);
  const rows = features.length / featureCount;
  const { expected, contributions } = new TreeExplainer(ensemble).explain(features, rows);
  const withExpected = Float64Array.from({ length: rows * outputCount * (featureCount + 1) }, (_, at) => {
    const [place, feature] = [Math.floor(at / (featureCount + 1)), at % (featureCount + 1)];
    return feature === featureCount ? expected[place % outputCount]! : contributions[place * featureCount + feature]!;
  });
  return {
    'scores (LightGBM)': largest(scoreReference(ensemble, features, rows), answer.raw),
    'contributions (LightGBM)': largest(withExpected, answer.lightgbm),
    ...(answer.shap ? { 'contributions (shap)': largest(contributions, answer.shap) } : {}),
  };
}

function largest(ours: Float32Array | Float64Array, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return theirs.reduce((most, value, at) => Math.max(most, Math.abs(ours[at]! - value) / Math.max(1, Math.abs(value))), 0);
}
