import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type Forms, type TypedValue } from '../2-shapes/typedOps.ts';
import { backpropagate } from '../3-differentiate/backpropagate.ts';
import { decomposer } from '../3-differentiate/decompose.ts';
import type { GradientSample, OperatorRule } from '../gradients/defineGradient.ts';
import { GraphBuilder, type Graph, type TensorData, type Value } from '../index.ts';
import { size, tensor, type ReferenceTensor } from './referenceInterpreter.ts';

export interface DifferentiatedSample {
  /** The node alone; its float outputs are `result`, `result.1`, … */
  readonly forward: Graph;
  /** The node (or its decomposition) with gradients: also takes `cotangent`, `cotangent.1`, … and gives `gradient.<input>`. */
  readonly graph: Graph;
  /** Float inputs of the node. */
  readonly inputs: readonly Value[];
  /** Float outputs of the node as `graph` gives them. */
  readonly outputs: readonly Value[];
  readonly cotangents: readonly Value[];
}

/** One node as a forward graph, and with its gradients. */
export function differentiateSample(
  rule: OperatorRule,
  sample: GradientSample,
  dtype: 'float32' | 'float64',
  forms: Forms = {},
): DifferentiatedSample {
  const { forward, inputs } = forwardOf(rule, sample, dtype);
  const builder = new GraphBuilder('backward');
  const g = new TypedOps(builder, forms);
  const { inputs: taken, results, cotangents } = withCotangents(g, forward, inputs);
  const gradients = backpropagate(
    g,
    results.map((value, at) => ({ value, gradient: cotangents[at]! })),
    taken,
  );
  const outputs = results.map((each) => builder.output(each));
  inputs.forEach((each, at) => builder.output(gradients[at] ?? g.filledLike(taken[at]!), `gradient.${each.name}`));
  return { forward, graph: builder.build(), inputs, outputs, cotangents };
}

/**
 * The gradient once more: of Σ_inputs ⟨gradient, direction⟩ by the inputs and the cotangents. Takes `direction.<input>`
 * too; gives `slope.along` (that sum) and `second.<input or cotangent>`.
 */
export function differentiateTwice(
  rule: OperatorRule,
  sample: GradientSample,
  dtype: 'float32' | 'float64',
): { graph: Graph; inputs: readonly Value[]; directions: readonly Value[] } {
  const { forward, inputs } = forwardOf(rule, sample, dtype);
  const builder = new GraphBuilder('twice');
  const g = new TypedOps(builder);
  const { inputs: taken, results, cotangents } = withCotangents(g, forward, inputs);
  const gradients = backpropagate(
    g,
    results.map((value, at) => ({ value, gradient: cotangents[at]! })),
    taken,
  );
  const directions = taken.map((each) => typed(builder.input(`direction.${each.name}`, dtype, each.shape)));
  const parts = taken.flatMap((each, at) => {
    const gradient = gradients[at];
    return gradient ? [g.reduceSum(g.mul(gradient, directions[at]!), [...each.shape.keys()], false)] : [];
  });
  const slope = parts.reduce((sum, each) => g.add(sum, each));
  const all = [...taken, ...cotangents];
  const second = backpropagate(g, [{ value: slope, gradient: g.scalar(1, slope) }], all);
  builder.output(slope, 'slope.along');
  all.forEach((each, at) => builder.output(second[at] ?? g.filledLike(each), `second.${each.name}`));
  return { graph: builder.build(), inputs: all, directions };
}

/** Values for an input, from the sample's domain. */
export function drawInput(
  input: Value,
  { domain: [low, high] = [-2, 2], awayFromZero = 0, apart = 0 }: GradientSample,
  random: () => number,
): ReferenceTensor {
  const drawn: number[] = [];
  const draw = (): number => {
    for (let attempt = 0; attempt < 100_000; attempt++) {
      const value = low + (high - low) * random();
      if (Math.abs(value) < awayFromZero || (apart > 0 && drawn.some((each) => Math.abs(each - value) < apart))) continue;
      drawn.push(value);
      return value;
    }
    throw new Error(`No room for values ${apart} apart in [${low}, ${high}].`);
  };
  const shape = input.shape as readonly number[];
  return tensor(shape, Array.from({ length: size(shape) }, draw));
}

function forwardOf(rule: OperatorRule, sample: GradientSample, dtype: 'float32' | 'float64'): { forward: Graph; inputs: readonly Value[] } {
  const builder = new GraphBuilder('forward');
  const inputs: Value[] = [];
  const nodeInputs = inputNames(rule, sample).map((name) => {
    const [shape, constant] = [sample.inputs[name], sample.constants?.[name]];
    if (constant)
      return Array.isArray(constant) ? builder.int64(constant as number[]) : builder.constant(inType(constant as TensorData, dtype));
    if (!shape) return undefined;
    inputs.push(builder.input(name, dtype, shape));
    return inputs.at(-1);
  });
  while (nodeInputs.length > 0 && nodeInputs.at(-1) === undefined) nodeInputs.pop();
  // Types through the shape rule; outputs that are integers are made but not handed out.
  const g = new TypedOps(builder);
  const outputs = g.node(
    (rule.domain ? `${rule.domain}.${rule.opType}` : rule.opType) as 'Add',
    nodeInputs,
    sample.attributes,
    sample.outputCount ?? rule.outputs.length,
  );
  outputs.filter(isFloat).forEach((each, at) => builder.output(each, resultName(at)));
  return { forward: builder.build(), inputs };
}

/** Input names in ONNX order, the numbered ones of a variadic input included. */
function inputNames(rule: OperatorRule, sample: GradientSample): readonly string[] {
  if (!rule.variadicInputs) return rule.inputs;
  const last = rule.inputs.at(-1)!;
  const numbered = [...Object.keys(sample.inputs), ...Object.keys(sample.constants ?? {})].filter((name) => name.startsWith(`${last}.`));
  return [...rule.inputs.slice(0, -1), ...numbered.map((_, at) => `${last}.${at}`)];
}

function withCotangents(
  g: TypedOps,
  forward: Graph,
  inputs: readonly Value[],
): { inputs: TypedValue[]; results: TypedValue[]; cotangents: TypedValue[] } {
  const given = new Map(inputs.map((each) => [each.name, typed(g.graph.input(each.name, each.dtype, each.shape))]));
  const values = replay(g, forward, given, { decompose: decomposer(g) });
  const results = forward.outputs.map((each) => values.get(each.name)!);
  const cotangents = results.map((each, at) => typed(g.graph.input(at === 0 ? 'cotangent' : `cotangent.${at}`, each.dtype, each.shape)));
  return { inputs: inputs.map((each) => values.get(each.name)!), results, cotangents };
}

function resultName(at: number): string {
  return at === 0 ? 'result' : `result.${at}`;
}

/** A float constant of a sample takes the sample's float type. */
function inType(constant: TensorData, dtype: 'float32' | 'float64'): TensorData {
  if (constant.dtype !== 'float32' && constant.dtype !== 'float64') return constant;
  return dtype === 'float32'
    ? { dtype, shape: constant.shape, data: Float32Array.from(constant.data) }
    : { dtype, shape: constant.shape, data: Float64Array.from(constant.data) };
}

function isFloat({ dtype }: Value): boolean {
  return dtype === 'float32' || dtype === 'float64';
}
