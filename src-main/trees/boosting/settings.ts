import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { growDefaults, type GrowSettings } from '../grow/settings.ts';

/** Names, meanings and defaults are LightGBM's. */
export interface BoostingSettings extends GrowSettings {
  /** Rounds; each adds one tree an output. 100. */
  numIterations: number;
  learningRate: number;
  /** Share of the rows that a tree is grown on, drawn anew every `baggingFreq` rounds; 0 is never. Each row by its own chance. */
  baggingFraction: number;
  baggingFreq: number;
  /** `goss`: rows of large gradients and a share of the others; from round 1 / learningRate on. */
  dataSampleStrategy: 'bagging' | 'goss';
  topRate: number;
  otherRate: number;
  /** Rounds without a better validation loss after which it ends; 0 is never. */
  earlyStoppingRound: number;
}

export const boostingDefaults: BoostingSettings = {
  ...growDefaults,
  numIterations: 100,
  learningRate: 0.1,
  baggingFraction: 1,
  baggingFreq: 0,
  dataSampleStrategy: 'bagging',
  topRate: 0.2,
  otherRate: 0.1,
  earlyStoppingRound: 0,
};

const ranges: Partial<Record<keyof BoostingSettings, readonly [least: number, most: number]>> = {
  numLeaves: [2, 65_536],
  minDataInLeaf: [0, Infinity],
  minSumHessianInLeaf: [0, Infinity],
  minGainToSplit: [0, Infinity],
  lambdaL1: [0, Infinity],
  lambdaL2: [0, Infinity],
  maxDeltaStep: [-Infinity, Infinity],
  featureFraction: [1e-9, 1],
  featureFractionBynode: [1e-9, 1],
  catSmooth: [0, Infinity],
  catL2: [0, Infinity],
  maxCatThreshold: [1, 254],
  minDataPerGroup: [1, Infinity],
  numIterations: [0, Infinity],
  learningRate: [1e-9, 1e9],
  baggingFraction: [1e-9, 1],
  baggingFreq: [0, Infinity],
  topRate: [0, 1],
  otherRate: [0, 1],
  earlyStoppingRound: [0, Infinity],
};

/** All settings; throws MK_TREES_INPUT_INVALID for one out of its range. */
export function completeSettings(given: Partial<BoostingSettings>): BoostingSettings {
  const settings = { ...boostingDefaults, ...given };
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = settings[name as keyof BoostingSettings] as number;
    if (!(value >= least && value <= most))
      throw new ModelkeepError('MK_TREES_INPUT_INVALID', { what: `${name} is ${value}; ${least} to ${most} are possible` });
  }
  if (settings.topRate + settings.otherRate > 1)
    throw new ModelkeepError('MK_TREES_INPUT_INVALID', { what: 'topRate and otherRate together are more than 1' });
  return settings;
}
