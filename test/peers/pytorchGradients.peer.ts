// Our gradients and whole trainings, run by ONNX Runtime in float64, against PyTorch's autograd and optimizers in float64.
import { join } from 'node:path';
import {
  compileTraining,
  initialWeights,
  multilayerPerceptron,
  Trainer,
  type LossSettings,
  type OptimizerSettings,
  type PerceptronSettings,
} from '../../src-main/compiler/index.ts';
import { minibatches } from '../../src-main/compiler/run/epochOrder.ts';
import { onnxRuntime, testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { pytorchRequirements } from './pytorch.ts';
import { gradientCases, graphJson, statedDifferences, tensorJson, type Case } from './pytorchGradientCases.ts';

/** Largest difference over the larger of 1 and the value. Attributes such as ε are float32 in a model, and not in Python: that alone makes 3e-10. */
const tolerance = 1e-9;
const steps = 50;

export const peer: Peer = {
  name: 'pytorch-gradients',
  about: `every gradient rule to the second order and ${steps} training steps in float64, against PyTorch`,
  run,
};

async function run(): Promise<PeerResult> {
  const python = await preparePython(pytorchRequirements);
  const interpreted = new Set<string>();
  const ofRules = await gradientCases(interpreted);
  const cases = [...ofRules.cases, ...(await trainingCases())];
  const script = join(import.meta.dirname, 'pytorchGradients.py');
  const [greeting, ...answers] = await jsonLines(
    python,
    [script],
    cases.map((each) => each.question),
  );
  const notes = ofRules.broken;
  let failed = notes.length;
  const unmapped = new Map<string, number>();
  const worst = { gradients: 0, training: 0 };
  cases.forEach((each, at) => {
    const { unmapped: operator, error } = answers[at] as { unmapped?: string; error?: string };
    if (error !== undefined) {
      failed++;
      notes.push(`${each.name}: PyTorch says ${error}`);
      return;
    }
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
  return {
    name: peer.name,
    peer: `PyTorch ${version}`,
    passed: ofRules.broken.length + cases.length - failed - skipped,
    failed,
    skipped,
    notes,
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

/** NaN and infinities must be the same. */
function largestDifference(ours: ArrayLike<number>, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return theirs.reduce((largest, each, at) => Math.max(largest, Object.is(ours[at], each) ? 0 : relativeDifference(ours[at]!, each)), 0);
}

function relativeDifference(ours: number, theirs: number): number {
  const difference = Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
  return Number.isNaN(difference) ? Infinity : difference;
}
