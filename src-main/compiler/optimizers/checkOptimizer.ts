import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { OptimizerSettings } from './settings.ts';

interface Range {
  readonly expected: string;
  holds(value: number): boolean;
}

const share: Range = { expected: 'at least 0 and below 1', holds: (value) => value >= 0 && value < 1 };
const positive: Range = { expected: 'above 0', holds: (value) => value > 0 && Number.isFinite(value) };
const notNegative: Range = { expected: '0 or more', holds: (value) => value >= 0 && Number.isFinite(value) };
const negative: Range = { expected: 'below 0', holds: (value) => value < 0 && Number.isFinite(value) };
const steps: Range = { expected: 'a whole number from 1', holds: (value) => Number.isSafeInteger(value) && value >= 1 };

const ranges: Readonly<Record<string, Range>> = {
  momentum: share,
  beta1: share,
  beta2: share,
  beta2Decay: negative,
  // Kernels pad vectors with zeros: 0 / (0 + epsilon) must stay 0.
  epsilon: positive,
  leastScale: notNegative,
  clip: positive,
  clipNorm: positive,
  weightDecay: notNegative,
  decay: share,
  from: steps,
  every: steps,
};

/** Throws MK_COMPILER_SETTING_INVALID when a number is out of its range, or Nesterov has no momentum to look along. */
export function checkOptimizer(settings: OptimizerSettings): void {
  check(settings, '');
  if (settings.average) check(settings.average, 'average.');
  if (settings.kind === 'sgd' && settings.nesterov && !settings.momentum)
    refuse('momentum', settings.momentum ?? 0, 'above 0 for Nesterov');
}

function check(settings: object, path: string): void {
  for (const [name, value] of Object.entries(settings)) {
    const range = ranges[name];
    if (range && value !== undefined && !(typeof value === 'number' && range.holds(value))) refuse(path + name, value, range.expected);
  }
}

function refuse(setting: string, value: unknown, expected: string): never {
  throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value: String(value), expected });
}
