// Optimizers, clipping, schedules and L-BFGS against PyTorch's in float64: ours as nodes in the interpreter, and as kernels in float32.
import { join } from 'node:path';
import {
  cosine,
  linearDecay,
  minimizeLbfgs,
  oneCycle,
  plateauStart,
  reduceOnPlateau,
  stepDecay,
  TypedOps,
  GraphBuilder,
  elementCount,
} from '../../src-main/compiler/index.ts';
import type { OptimizerSettings, Schedule } from '../../src-main/compiler/index.ts';
import { clipScale } from '../../src-main/compiler/optimizers/clipGradients.ts';
import { optimizerOf } from '../../src-main/compiler/optimizers/index.ts';
import { FlatParameters } from '../../src-main/compiler/run/gradient/FlatParameters.ts';
import { interpret, tensor } from '../../src-main/compiler/tests/referenceInterpreter.ts';
import { testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { pytorchRequirements } from './pytorch.ts';

export const peer: Peer = {
  name: 'pytorch-optimizers',
  about: 'optimizers, clipping, schedules and L-BFGS against PyTorch: float64 to 1e-11, kernels in float32 to 1e-5',
  run,
};

const steps = 40;
const rate = 0.02;
const shapes = [[5, 7], [3, 2, 4], [6], [1, 9]];

interface Case {
  name: string;
  question: Record<string, unknown>;
  /** Largest differences from the answer by form, and what they may be. */
  compare(answer: never): Promise<{ form: string; difference: number; limit: number }[]>;
}

async function run(): Promise<PeerResult> {
  const python = await preparePython(pytorchRequirements);
  const cases = [...optimizerCases(), ...scheduleCases(), plateauCase(), lbfgsCase()];
  const [greeting, ...answers] = await jsonLines(
    python,
    [join(import.meta.dirname, 'pytorchOptimizers.py')],
    cases.map(({ question }) => question),
  );
  const notes: string[] = [];
  let failed = 0;
  for (const [at, each] of cases.entries()) {
    const results = await each.compare(answers[at] as never);
    const wrong = results.filter(({ difference, limit }) => !(difference <= limit));
    if (wrong.length > 0) failed++;
    notes.push(
      `${wrong.length > 0 ? 'FAILED ' : ''}${each.name}: ${results.map(({ form, difference }) => `${form} ${difference.toExponential(1)}`).join(', ')}`,
    );
  }
  return {
    name: peer.name,
    peer: `PyTorch ${(greeting as { torch: string }).torch}`,
    passed: cases.length - failed,
    failed,
    skipped: 0,
    notes,
  };
}

function optimizerCases(): Case[] {
  const of = (name: string, ours: OptimizerSettings, torch: { name: string; settings: object }): Case => {
    const random = testRandom(17);
    const draw = (): number[][] => shapes.map((shape) => Array.from({ length: elementCount(shape) }, () => Math.fround(random() * 2 - 1)));
    const start = draw();
    const gradients = Array.from({ length: steps }, draw);
    return {
      name,
      question: { kind: 'optimizer', ...torch, shapes, start, gradients, ...(ours.clipNorm !== undefined && { clipNorm: ours.clipNorm }) },
      compare: async ({ weights }: { weights: number[][] }) => [
        { form: 'nodes', difference: largest(asNodes(ours, start, gradients), weights), limit: 1e-11 },
        { form: 'kernels', difference: largest(byKernels(ours, start, gradients), weights), limit: 1e-5 },
      ],
    };
  };
  const weightDecay = 0.1;
  return [
    of('SGD', { kind: 'sgd' }, { name: 'SGD', settings: { lr: rate } }),
    of('SGD, momentum', { kind: 'sgd', momentum: 0.9 }, { name: 'SGD', settings: { lr: rate, momentum: 0.9 } }),
    of(
      'SGD, Nesterov',
      { kind: 'sgd', momentum: 0.9, nesterov: true },
      { name: 'SGD', settings: { lr: rate, momentum: 0.9, nesterov: true } },
    ),
    of('SGD, clipped', { kind: 'sgd', momentum: 0.9, clipNorm: 2 }, { name: 'SGD', settings: { lr: rate, momentum: 0.9 } }),
    of('AdamW', { kind: 'adam', weightDecay, decayed: 'all' }, { name: 'AdamW', settings: { lr: rate, weight_decay: weightDecay } }),
    of('AdamW, clipped', { kind: 'adam', clipNorm: 0.5 }, { name: 'AdamW', settings: { lr: rate, weight_decay: 0 } }),
    of(
      'Adafactor',
      { kind: 'adafactor', weightDecay, decayed: 'all' },
      // PyTorch's default ε is that of the element type; ours is float32's.
      { name: 'Adafactor', settings: { lr: rate, weight_decay: weightDecay, eps: [2 ** -23, 1e-3] } },
    ),
  ];
}

function asNodes(settings: OptimizerSettings, start: number[][], gradients: number[][][]): number[][] {
  const rule = optimizerOf(settings);
  const graphs = shapes.map((shape) => {
    const builder = new GraphBuilder('update');
    const g = new TypedOps(builder);
    const input = (name: string, sizes: readonly number[]) => builder.input(name, 'float64', sizes) as never;
    const slots = rule.slots(shape);
    const result = rule.emit(g, {
      parameter: input('parameter', shape),
      gradient: input('gradient', shape),
      slots: slots.map((each) => input(each.name, each.shape)),
      scalars: rule.scalars.map((name) => input(name, [])),
      decays: settings.decayed === 'all',
    });
    builder.output(result.parameter, 'next.parameter');
    result.slots.forEach((each, at) => builder.output(each, `next.${slots[at]!.name}`));
    return { graph: builder.build(), slots };
  });
  const state = shapes.map((shape, at) => ({
    parameter: tensor(shape, start[at]!),
    ...Object.fromEntries(graphs[at]!.slots.map((each) => [each.name, tensor(each.shape, new Float64Array(elementCount(each.shape)))])),
  })) as Record<string, ReturnType<typeof tensor>>[];
  gradients.forEach((ofStep, step) => {
    const norm = Math.hypot(...ofStep.flat());
    const scale = settings.clipNorm === undefined ? 1 : clipScale(norm, settings.clipNorm);
    const scalars = rule.scalarsAt(step + 1, rate);
    shapes.forEach((shape, at) => {
      const results = interpret(graphs[at]!.graph, {
        ...state[at],
        gradient: tensor(
          shape,
          ofStep[at]!.map((each) => each * scale),
        ),
        ...Object.fromEntries(rule.scalars.map((name, place) => [name, tensor([], [scalars[place]!])])),
      });
      state[at] = Object.fromEntries(Object.keys(state[at]!).map((name) => [name, results[`next.${name}`]!]));
    });
  });
  return state.map((each) => [...each['parameter']!.data]);
}

function byKernels(settings: OptimizerSettings, start: number[][], gradients: number[][][]): number[][] {
  const specs = shapes.map((shape, at) => ({ name: `p${at}`, shape }));
  const flat = new FlatParameters({ specs, optimizer: settings, parts: 1, accumulates: false });
  const [views, gradientViews] = [flat.views(flat.parameters), flat.views(flat.gradients[0]!)];
  specs.forEach(({ name }, at) => views.get(name)!.set(start[at]!));
  gradients.forEach((ofStep, step) => {
    specs.forEach(({ name }, at) => gradientViews.get(name)!.set(ofStep[at]!));
    flat.collect(true, 1);
    flat.update(step + 1, rate, flat.gradientNorm());
  });
  return specs.map(({ name }) => [...views.get(name)!]);
}

function scheduleCases(): Case[] {
  const of = (name: string, ours: Schedule, start: number, settings: object, count: number): Case => ({
    name,
    question: { kind: 'schedule', name, rate: start, settings, steps: count },
    compare: async ({ rates }: { rates: number[] }) => [
      { form: 'rates', difference: largest([rates.map((_, at) => ours(at + 1))], [rates]), limit: 1e-14 },
    ],
  });
  return [
    of('CosineAnnealingLR', cosine({ rate: 0.3, steps: 50, finalRate: 0.01 }), 0.3, { T_max: 50, eta_min: 0.01 }, 51),
    of('LinearLR', linearDecay({ rate: 0.3, steps: 20 }), 0.3, { start_factor: 1, end_factor: 0, total_iters: 20 }, 30),
    of('StepLR', stepDecay({ rate: 0.3, every: 7 }), 0.3, { step_size: 7 }, 30),
    of('OneCycleLR', oneCycle({ maxRate: 0.3, steps: 64 }), 0.3, { max_lr: 0.3, total_steps: 64 }, 64),
  ];
}

function plateauCase(): Case {
  const random = testRandom(3);
  const losses = Array.from({ length: 80 }, (_, at) => 1 / (1 + Math.min(at, 20)) + 0.1 + random() * 0.05);
  return {
    name: 'ReduceLROnPlateau',
    question: { kind: 'plateau', settings: { factor: 0.5, patience: 3, threshold: 1e-4, eps: 0 }, losses },
    compare: async ({ rates }: { rates: number[] }) => {
      let state = plateauStart;
      const ours = losses.map((loss) => (state = reduceOnPlateau(state, loss, { factor: 0.5, patience: 3 })).scale);
      return [{ form: 'rates', difference: largest([ours], [rates]), limit: 0 }];
    },
  };
}

/** Logistic regression with a penalty: one minimum, which both must find. */
function lbfgsCase(): Case {
  const random = testRandom(8);
  const points = Array.from({ length: 60 }, () => Array.from({ length: 8 }, () => random() * 4 - 2));
  const targets = points.map((each) => Number(each[0]! + 0.5 * each[1]! + random() - 0.5 > 0));
  return {
    name: 'LBFGS',
    question: { kind: 'lbfgs', points, targets },
    compare: async ({ loss, weights }: { loss: number; weights: number[] }) => {
      const ours = await minimizeLbfgs(async (w) => logistic(points, targets, w), new Float64Array(8), {
        gradientTolerance: 1e-10,
        lossTolerance: 0,
      });
      return [
        { form: 'loss', difference: Math.abs(ours.loss - loss), limit: 1e-14 },
        // The loss is flat there: equal losses leave the weights open to the root of their precision.
        { form: 'weights', difference: largest([[...ours.weights]], [weights]), limit: 1e-7 },
      ];
    },
  };
}

function logistic(points: number[][], targets: number[], weights: Float64Array): { loss: number; gradient: Float64Array } {
  const gradient = weights.map((each) => 0.02 * each);
  let loss = 0.01 * weights.reduce((sum, each) => sum + each * each, 0);
  points.forEach((point, row) => {
    const logit = point.reduce((sum, each, at) => sum + each * weights[at]!, 0);
    const target = targets[row]!;
    loss += (Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)))) / points.length;
    const error = (1 / (1 + Math.exp(-logit)) - target) / points.length;
    point.forEach((each, at) => (gradient[at]! += error * each));
  });
  return { loss, gradient };
}

/** Over the larger of 1 and the value. */
function largest(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  return Math.max(
    ...expected.flatMap((each, at) => each.map((value, place) => Math.abs(actual[at]![place]! - value) / Math.max(1, Math.abs(value)))),
  );
}
