import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import {
  compileInference,
  encodeModel,
  GraphBuilder,
  mergeGraphs,
  type FloatArray,
  type Graph,
  type Network,
} from '../../compiler/index.ts';
import { addFeatureGraph, type FittedFeatures } from '../3-features/api.ts';

/** Where the model describes itself, as JSON (`ModelSignature`). */
export const signatureKey = 'modelkeep.signature';

export interface ModelParts {
  fitted: FittedFeatures;
  network: Network;
  weights: Readonly<Record<string, FloatArray>>;
  head: Head;
  signature: ModelSignature;
}

/** From the network's outputs to the answer. */
export type Head =
  /** p = softmax(outputs / temperature); the answer is the first most probable class. */
  | { kind: 'class'; classes: readonly string[]; temperature: number }
  /** value = output · sd + mean: the network learned standardised values. */
  | { kind: 'number'; mean: number; sd: number };

/**
 * One self-contained ONNX file: raw columns → features → network → `prediction` (and `probabilities`). Weights, vocabularies
 * and class names are initialisers; nothing beside the file is needed, and equal parts give equal bytes.
 */
export function exportModel({ fitted, network, weights, head, signature }: ModelParts): Uint8Array {
  const features = featureModel(fitted);
  const prefix = (stem: string): string => {
    let candidate = `${stem}_`;
    while (signature.inputs.some((each) => each.name.startsWith(candidate))) candidate += '_';
    return candidate;
  };
  const inner = compileInference(network.graph, weights, { outputName: 'outputs' });
  const featureName = features.outputs[0]!.name;
  const scored = mergeGraphs(
    features,
    { ...inner, outputs: inner.outputs },
    { connect: { features: featureName }, prefix: prefix('network') },
  );
  return encodeModel(mergeGraphs(scored, headGraph(head), { connect: { scores: 'outputs' }, prefix: prefix('head'), name: 'model' }), {
    producer: 'modelkeep',
    metadata: { [signatureKey]: JSON.stringify(signature) },
  });
}

/** Raw columns → one output, the feature matrix. */
export function featureModel(fitted: FittedFeatures): Graph {
  const g = new GraphBuilder('features');
  g.output(addFeatureGraph(g, fitted)[0]!);
  return g.build();
}

function headGraph(head: Head): Graph {
  const g = new GraphBuilder('head');
  if (head.kind === 'number') {
    const scores = g.input('scores', 'float32', ['N', 1]);
    const scaled = g.op('Add', [g.op('Mul', [scores, g.scalar(head.sd)]), g.scalar(head.mean)], { output: { shape: ['N', 1] } });
    g.output(scaled, 'prediction');
    return g.build();
  }
  const shape = ['N', head.classes.length];
  const scores = g.input('scores', 'float32', shape);
  const tempered = head.temperature === 1 ? scores : g.op('Div', [scores, g.scalar(head.temperature)], { output: { shape } });
  const probabilities = g.op('Softmax', [tempered], { attributes: { axis: -1 }, output: { shape } });
  const best = g.op('ArgMax', [probabilities], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  const names = g.initializer('classes', { dtype: 'string', shape: [head.classes.length], data: head.classes });
  g.output(g.op('Gather', [names, best], { attributes: { axis: 0 }, output: { shape: ['N'] } }), 'prediction');
  g.output(probabilities, 'probabilities');
  return g.build();
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
