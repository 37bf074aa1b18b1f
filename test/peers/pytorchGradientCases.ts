// Questions for pytorchGradients.py about the gradient table, with our answers, in float64.
import * as ort from '../../src-main/platform/onnxRuntime.ts';
import type { GradientSample, OperatorRule, SpecialPoint } from '../../src-main/compiler/gradients/defineGradient.ts';
import { gradients, operatorKey } from '../../src-main/compiler/gradients/index.ts';
import { encodeModel, type Graph } from '../../src-main/compiler/index.ts';
import {
  differentiateSample,
  differentiateTwice,
  drawInput,
  type DifferentiatedSample,
} from '../../src-main/compiler/tests/differentiateSample.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../../src-main/compiler/tests/referenceInterpreter.ts';
import { testRandom } from '../../src-main/compiler/tests/runtimes.ts';

export interface Case {
  name: string;
  question: object;
  /** Numbers of ours that the answer must hold, by a name that says what they are. */
  ours: Record<string, ArrayLike<number>>;
  read(answer: never): Record<string, readonly number[]>;
}

/** Special points where we decided otherwise than PyTorch, and why. */
export const statedDifferences: Readonly<Record<string, string>> = {
  'Max@13 special point 0': 'the first input wins a tie, PyTorch shares it',
  'Min@13 special point 0': 'the first input wins a tie, PyTorch shares it',
  'LpNormalization@1 special point 0': 'a line of zeros stays zero, in PyTorch it becomes NaN',
  'LpPool@18 special point 0': 'a window of zeros has the gradient 0, in PyTorch NaN',
  'ReduceLogSumExp@18 special point 1': 'a row of −∞ alone has the gradient 0, in PyTorch NaN',
};
/** ONNX Runtime's float64 kernels of these compute in float32, or with constants of that precision. */
const imprecise = new Set(['Attention@23', 'Gelu@20', 'Shrink@9', 'com.microsoft.FastGelu@1']);

/**
 * Every sample of every rule and its special points: outputs and gradients for incoming gradients; at the samples second
 * derivatives too. A case that ours cannot run is `broken`, by name and reason.
 */
export async function gradientCases(interpreted: Set<string>): Promise<{ cases: Case[]; broken: string[] }> {
  const cases: Case[] = [];
  const broken: string[] = [];
  const attempt = async (name: string, make: () => Promise<Case>): Promise<void> => {
    try {
      cases.push(await make());
    } catch (error) {
      broken.push(`${name}: ${(error as Error).message}`);
    }
  };
  for (const [key, rule] of Object.entries(gradients)) {
    for (const [number, sample] of rule.samples.entries()) {
      const random = testRandom(300 + number);
      const differentiated = differentiateSample(rule, sample, 'float64');
      const point = Object.fromEntries(differentiated.inputs.map((each) => [each.name, drawInput(each, sample, random)]));
      const cotangents = differentiated.cotangents.map((each) => drawn(each.shape as number[], () => random() * 2 - 1));
      const name = `${key} sample ${number}`;
      await attempt(name, () => gradientCase(name, differentiated, point, cotangents, interpreted));
      if (rule.secondOrder ?? true)
        await attempt(`${name}, second order`, () => secondOrderCase(name, rule, sample, differentiated, point, cotangents, interpreted));
    }
    for (const [number, special] of rule.specialPoints.entries()) {
      const name = `${key} special point ${number}`;
      if (name in statedDifferences) continue;
      const differentiated = differentiateSample(rule, sampleOf(special), 'float64');
      const point = Object.fromEntries(Object.entries(special.inputs).map(([input, each]) => [input, tensor(each!.shape, each!.values)]));
      const cotangents = differentiated.cotangents.map(({ shape }, at) =>
        at === 0 && special.cotangent ? tensor(shape as number[], special.cotangent) : drawn(shape as number[], () => 1),
      );
      await attempt(name, () => gradientCase(name, differentiated, point, cotangents, interpreted));
    }
  }
  return { cases, broken };
}

async function gradientCase(
  name: string,
  { forward, graph, inputs, outputs, cotangents: named }: DifferentiatedSample,
  point: Readonly<Record<string, ReferenceTensor>>,
  cotangents: readonly ReferenceTensor[],
  interpreted: Set<string>,
): Promise<Case> {
  const feeds = { ...point, ...Object.fromEntries(named.map((each, at) => [each.name, cotangents[at]!])) };
  const results = await runFloat64(graph, feeds, interpreted, name.split(' ')[0]!);
  return {
    name,
    question: {
      kind: 'gradient',
      graph: graphJson(forward),
      inputs: Object.fromEntries(Object.entries(point).map(([input, each]) => [input, tensorJson(each.shape, each.data)])),
      cotangents: cotangents.map((each) => numbersJson(each.data)),
    },
    ours: {
      ...Object.fromEntries(outputs.map((each, at) => [`output ${at}`, results[each.name]!])),
      ...Object.fromEntries(inputs.map((each) => [`gradient of ${each.name}`, results[`gradient.${each.name}`]!])),
    },
    read: ({ outputs: values, gradients: given }: { outputs: (number | string)[][]; gradients: Record<string, (number | string)[]> }) => ({
      ...Object.fromEntries(values.map((each, at) => [`output ${at}`, each.map(readNumber)])),
      ...Object.fromEntries(Object.entries(given).map(([input, each]) => [`gradient of ${input}`, each.map(readNumber)])),
    }),
  };
}

/** Derivatives of Σ_inputs ⟨gradient, direction⟩ by the inputs and by the incoming gradients. */
async function secondOrderCase(
  name: string,
  rule: OperatorRule,
  sample: GradientSample,
  { forward, cotangents: named }: DifferentiatedSample,
  point: Readonly<Record<string, ReferenceTensor>>,
  cotangents: readonly ReferenceTensor[],
  interpreted: Set<string>,
): Promise<Case> {
  const { graph, inputs, directions } = differentiateTwice(rule, sample, 'float64');
  const random = testRandom(700);
  const along = Object.fromEntries(directions.map((each) => [each.name, drawn(each.shape as number[], () => random() * 2 - 1)]));
  const feeds = { ...point, ...along, ...Object.fromEntries(named.map((each, at) => [each.name, cotangents[at]!])) };
  const results = await runFloat64(graph, feeds, interpreted, name.split(' ')[0]!);
  return {
    name: `${name}, second order`,
    question: {
      kind: 'second order',
      graph: graphJson(forward),
      inputs: Object.fromEntries(Object.entries(point).map(([input, each]) => [input, tensorJson(each.shape, each.data)])),
      cotangents: cotangents.map((each) => numbersJson(each.data)),
      directions: directions.map((each) => numbersJson(along[each.name]!.data)),
    },
    ours: Object.fromEntries(inputs.map((each, at) => [`second derivative ${at}`, results[`second.${each.name}`]!])),
    read: ({ second }: { second: (number | string)[][] }) =>
      Object.fromEntries(second.map((each, at) => [`second derivative ${at}`, each.map(readNumber)])),
  };
}

function drawn(shape: readonly number[], draw: () => number): ReferenceTensor {
  return tensor(shape, Array.from({ length: size(shape) }, draw));
}

function sampleOf({ inputs, constants, attributes }: SpecialPoint): GradientSample {
  return {
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, each!.shape])),
    ...(constants && { constants }),
    ...(attributes && { attributes }),
  };
}

/** By ONNX Runtime; by the tests' interpreter where it has no float64 kernel (Erf) or an imprecise one, noted in `interpreted`. */
async function runFloat64(
  graph: Graph,
  feeds: Readonly<Record<string, ReferenceTensor>>,
  interpreted: Set<string>,
  key: string,
): Promise<Record<string, Float64Array>> {
  const byDefinition = (): Record<string, Float64Array> => {
    interpreted.add(key);
    return Object.fromEntries(Object.entries(interpret(graph, feeds)).map(([name, each]) => [name, each.data]));
  };
  if (imprecise.has(key)) return byDefinition();
  let session: ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(encodeModel(graph, { producer: 'peers' }), { intraOpNumThreads: 1, logSeverityLevel: 4 });
  } catch (error) {
    if (
      !/Could not find an implementation|Failed to find kernel|element type mismatch|bound to different types|tensor\(double\).*is invalid/.test(
        String(error),
      )
    )
      throw error;
    return byDefinition();
  }
  const out = await session.run(Object.fromEntries(graph.inputs.map(({ name, dtype }) => [name, feed(dtype, feeds[name]!)])));
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, each]) => [name, each.data as Float64Array]));
}

function feed(dtype: string, { data, shape }: ReferenceTensor): ort.Tensor {
  return dtype === 'float32' ? new ort.Tensor('float32', Float32Array.from(data), shape) : new ort.Tensor('float64', data, shape);
}

export function graphJson(graph: Graph): object {
  return {
    nodes: graph.nodes.map(({ opType, domain, inputs, outputs, attributes }) => ({
      opType: operatorKey(domain, opType),
      inputs,
      outputs,
      // Subgraphs and tensors stay here: no operator that PyTorch is asked about has any.
      attributes: Object.fromEntries(
        Object.entries(attributes).flatMap(([key, { kind, value }]) => (kind === 'graph' || kind === 'tensor' ? [] : [[key, value]])),
      ),
    })),
    initializers: Object.fromEntries(
      [...graph.initializers].map(([name, each]) => [
        name,
        { ...tensorJson(each.shape, each.data as ArrayLike<number | bigint>), isBool: each.dtype === 'bool' },
      ]),
    ),
    outputs: graph.outputs.map((each) => each.name),
  };
}

export function tensorJson(
  shape: readonly number[],
  data: ArrayLike<number | bigint>,
): { shape: readonly number[]; data: (number | string)[] } {
  return { shape, data: numbersJson(data) };
}

/** NaN and infinities as text. */
function numbersJson(data: ArrayLike<number | bigint>): (number | string)[] {
  return Array.from(data, Number).map((each) => (Number.isFinite(each) ? each : String(each)));
}

function readNumber(written: number | string): number {
  if (typeof written === 'number') return written;
  return { nan: NaN, inf: Infinity, '-inf': -Infinity }[written]!;
}
