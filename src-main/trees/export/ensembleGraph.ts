import { GraphBuilder, type Graph, type Value } from '../../compiler/index.ts';
import type { TreeEnsemble } from '../ensemble.ts';
import { defaultFloor, linkedOutputs, type Link } from './links.ts';
import { addRawScores, type TreeOpset } from './rawScores.ts';

export interface ExportSettings {
  /**
   * Default 5: TreeEnsemble with sets of categories. 3: TreeEnsembleRegressor for older runtimes, with a node per code of a set. Encode the model with `treeOpsets(opset)`: a runtime refuses the older operator
   * in version 5 of its domain.
   */
  readonly opset?: TreeOpset;
  /** Default 'features' and 'outputs'. */
  readonly input?: string;
  readonly output?: string;
}

/**
 * The ensemble as a graph: `features` float32 [N, featureCount] → `outputs` float32 [N, K]. For every float32, NaN included, each
 * tree ends in the leaf of `scoreReference`.
 */
export function ensembleGraph(ensemble: TreeEnsemble, link: Link, settings: ExportSettings = {}): Graph {
  const { opset = 5, input = 'features', output = 'outputs' } = settings;
  const g = new GraphBuilder('trees');
  const features = g.input(input, 'float32', ['N', ensemble.featureCount]);
  g.output(addLink(g, addRawScores(g, features, ensemble, opset), link, ensemble.outputCount), output);
  return g.build();
}

/** For `encodeModel`: versions of the domains for a graph of that opset. */
export function treeOpsets(opset: TreeOpset): Readonly<Record<string, number>> {
  return { '': 21, 'ai.onnx.ml': opset };
}

function addLink(g: GraphBuilder, scores: Value, link: Link, outputCount: number): Value {
  const output = { dtype: 'float32', shape: ['N', linkedOutputs(link, outputCount)] } as const;
  switch (link.kind) {
    case 'identity':
      return scores;
    case 'exp':
      return g.op('Exp', [scores], { output });
    case 'binary':
      return g.op('Pad', [scores, g.int64([0, 1, 0, 0])], { output });
    case 'probabilities': {
      const both =
        outputCount === 1 ? g.op('Concat', [g.op('Sub', [g.scalar(1), scores]), scores], { attributes: { axis: 1 }, output }) : scores;
      return g.op('Log', [g.op('Max', [both, g.scalar(link.floor ?? defaultFloor)], { output })], { output });
    }
  }
}
