import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { encodeModel, GraphBuilder, mergeGraphs, type Graph, type Value } from '../../compiler/index.ts';
import { calibrationGraph, type Calibration } from './learners/calibrate/calibration.ts';
import { intervalGraph, type ConformalInterval } from './learners/conformal/intervals.ts';
import { setGraph, type ConformalSet } from './learners/conformal/sets.ts';
import type { TrainOrder } from './worker/order.ts';
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
   * Logits are the outputs; of several members the logarithm of the weighted mean of softmax(outputs). Calibrated they are the
   * probabilities; the answer is the first most probable class, `set` the classes that hold the truth with a promised share.
   */
  | { kind: 'class'; classes: readonly string[]; calibration: Calibration; set: ConformalSet | null }
  /** The weighted mean of the outputs, and from where to where the truth is with a promised share. */
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

/** Members' outputs → answers. */
function headGraph(head: Head, members: readonly ModelMember[], scores: readonly string[][]): Graph {
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
function mixGraph(head: Head, members: readonly ModelMember[], scores: readonly string[][]): Graph {
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
  const outputs: ModelSignature['outputs'] =
    task === 'regression'
      ? [{ name: 'prediction', ...number }]
      : [
          { name: 'prediction', onnxType: 'string', shape: [] },
          { name: 'probabilities', onnxType: 'float32', shape: [classes.length] },
        ];
  if (coverage !== null && task === 'regression') outputs.push({ name: 'lower', ...number }, { name: 'upper', ...number });
  if (coverage !== null && task !== 'regression') outputs.push({ name: 'set', onnxType: 'bool', shape: [classes.length] });
  return { task, inputs: fitted.columns.map((each) => each.input), outputs, classes, target, ...(coverage === null ? {} : { coverage }) };
}

/**
 * Of the interval or set of a run's models: what was asked for. Null where a quantile is predicted, which is a bound by itself, and
 * where a column has the name of one of the outputs.
 */
export function coverageOf({ interval, objective }: Pick<TrainOrder, 'interval' | 'objective'>, fitted: FittedFeatures): number | null {
  if (interval === null || objective.kind === 'quantile') return null;
  return fitted.columns.some(({ input }) => conformalOutputs.includes(input.name)) ? null : interval.level;
}
