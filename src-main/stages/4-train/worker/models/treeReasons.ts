import { readFile } from 'node:fs/promises';
import type { AnswerScale } from '../../../../../src-shared/domain/evaluation.ts';
import type { ModelInput } from '../../../../../src-shared/domain/features.ts';
import { TreeExplainer } from '../../../../trees/index.ts';
import { columnFeed, onnxLoader, Preprocessing, type RawTable } from '../../../3-features/api.ts';
import type { ShapleyResult } from '../../explanation/shapley.ts';
import { readTrees, type KeptTrees } from './keptTrees.ts';
import { missingFeed } from './scoreRows.ts';

export interface TreeQuestion {
  inputs: readonly ModelInput[];
  table: RawTable;
  row: number;
  /** Place of the explained class; null for a number. */
  output: number | null;
  scale: AnswerScale;
  /** What the model answers on that scale. */
  value: number;
}

export type TreeResult = Omit<ShapleyResult, 'method' | 'background'>;

/**
 * Exact reasons of a model of trees alone, path-dependent (see `TreeExplainer`), features added up by raw column. Null where the
 * asked scale is no sum over trees (a probability of boosted trees, the log odds of one of several classes), which is found out by
 * holding the sum against the model's own answer.
 */
export async function treeReasons(treesFile: string, question: TreeQuestion): Promise<TreeResult | null> {
  const { ensemble, columns, front, ...kept } = readTrees(await readFile(treesFile));
  const combine = weightsOf({ ensemble, ...kept }, question);
  if (!combine) return null;
  const features = await featuresOf(front, question);
  const { expected, contributions } = new TreeExplainer(ensemble).explain(features, 1);
  let base = 0;
  const effects = new Map<string, number>();
  combine.forEach((weight, output) => {
    base += weight * expected[output]!;
    columns.forEach((column, feature) => {
      const part = weight * contributions[output * ensemble.featureCount + feature]!;
      effects.set(column, (effects.get(column) ?? 0) + part);
    });
  });
  const constant = question.output === 0 && ensemble.outputCount === 1 && kept.link.kind === 'probabilities' ? 1 : 0;
  base += constant;
  const sum = [...effects.values()].reduce((all, each) => all + each, base);
  if (Math.abs(sum - question.value) > 1e-4 * (1 + Math.abs(question.value))) return null;
  // What float32 left over goes to the base, so that the sum is the answer.
  return {
    base: base + (question.value - sum),
    value: question.value,
    effects: [...effects].filter(([, effect]) => effect !== 0).map(([column, effect]) => ({ column, effect, error: 0 })),
  };
}

/** By output of the trees, so that the weighted sum of scores is the answer; null where there are no such weights. */
function weightsOf(
  { ensemble: { outputCount }, link, temperature }: Pick<KeptTrees, 'ensemble' | 'link' | 'temperature'>,
  { output, scale }: TreeQuestion,
): number[] | null {
  if (output === null) return link.kind === 'identity' && outputCount === 1 ? [1] : null;
  if (link.kind === 'binary') return scale === 'logOdds' ? [(output === 1 ? 1 : -1) / temperature] : null;
  if (link.kind === 'identity' && outputCount === 2)
    return scale === 'logOdds' ? [0, 1].map((each) => (each === output ? 1 : -1) / temperature) : null;
  if (link.kind !== 'probabilities' || scale !== 'answer') return null;
  if (outputCount === 1) return [output === 1 ? 1 : -1];
  return Array.from({ length: outputCount }, (_, each) => Number(each === output));
}

async function featuresOf(front: Uint8Array, { inputs, table, row }: TreeQuestion): Promise<Float32Array> {
  const model = await onnxLoader()(front);
  try {
    const rows = Int32Array.of(row);
    const feeds = Object.fromEntries(
      inputs.map((input) => {
        const column = table.columns.get(input.name);
        return [input.name, column ? columnFeed(column, rows) : missingFeed(input, 1)];
      }),
    );
    const preprocessing = await Preprocessing.open(inputs);
    const [output] = Object.values(await model.run(preprocessing.feeds(feeds)));
    return output!.data as Float32Array;
  } finally {
    await model.release();
  }
}
