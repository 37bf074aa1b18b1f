import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { encodeModel, GraphBuilder, mergeGraphs, type Graph, type Value } from '../../compiler/index.ts';
import { addFeatureGraph, type FeatureView, type FittedFeatures } from '../3-features/api.ts';

/** Where the model describes itself, as JSON (`ModelSignature`). */
export const signatureKey = 'modelkeep.signature';

export interface ModelParts {
  fitted: FittedFeatures;
  members: readonly ModelMember[];
  head: Head;
  signature: ModelSignature;
}

/** One learner's say: the mean of the raw outputs of `graphs` (one a fold, or one for all folds). Weights sum to 1. */
export interface ModelMember {
  view: FeatureView;
  /** `features` float32 [N, width] → `outputs` float32 [N, outputs]. */
  graphs: readonly Graph[];
  weight: number;
}

/** From the members' outputs to the answer. */
export type Head =
  /**
   * p = softmax(outputs / temperature); of several members p is the weighted mean of softmax(outputs), and then
   * softmax(ln p / temperature). The answer is the first most probable class.
   */
  | { kind: 'class'; classes: readonly string[]; temperature: number }
  /** The weighted mean of the outputs. */
  | { kind: 'number' };

/** Keeps the logarithm of a probability of zero finite. */
export const smallestProbability = 1e-12;

/**
 * One self-contained ONNX file: raw columns → features → members → `prediction` (and `probabilities`). Weights, trees, vocabularies
 * and class names are initialisers; nothing beside the file is needed, and equal parts give equal bytes.
 */
export function exportModel({ fitted, members, head, signature }: ModelParts): Uint8Array {
  const prefix = (stem: string): string => {
    let candidate = `${stem}_`;
    while (signature.inputs.some((each) => each.name.startsWith(candidate))) candidate += '_';
    return candidate;
  };
  const views = [...new Set(members.map((each) => each.view))];
  const front = featureModel(fitted, views);
  let whole = front;
  const scores: string[][] = members.map(() => []);
  for (const [at, { view, graphs }] of members.entries())
    for (const [fold, graph] of graphs.entries()) {
      const name = `${prefix('member')}${at}_${fold}`;
      const features = front.outputs[views.indexOf(view)]!.name;
      whole = mergeGraphs(whole, renamedOutput(graph, name), {
        connect: { features },
        prefix: `${name}_`,
        keepOutputs: whole.outputs.map((each) => each.name),
      });
      scores[at]!.push(name);
    }
  const connect = Object.fromEntries(scores.flat().map((name) => [name, name]));
  const last = headGraph(head, members, scores);
  return encodeModel(mergeGraphs(whole, last, { connect, prefix: prefix('head'), name: 'model' }), {
    producer: 'modelkeep',
    metadata: { [signatureKey]: JSON.stringify(signature) },
  });
}

/** Raw columns → one output a view, the feature matrix. */
export function featureModel(fitted: FittedFeatures, views: readonly FeatureView[]): Graph {
  const g = new GraphBuilder('features');
  for (const value of addFeatureGraph(g, fitted, views)) g.output(value);
  return g.build();
}

/** Merging leaves the names of a graph's outputs as they are: each member's must be its own. */
function renamedOutput(graph: Graph, name: string): Graph {
  const output = graph.outputs[0]!;
  const last = { opType: 'Identity', domain: '', name: 'member_output', inputs: [output.name], outputs: [name], attributes: {} };
  return { ...graph, nodes: [...graph.nodes, last], outputs: [{ ...output, name }] };
}

function headGraph(head: Head, members: readonly ModelMember[], scores: readonly string[][]): Graph {
  const g = new GraphBuilder('head');
  const outputs = head.kind === 'class' ? head.classes.length : 1;
  const shape = ['N', outputs];
  const means = scores.map((names) =>
    meanOf(
      g,
      names.map((name) => g.input(name, 'float32', shape)),
      shape,
    ),
  );
  if (head.kind === 'number') {
    g.output(weightedSum(g, means, members, shape), 'prediction');
    return g.build();
  }
  const softmax = (x: Value): Value => g.op('Softmax', [x], { attributes: { axis: -1 }, output: { shape } });
  let logits = means[0]!;
  if (means.length > 1) {
    const mixed = weightedSum(g, means.map(softmax), members, shape);
    logits = g.op('Log', [g.op('Max', [mixed, g.scalar(smallestProbability)], { output: { shape } })], { output: { shape } });
  }
  const tempered = head.temperature === 1 ? logits : g.op('Div', [logits, g.scalar(head.temperature)], { output: { shape } });
  const probabilities = softmax(tempered);
  const best = g.op('ArgMax', [probabilities], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  const names = g.initializer('classes', { dtype: 'string', shape: [head.classes.length], data: head.classes });
  g.output(g.op('Gather', [names, best], { attributes: { axis: 0 }, output: { shape: ['N'] } }), 'prediction');
  g.output(probabilities, 'probabilities');
  return g.build();
}

function meanOf(g: GraphBuilder, values: Value[], shape: (number | string)[]): Value {
  return values.length === 1 ? values[0]! : g.op('Mean', values, { output: { shape } });
}

function weightedSum(g: GraphBuilder, values: Value[], members: readonly ModelMember[], shape: (number | string)[]): Value {
  if (values.length === 1) return g.op('Identity', values, { output: { shape } });
  return g.op(
    'Sum',
    values.map((value, at) => g.op('Mul', [value, g.scalar(members[at]!.weight)], { output: { shape } })),
    { output: { shape } },
  );
}

/** What a model takes and gives, in words that serving and people read. */
export function signatureOf(fitted: FittedFeatures, task: ModelSignature['task'], classes: string[], target: string): ModelSignature {
  return {
    task,
    inputs: fitted.columns.map((each) => each.input),
    outputs:
      task === 'regression'
        ? [{ name: 'prediction', onnxType: 'float32', shape: [1] }]
        : [
            { name: 'prediction', onnxType: 'string', shape: [] },
            { name: 'probabilities', onnxType: 'float32', shape: [classes.length] },
          ],
    classes,
    target,
  };
}
