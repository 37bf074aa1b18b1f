import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../compiler/index.ts';
import { onnxRuntime } from '../../compiler/tests/runtimes.ts';
import type { TreeEnsemble } from '../ensemble.ts';
import { scoreReference } from '../score/reference.ts';
import { edgeRows, randomEnsemble, uniform, type RandomSettings } from '../testing/randomEnsemble.ts';
import { ensembleGraph, treeOpsets } from './ensembleGraph.ts';
import { applyLink, linkedOutputs, type Link } from './links.ts';
import type { TreeOpset } from './rawScores.ts';

const identity: Link = { kind: 'identity' };

async function run(
  ensemble: TreeEnsemble,
  features: Float32Array,
  { link = identity, opset = 5, threads = 1 }: { link?: Link; opset?: TreeOpset; threads?: number } = {},
): Promise<Float32Array> {
  const bytes = encodeModel(ensembleGraph(ensemble, link, { opset }), { producer: 'test', opsets: treeOpsets(opset) });
  const session = await onnxRuntime.createSession(bytes, { threads });
  const rows = features.length / ensemble.featureCount;
  const feeds = { features: onnxRuntime.tensor('float32', features, [rows, ensemble.featureCount]) };
  const { outputs } = await session.run(feeds, { outputs: null });
  expect(outputs!.dims).toEqual([rows, linkedOutputs(link, ensemble.outputCount)]);
  await session.release();
  return outputs!.data as Float32Array;
}

const kinds: Record<string, Omit<RandomSettings, 'seed'>> = {
  'numbers only': { categorical: 0 },
  'numbers and categories': {},
  'categories only': { categorical: 1 },
  'three categories': { categories: 3 },
  '1,000 categories': { categories: 1000, trees: 5, leaves: 8 },
  'stumps and single leaves': { leaves: 2, trees: 60 },
  'boosting of 3 outputs': { outputs: 3, trees: 30 },
  'forest of one output': { aggregate: 'mean' },
  'forest of 4 outputs': { outputs: 4, valueWidth: 4, aggregate: 'mean' },
  'forest of more trees than are gathered together': { outputs: 3, valueWidth: 3, aggregate: 'mean', trees: 70, leaves: 8 },
  'deep trees': { leaves: 400, trees: 6 },
  'one feature': { features: 1, categorical: 0 },
};

describe.each([5, 3] as const)('an exported ensemble, ai.onnx.ml %i', (opset) => {
  it.each(Object.entries(kinds))('gives the scores of the plain scorer to the last bit on one thread: %s', async (_, settings) => {
    for (let seed = 1; seed <= 3; seed++) {
      const ensemble = randomEnsemble({ seed: 10 * seed, ...settings });
      for (const rows of [1, 7, 400]) {
        const features = edgeRows(ensemble, rows, seed);
        const [scores, expected] = [await run(ensemble, features, { opset }), scoreReference(ensemble, features, rows)];
        // Leaves of several outputs are summed by groups of trees in opset 5: means of numbers below 1 differ by rounding.
        if (opset === 5 && ensemble.valueWidth > 1)
          scores.forEach((score, at) => expect(Math.abs(score - expected[at]!)).toBeLessThanOrEqual(3e-7));
        else expect(scores).toEqual(expected);
      }
    }
  });

  it('differs by no more than rounding on two threads, which add in another order', async () => {
    for (const settings of Object.values(kinds)) {
      const ensemble = randomEnsemble({ seed: 77, ...settings });
      const features = edgeRows(ensemble, 300, 5);
      const expected = scoreReference(ensemble, features, 300);
      const scores = await run(ensemble, features, { opset, threads: 2 });
      // Leaves are below 1 in size: the sum of a row is off by parts of 6e-8 of what it adds.
      const scale = ensemble.aggregate === 'mean' ? 1 : ensemble.trees.length;
      scores.forEach((score, at) => expect(Math.abs(score - expected[at]!)).toBeLessThanOrEqual(1e-6 * scale));
    }
  });

  it('takes an empty set, which only a missing value may pass', async () => {
    const ensemble = { ...randomEnsemble({ seed: 5, categorical: 1 }) };
    ensemble.categorySets = ensemble.categorySets.map((set, at) => (at % 2 ? set : new Int32Array(0)));
    const features = edgeRows(ensemble, 200, 1);
    expect(await run(ensemble, features, { opset })).toEqual(scoreReference(ensemble, features, 200));
  });

  it.each([
    ['the first output', 2, [0, 5, 0, 7, 0, 3]],
    ['all outputs', 1, [4, 4, 3]],
  ] as const)('tells apart sets that follow each other and lead to leaves equal in %s', async (_, outputs, leaves) => {
    const values = (leaf: number): number[] => leaves.slice(leaf * outputs, (leaf + 1) * outputs);
    for (const missingLeft of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      const ensemble: TreeEnsemble = {
        ...randomEnsemble({ seed: 1, features: 1, categorical: 1, outputs, valueWidth: outputs }),
        baseScores: new Float64Array(outputs),
        categorySets: [Int32Array.of(3, 10), Int32Array.of(1, 2)],
        trees: [
          {
            feature: Int32Array.of(0, -1, 0, -1, -1),
            threshold: new Float32Array(5),
            categories: Int32Array.of(0, -1, 1, -1, -1),
            missingLeft: Uint8Array.of(missingLeft[0]!, 0, missingLeft[1]!, 0, 0),
            left: Int32Array.of(1, -1, 3, -1, -1),
            right: Int32Array.of(2, -1, 4, -1, -1),
            value: Float32Array.from([...values(0).map(() => 0), ...values(0), ...values(0).map(() => 0), ...values(1), ...values(2)]),
            cover: new Float64Array(5),
            gain: new Float64Array(5),
          },
        ],
      };
      const features = Float32Array.of(NaN, 0, 1, 2, 3, 10, 11);
      expect(await run(ensemble, features, { opset })).toEqual(scoreReference(ensemble, features, 7));
    }
  });

  it('without trees gives the base scores', async () => {
    const ensemble = { ...randomEnsemble({ seed: 1, outputs: 2 }), trees: [] };
    expect(await run(ensemble, new Float32Array(18), { opset })).toEqual(scoreReference(ensemble, new Float32Array(18), 3));
  });
});

it('refuses to write millions of codes as a node each', () => {
  const ensemble = randomEnsemble({ seed: 1, categorical: 1, trees: 1 });
  ensemble.categorySets = ensemble.categorySets.map(() => Int32Array.from({ length: 4_000_000 }, (_, code) => code));
  expect(() => ensembleGraph(ensemble, identity, { opset: 3 })).toThrow(expect.objectContaining({ code: 'MK_TREES_EXPORT_TOO_LARGE' }));
});

describe('links', () => {
  const random = uniform(4);
  const links: [string, Link, RandomSettings][] = [
    ['two logits of one score', { kind: 'binary' }, { seed: 1 }],
    ['e to the score', { kind: 'exp' }, { seed: 2 }],
    ['logits of probabilities', { kind: 'probabilities' }, { seed: 3, outputs: 3, valueWidth: 3, aggregate: 'mean' }],
    ['two logits of one probability', { kind: 'probabilities', floor: 1e-4 }, { seed: 4, aggregate: 'mean' }],
  ];
  it.each(links)('are what applyLink computes: %s', async (_, link, settings) => {
    const ensemble = randomEnsemble(settings);
    if (link.kind === 'probabilities') {
      ensemble.baseScores.fill(0);
      for (const tree of ensemble.trees) tree.value.forEach((value, at) => (tree.value[at] = value && (random() < 0.2 ? 0 : random())));
    }
    const features = edgeRows(ensemble, 200, 9);
    const expected = applyLink(link, scoreReference(ensemble, features, 200), ensemble.outputCount);
    const outputs = await run(ensemble, features, { link });
    outputs.forEach((output, at) => expect(Math.abs(output - expected[at]!)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(output))));
  });

  it('give a class that no leaf has seen the floor, not minus infinity', () => {
    expect([...applyLink({ kind: 'probabilities' }, Float32Array.of(0, 1), 2)]).toEqual([Math.fround(Math.log(Math.fround(1e-7))), 0]);
  });

  it('refuse several scores where one of two classes is meant', () => {
    expect(() => ensembleGraph(randomEnsemble({ seed: 1, outputs: 3 }), { kind: 'binary' })).toThrow('takes one score, not 3');
  });
});
