import { type GraphBuilder, type Value } from '../../compiler/index.ts';
import type { TreeEnsemble } from '../ensemble.ts';
import { treesPerOutput } from '../score/reference.ts';
import { treeEnsembleAttributes } from './treeEnsemble.ts';
import { treeEnsembleRegressorAttributes } from './treeEnsembleRegressor.ts';
import { addVectorLeaves } from './vectorLeaves.ts';

/** Version of the domain ai.onnx.ml that a graph is written for: 5 has sets of categories, 3 is what older runtimes know. */
export type TreeOpset = 3 | 5;

/**
 * Raw scores float32 [N, outputCount] of `features` float32 [N, featureCount], equal to the plain scorer: the same leaf for every
 * float32, the sum in the same order where the runtime has one thread and leaves have one output (or the opset is 3).
 */
export function addRawScores(g: GraphBuilder, features: Value, ensemble: TreeEnsemble, opset: TreeOpset): Value {
  const { outputCount, baseScores, aggregate, trees } = ensemble;
  const output = { dtype: 'float32', shape: ['N', outputCount] } as const;
  const divisor = aggregate === 'mean' ? treesPerOutput(ensemble) : 1;
  const read = opset === 5 && needsWholeCodes(ensemble) ? wholeCodes(g, features, ensemble) : features;
  let scores: Value;
  if (trees.length === 0) {
    // No operator takes an ensemble without trees.
    const count = g.op('Slice', [g.op('Shape', [features], { output: { dtype: 'int64', shape: [2] } }), g.int64([0]), g.int64([1])]);
    const shape = g.op('Concat', [count, g.int64([outputCount])], { attributes: { axis: 0 } });
    scores = g.op('Expand', [g.float32([0]), shape], { output });
  } else if (opset === 5 && ensemble.valueWidth > 1) scores = addVectorLeaves(g, read, ensemble);
  else
    scores =
      opset === 5
        ? g.op('TreeEnsemble', [read], { domain: 'ai.onnx.ml', attributes: treeEnsembleAttributes(ensemble), output })
        : g.op('TreeEnsembleRegressor', [features], {
            domain: 'ai.onnx.ml',
            attributes: treeEnsembleRegressorAttributes(ensemble),
            output,
          });
  if (divisor > 1) scores = g.op('Div', [scores, g.scalar(divisor)], { output });
  return g.op('Add', [scores, g.float32(Float32Array.from(baseScores))], { output });
}

/**
 * ONNX Runtime (1.30) looks sets up by the whole part of a code, 2.5 as 2, unless all codes of the set are at most 30: then it
 * compares exactly. So broken codes become −1 first, which is in no set.
 */
function wholeCodes(g: GraphBuilder, features: Value, { categorical, featureCount }: TreeEnsemble): Value {
  const shape = ['N', featureCount];
  const broken = g.op('Less', [g.op('Floor', [features], { output: { shape } }), features], { output: { dtype: 'bool', shape } });
  const codes = g.bool([...categorical].map(Boolean));
  const replaced = categorical.every(Boolean) ? broken : g.op('And', [broken, codes], { output: { dtype: 'bool', shape } });
  return g.op('Where', [replaced, g.scalar(-1), features], { output: { dtype: 'float32', shape } });
}

function needsWholeCodes({ categorySets }: TreeEnsemble): boolean {
  return categorySets.some((set) => set.at(-1)! > 30);
}
