// Exported ensembles, random ones and one of LightGBM's, in a bare onnxruntime for Python: the same scores as the plain scorer.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '../../src-main/compiler/index.ts';
import type { TreeEnsemble } from '../../src-main/trees/ensemble.ts';
import { ensembleGraph, treeOpsets } from '../../src-main/trees/export/ensembleGraph.ts';
import { readLightgbm } from '../../src-main/trees/import/lightgbm.ts';
import { scoreReference } from '../../src-main/trees/score/reference.ts';
import { edgeRows, randomEnsemble } from '../../src-main/trees/testing/randomEnsemble.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { treeRequirements } from './treePython.ts';

/** On two threads leaves are added in another order: relative to their number, since each is below 1 in size. */
const tolerance = 1e-6;
const rows = 400;

export const peer: Peer = {
  name: 'trees-onnx',
  about: 'exported tree ensembles on edge inputs (ai.onnx.ml 5 and 3), against onnxruntime for Python',
  run,
};

async function ensembles(): Promise<Record<string, TreeEnsemble>> {
  const lightgbm = join(import.meta.dirname, '../fixtures/trees/lightgbm-multiclass.txt');
  return {
    numbers: randomEnsemble({ seed: 1, categorical: 0, trees: 100 }),
    'numbers and categories': randomEnsemble({ seed: 22 }),
    '500 categories': randomEnsemble({ seed: 3, categories: 500, categorical: 1 }),
    'boosting of 3 outputs': randomEnsemble({ seed: 4, outputs: 3, trees: 30 }),
    'forest of 4 outputs': randomEnsemble({ seed: 5, outputs: 4, valueWidth: 4, aggregate: 'mean' }),
    'single leaves': randomEnsemble({ seed: 6, leaves: 2, trees: 50 }),
    'LightGBM, 3 classes': readLightgbm(await readFile(lightgbm, 'utf8')).ensemble,
  };
}

async function run(): Promise<PeerResult> {
  const python = await preparePython(treeRequirements);
  const folder = await mkdtemp(join(tmpdir(), 'modelkeep-trees-'));
  try {
    const questions: Record<string, unknown>[] = [];
    const expected: { name: string; scores: Float32Array; scale: number; exact: boolean }[] = [];
    for (const [name, ensemble] of Object.entries(await ensembles()))
      for (const opset of [5, 3] as const) {
        const features = edgeRows(ensemble, rows, questions.length + 1);
        const [model, file] = [join(folder, `${questions.length}.onnx`), join(folder, `${questions.length}.bin`)];
        const graph = ensembleGraph(ensemble, { kind: 'identity' }, { opset });
        await writeFile(model, encodeModel(graph, { producer: 'modelkeep', opsets: treeOpsets(opset) }));
        await writeFile(file, features);
        questions.push({ do: 'score', model, features: file, featureCount: ensemble.featureCount });
        const scale = ensemble.aggregate === 'mean' ? 1 : ensemble.trees.length;
        // A forest of several outputs is summed by groups of trees in opset 5.
        const exact = opset === 3 || ensemble.valueWidth === 1;
        expected.push({ name: `${name}, ai.onnx.ml ${opset}`, scores: scoreReference(ensemble, features, rows), scale, exact });
      }
    const [versions, ...answers] = (await jsonLines(python, [join(import.meta.dirname, 'trees.py')], questions)) as [
      { onnxruntime: string },
      ...{ threads1: number[]; threads2: number[] }[],
    ];
    let passed = 0;
    const notes = answers.map(({ threads1, threads2 }, at) => {
      const { name, scores, scale, exact } = expected[at]!;
      const [one, two] = [largest(scores, threads1), largest(scores, threads2)];
      if ((exact ? one === 0 : one <= tolerance * scale) && two <= tolerance * scale) passed++;
      return `${name}: 1 thread ${one === 0 ? 'the same bits' : one.toExponential(1)}, 2 threads ${two.toExponential(1)}`;
    });
    const failed = questions.length - passed;
    return { name: peer.name, peer: `onnxruntime ${versions.onnxruntime} (Python)`, passed, failed, skipped: 0, notes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function largest(ours: Float32Array, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return theirs.reduce((most, value, at) => Math.max(most, Math.abs(ours[at]! - value)), 0);
}
