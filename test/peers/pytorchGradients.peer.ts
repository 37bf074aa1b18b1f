// Our gradients and whole trainings, run by ONNX Runtime in float64, against PyTorch's autograd and optimizers in float64.
import * as ort from '../../src-main/platform/onnxRuntime.ts';
import { join } from 'node:path';
import { gradients, operatorKey } from '../../src-main/compiler/gradients/index.ts';
import type { GradientSample, SpecialPoint } from '../../src-main/compiler/gradients/defineGradient.ts';
import {
  compileTraining,
  encodeModel,
  initialWeights,
  multilayerPerceptron,
  Trainer,
  type Graph,
  type LossSettings,
  type OptimizerSettings,
  type PerceptronSettings,
} from '../../src-main/compiler/index.ts';
import { minibatches } from '../../src-main/compiler/run/epochOrder.ts';
import { differentiateSample, drawInput, type DifferentiatedSample } from '../../src-main/compiler/tests/differentiateSample.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../../src-main/compiler/tests/referenceInterpreter.ts';
import { onnxRuntime, testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { pytorchRequirements } from './pytorch.ts';

/** Largest difference over the larger of 1 and the value. */
const tolerance = 1e-10;
const steps = 50;

export const peer: Peer = {
  name: 'pytorch-gradients',
  about: `every gradient rule and ${steps} training steps in float64, against PyTorch`,
  run,
};

/** Special points where we decided otherwise than PyTorch, and why. */
const statedDifferences: Readonly<Record<string, string>> = {
  'Max@13 special point 0': 'the first input wins a tie, PyTorch shares it',
  'Min@13 special point 0': 'the first input wins a tie, PyTorch shares it',
  'ReduceLogSumExp@18 special point 1': 'a row of −∞ alone has the gradient 0, in PyTorch NaN',
};
/** ONNX Runtime's float64 kernels of these compute in float32, or with constants of that precision. */
const imprecise = new Set(['Gelu@20', 'Shrink@9', 'com.microsoft.FastGelu@1']);

interface Case {
  name: string;
  question: object;
  /** Numbers of ours that the answer must hold, by a name that says what they are. */
  ours: Record<string, ArrayLike<number>>;
  read(answer: never): Record<string, readonly number[]>;
}

async function run(): Promise<PeerResult> {
  const python = await preparePython(pytorchRequirements);
  const interpreted = new Set<string>();
  const cases = [...(await gradientCases(interpreted)), ...(await trainingCases())];
  const script = join(import.meta.dirname, 'pytorchGradients.py');
  const [greeting, ...answers] = await jsonLines(
    python,
    [script],
    cases.map((each) => each.question),
  );
  const notes: string[] = [];
  let failed = 0;
  const unmapped = new Map<string, number>();
  const worst = { gradients: 0, training: 0 };
  cases.forEach((each, at) => {
    const { unmapped: operator } = answers[at] as { unmapped?: string };
    if (operator !== undefined) {
      unmapped.set(operator, (unmapped.get(operator) ?? 0) + 1);
      return;
    }
    const theirs = each.read(answers[at] as never);
    for (const [what, numbers] of Object.entries(each.ours)) {
      const difference = largestDifference(numbers, theirs[what] ?? []);
      const group = each.name.startsWith('training') ? 'training' : 'gradients';
      worst[group] = Math.max(worst[group], difference);
      if (difference <= tolerance) continue;
      failed++;
      notes.push(`${each.name}: ${what} differs by ${difference.toExponential(2)}`);
      break;
    }
  });
  notes.push(
    `largest relative difference: gradients ${worst.gradients.toExponential(1)}, losses and weights over ${steps} steps ${worst.training.toExponential(1)} (limit ${tolerance})`,
  );
  if (interpreted.size > 0)
    notes.push(`${[...interpreted].join(', ')}: ONNX Runtime has no exact float64 kernel, ours ran in the tests' float64 interpreter`);
  if (unmapped.size > 0) notes.push(`not compared, PyTorch has no such operator in our table: ${[...unmapped.keys()].join(', ')}`);
  for (const [name, reason] of Object.entries(statedDifferences)) notes.push(`${name} is ours by decision: ${reason}`);
  const skipped = [...unmapped.values()].reduce((sum, count) => sum + count, 0);
  const { version } = greeting as { version: string };
  return { name: peer.name, peer: `PyTorch ${version}`, passed: cases.length - failed - skipped, failed, skipped, notes };
}

/** Every sample of every rule, and its special points: outputs and gradients for incoming gradients. */
async function gradientCases(interpreted: Set<string>): Promise<Case[]> {
  const cases: Case[] = [];
  for (const [key, rule] of Object.entries(gradients)) {
    for (const [number, sample] of rule.samples.entries()) {
      const random = testRandom(300 + number);
      const differentiated = differentiateSample(rule, sample, 'float64');
      const point = Object.fromEntries(differentiated.inputs.map((each) => [each.name, drawInput(each, sample, random)]));
      const cotangents = differentiated.cotangents.map((each) => drawn(each.shape as number[], () => random() * 2 - 1));
      cases.push(await gradientCase(`${key} sample ${number}`, differentiated, point, cotangents, interpreted));
    }
    for (const [number, special] of rule.specialPoints.entries()) {
      const name = `${key} special point ${number}`;
      if (name in statedDifferences) continue;
      const differentiated = differentiateSample(rule, sampleOf(special), 'float64');
      const point = Object.fromEntries(Object.entries(special.inputs).map(([input, each]) => [input, tensor(each!.shape, each!.values)]));
      const cotangents = differentiated.cotangents.map(({ shape }, at) =>
        at === 0 && special.cotangent ? tensor(shape as number[], special.cotangent) : drawn(shape as number[], () => 1),
      );
      cases.push(await gradientCase(name, differentiated, point, cotangents, interpreted));
    }
  }
  return cases;
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

async function trainingCases(): Promise<Case[]> {
  const adam: OptimizerSettings = { kind: 'adam' };
  const crossEntropy: LossSettings = { kind: 'softmaxCrossEntropy' };
  const settings: [string, Omit<PerceptronSettings, 'featureCount'>, LossSettings, OptimizerSettings][] = [
    ['softmax regression', { hiddenSizes: [], outputCount: 4 }, crossEntropy, adam],
    ['binary as two classes', { hiddenSizes: [16], outputCount: 2 }, crossEntropy, adam],
    ['perceptron 32-16 ReLU', { hiddenSizes: [32, 16], outputCount: 5 }, crossEntropy, adam],
    ['perceptron Tanh, AdamW', { hiddenSizes: [24], outputCount: 3, activation: 'Tanh' }, crossEntropy, { kind: 'adam', weightDecay: 0.1 }],
    [
      'perceptron Sigmoid, other betas',
      { hiddenSizes: [24], outputCount: 3, activation: 'Sigmoid' },
      crossEntropy,
      { kind: 'adam', beta1: 0.8, beta2: 0.95, epsilon: 1e-6 },
    ],
    ['linear regression, momentum', { hiddenSizes: [], outputCount: 1 }, { kind: 'meanSquaredError' }, { kind: 'sgd', momentum: 0.9 }],
    ['perceptron regression, two outputs', { hiddenSizes: [16], outputCount: 2 }, { kind: 'meanSquaredError' }, adam],
    ['Huber regression', { hiddenSizes: [16], outputCount: 1 }, { kind: 'huber', delta: 0.4 }, adam],
  ];
  return Promise.all(
    settings.map(([name, network, loss, optimizer]) =>
      trainingCase(name, { ...network, featureCount: 12, dtype: 'float64' }, loss, optimizer),
    ),
  );
}

/** 148 rows in batches of 32: every fifth batch has 20, padded by us, short in PyTorch. */
async function trainingCase(name: string, perceptron: PerceptronSettings, loss: LossSettings, optimizer: OptimizerSettings): Promise<Case> {
  const [rowCount, batchSize, seed, learningRate] = [148, 32, 17, 0.01];
  const random = testRandom(8);
  const network = multilayerPerceptron(perceptron);
  const compiled = compileTraining({ forward: network.graph, parameters: network.parameters, loss, optimizer, batchSize });
  const draw = (count: number): Float64Array => Float64Array.from({ length: count }, () => random() * 2 - 1);
  const features = draw(rowCount * perceptron.featureCount);
  const classes = Int32Array.from({ length: rowCount }, () => Math.floor(random() * perceptron.outputCount));
  const targets = loss.kind === 'softmaxCrossEntropy' ? classes : draw(rowCount * perceptron.outputCount);
  const rowWeights = draw(rowCount).map((each) => each + 1);
  const weights = initialWeights(network.parameterShapes, 4, network.schemes, 'float64');
  const trainer = await Trainer.create({
    runtime: onnxRuntime,
    compiled,
    data: { rowCount, inputs: { features }, targets, rowWeights },
    weights,
    learningRate,
    seed,
    nowMs: () => performance.now(),
  });
  const losses: number[] = [];
  while (trainer.step < steps) losses.push(...(await trainer.runOnce()).losses);
  const ours = { losses, ...trainer.weights() };
  await trainer.release();
  const epochs = steps / Math.ceil(rowCount / batchSize);
  return {
    name: `training: ${name}`,
    question: {
      kind: 'training',
      graph: graphJson(network.graph),
      weights: Object.fromEntries(Object.entries(weights).map(([key, each]) => [key, tensorJson(network.parameterShapes[key]!, each)])),
      features: tensorJson([rowCount, perceptron.featureCount], features),
      targets: tensorJson([rowCount, perceptron.outputCount], targets),
      rowWeights: [...rowWeights],
      loss,
      optimizer,
      learningRate,
      batches: minibatches(rowCount, batchSize, seed, epochs),
    },
    ours,
    read: ({ losses: theirLosses, weights: theirs }: { losses: number[]; weights: Record<string, number[]> }) => ({
      losses: theirLosses,
      ...theirs,
    }),
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
    if (!/Could not find an implementation|Failed to find kernel|tensor\(double\).*is invalid/.test(String(error))) throw error;
    return byDefinition();
  }
  const out = await session.run(Object.fromEntries(graph.inputs.map(({ name, dtype }) => [name, feed(dtype, feeds[name]!)])));
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, each]) => [name, each.data as Float64Array]));
}

function feed(dtype: string, { data, shape }: ReferenceTensor): ort.Tensor {
  return dtype === 'float32' ? new ort.Tensor('float32', Float32Array.from(data), shape) : new ort.Tensor('float64', data, shape);
}

function graphJson(graph: Graph): object {
  return {
    nodes: graph.nodes.map(({ opType, domain, inputs, outputs, attributes }) => ({
      opType: operatorKey(domain, opType),
      inputs,
      outputs,
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value])),
    })),
    initializers: Object.fromEntries(
      [...graph.initializers].map(([name, each]) => [name, tensorJson(each.shape, each.data as ArrayLike<number | bigint>)]),
    ),
    outputs: graph.outputs.map((each) => each.name),
  };
}

function tensorJson(shape: readonly number[], data: ArrayLike<number | bigint>): { shape: readonly number[]; data: (number | string)[] } {
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

/** NaN and infinities must be the same. */
function largestDifference(ours: ArrayLike<number>, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return theirs.reduce((largest, each, at) => Math.max(largest, Object.is(ours[at], each) ? 0 : relativeDifference(ours[at]!, each)), 0);
}

function relativeDifference(ours: number, theirs: number): number {
  const difference = Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
  return Number.isNaN(difference) ? Infinity : difference;
}
