import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { encodeModel, GraphBuilder, mergeGraphs, removeUnused, type Graph, type Value } from '../../compiler/index.ts';
import { calibrationGraph, type Calibration } from './learners/calibrate/calibration.ts';
import { labelGraph, type LabelCalibration } from './learners/calibrate/labelCalibration.ts';
import { intervalGraph, type ConformalInterval } from './learners/conformal/intervals.ts';
import { setGraph, type ConformalSet } from './learners/conformal/sets.ts';
import { labelThreshold } from './metrics/answers.ts';
import type { TrainOrder } from './worker/order.ts';
import { addFeatureGraph, type FeatureView, type FittedFeatures } from '../3-features/api.ts';

/** Where the model describes itself, as JSON (`ModelSignature`). */
export const signatureKey = 'modelkeep.signature';

/** For those who run the file elsewhere: what to do with texts before the graph, as JSON; absent where there is nothing to do. */
export const preprocessingKey = 'modelkeep.preprocessing';

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
   * Logits are the outputs; of several members the logarithm of the weighted mean of softmax(outputs). Calibrated they are the
   * probabilities; the answer is the first most probable class, `set` the classes that hold the truth with a promised share.
   */
  | { kind: 'class'; classes: readonly string[]; calibration: Calibration; set: ConformalSet | null }
  /**
   * Logits are the outputs, one a label; of several members those of the weighted mean of the members' probabilities. Calibrated they are the
   * probabilities; the answer says of every label whether its own is at least one half.
   */
  | { kind: 'labels'; labels: readonly string[]; curves: LabelCalibration }
  /** The weighted mean of the outputs (numbers or scores), and from where to where the truth is with a promised share. */
  | { kind: 'number'; interval: ConformalInterval | null };

export const conformalOutputs: readonly string[] = ['lower', 'upper', 'set'];

/** Keeps the logarithm of a probability of zero finite. */
export const smallestProbability = 1e-12;

/**
 * One self-contained ONNX file: raw columns → features → members → `prediction` (and `probabilities`, `lower`, `upper`, `set`). Weights, trees, vocabularies
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
  return encodeModel(removeUnused(mergeGraphs(whole, last, { connect, prefix: prefix('head'), name: 'model' })), {
    producer: 'modelkeep',
    metadata: { [signatureKey]: JSON.stringify(signature), ...preprocessingMetadata(signature) },
  });
}

function preprocessingMetadata({ inputs }: ModelSignature): Record<string, string> {
  const told = inputs.flatMap(({ name, preprocessor }) => (preprocessor ? [{ input: name, ...preprocessor, how: howToCut }] : []));
  return told.length > 0 ? { [preprocessingKey]: JSON.stringify(told) } : {};
}

const howToCut =
  'The graph takes this input cut into words, not the plain text. Replace each stretch of Chinese characters, ASCII letters and digits ' +
  'and any of +#&._%- that holds a Chinese character by its words (jieba, precise mode with HMM), joined by the separator, and put the ' +
  'separator between the stretch and what stands beside it; leave all other text as it is.';

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

/** Members' outputs → answers. */
function headGraph(head: Head, members: readonly ModelMember[], scores: readonly string[][]): Graph {
  if (head.kind === 'labels')
    return mergeGraphs(mixLabels(head.labels.length, members, scores), labelGraph(head.curves, labelThreshold), {
      connect: { logits: 'logits' },
      prefix: 'labels_',
    });
  const mixed = mixGraph(head, members, scores);
  const keepOutputs = ['prediction'];
  if (head.kind === 'number') {
    if (!head.interval) return mixed;
    return mergeGraphs(mixed, intervalGraph(head.interval), { connect: { outputs: 'prediction' }, prefix: 'interval_', keepOutputs });
  }
  const probable =
    head.calibration.kind === 'temperature'
      ? mixed
      : mergeGraphs(mixed, calibrationGraph(head.calibration, head.classes.length), {
          connect: { outputs: 'logits' },
          prefix: 'calibration_',
        });
  const connect = { probabilities: 'probabilities' };
  const kept = ['probabilities'];
  const named = mergeGraphs(probable, nameGraph(head.classes), { connect, prefix: 'name_', keepOutputs: kept });
  // `prediction` stands before `probabilities` in every file.
  const whole = { ...named, outputs: named.outputs.toReversed() };
  if (!head.set) return whole;
  return mergeGraphs(whole, setGraph(head.set, head.classes.length), { connect, prefix: 'set_', keepOutputs: ['prediction', ...kept] });
}

/** → `prediction` of numbers; of classes `probabilities` where a temperature is all, else `logits`. */
function mixGraph(head: Exclude<Head, { kind: 'labels' }>, members: readonly ModelMember[], scores: readonly string[][]): Graph {
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
  if (head.calibration.kind !== 'temperature') {
    g.output(g.op('Identity', [logits], { output: { shape } }), 'logits');
    return g.build();
  }
  const { temperature } = head.calibration;
  g.output(softmax(temperature === 1 ? logits : g.op('Div', [logits, g.scalar(temperature)], { output: { shape } })), 'probabilities');
  return g.build();
}

/** → `logits` float64 [N, labels]. */
function mixLabels(labels: number, members: readonly ModelMember[], scores: readonly string[][]): Graph {
  const g = new GraphBuilder('head');
  const shape = ['N', labels];
  const output = { dtype: 'float64' as const, shape };
  // ONNX Runtime has Mean for float32 only.
  const means = scores.map((names) => {
    const sum = g.op(
      'Sum',
      names.map((name) => g.op('Cast', [g.input(name, 'float32', shape)], { attributes: { to: 11 }, output })),
      { output },
    );
    return names.length === 1 ? sum : g.op('Div', [sum, g.scalar(names.length, 'float64')], { output });
  });
  if (means.length === 1) {
    g.output(g.op('Identity', [means[0]!], { output }), 'logits');
    return g.build();
  }
  const one = g.scalar(1, 'float64');
  const probabilities = means.map((logit, at) => {
    const e = g.op('Exp', [g.op('Neg', [logit], { output })], { output });
    return g.op('Div', [g.scalar(members[at]!.weight, 'float64'), g.op('Add', [e, one], { output })], { output });
  });
  const p = g.op(
    'Clip',
    [g.op('Sum', probabilities, { output }), g.scalar(smallestProbability, 'float64'), g.scalar(1 - smallestProbability, 'float64')],
    {
      output,
    },
  );
  const odds = g.op('Div', [p, g.op('Sub', [one, p], { output })], { output });
  g.output(g.op('Log', [odds], { output }), 'logits');
  return g.build();
}

function nameGraph(classes: readonly string[]): Graph {
  const g = new GraphBuilder('name');
  const probabilities = g.input('probabilities', 'float32', ['N', classes.length]);
  const best = g.op('ArgMax', [probabilities], { attributes: { axis: 1, keepdims: 0 }, output: { dtype: 'int64', shape: ['N'] } });
  const names = g.initializer('classes', { dtype: 'string', shape: [classes.length], data: classes });
  g.output(g.op('Gather', [names, best], { attributes: { axis: 0 }, output: { shape: ['N'] } }), 'prediction');
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

/** What a model takes and gives, in words that serving and people read. `coverage`: of interval or set, null without. */
export function signatureOf(
  fitted: FittedFeatures,
  { task, classes, target, coverage }: { task: ModelSignature['task']; classes: string[]; target: string; coverage: number | null },
): ModelSignature {
  const number = { onnxType: 'float32' as const, shape: [1] };
  const isNumber = task === 'regression' || task === 'ranking';
  const outputs: ModelSignature['outputs'] = isNumber
    ? [{ name: 'prediction', ...number }]
    : [
        task === 'multilabel'
          ? { name: 'prediction', onnxType: 'bool', shape: [classes.length] }
          : { name: 'prediction', onnxType: 'string', shape: [] },
        { name: 'probabilities', onnxType: 'float32', shape: [classes.length] },
      ];
  if (coverage !== null && isNumber) outputs.push({ name: 'lower', ...number }, { name: 'upper', ...number });
  if (coverage !== null && !isNumber) outputs.push({ name: 'set', onnxType: 'bool', shape: [classes.length] });
  return { task, inputs: fitted.columns.map((each) => each.input), outputs, classes, target, ...(coverage === null ? {} : { coverage }) };
}

/**
 * Of the interval or set of a run's models: what was asked for. Null where a quantile is predicted, which is a bound by itself, where there is
 * nothing that one could hold (several labels, an order), and where a column has the name of one of the outputs.
 */
export function coverageOf(
  { interval, objective, spec }: Pick<TrainOrder, 'interval' | 'objective' | 'spec'>,
  fitted: FittedFeatures,
): number | null {
  if (interval === null || objective.kind === 'quantile' || spec.task === 'multilabel' || spec.task === 'ranking') return null;
  return fitted.columns.some(({ input }) => conformalOutputs.includes(input.name)) ? null : interval.level;
}
