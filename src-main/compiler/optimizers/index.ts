import { adafactor, type AdafactorSettings } from './adafactor.ts';
import { adam, type AdamSettings } from './adam.ts';
import { checkOptimizer } from './checkOptimizer.ts';
import type { OptimizerRule } from './defineOptimizer.ts';
import { lamb, type LambSettings } from './lamb.ts';
import { lion, type LionSettings } from './lion.ts';
import { sgd, type SgdSettings } from './sgd.ts';
import { withAverage, type AverageSettings } from './weightAverage.ts';

/** What every optimizer takes beside its own settings. */
export interface CommonOptimizerSettings {
  /** Parameters that weight decay applies to: those of two or more axes (default), all, or those named. */
  readonly decayed?: 'matrices' | 'all' | readonly string[];
  /** All gradients together are at most this long (before the update); default: not limited. */
  readonly clipNorm?: number;
  /** Keeps an average of the weights beside them. */
  readonly average?: AverageSettings;
}

export type OptimizerSettings = (AdamSettings | SgdSettings | LionSettings | LambSettings | AdafactorSettings) & CommonOptimizerSettings;

/** Throws MK_COMPILER_SETTING_INVALID when a number is out of its range. */
export function optimizerOf(settings: OptimizerSettings): OptimizerRule {
  checkOptimizer(settings);
  const rule = ruleOf(settings);
  return settings.average ? withAverage(rule, settings.average) : rule;
}

/** Whether weight decay applies to a parameter. */
export function decays({ decayed = 'matrices' }: CommonOptimizerSettings, name: string, rank: number): boolean {
  if (decayed === 'all') return true;
  return decayed === 'matrices' ? rank >= 2 : decayed.includes(name);
}

function ruleOf(settings: OptimizerSettings): OptimizerRule {
  switch (settings.kind) {
    case 'adam':
      return adam(settings);
    case 'sgd':
      return sgd(settings);
    case 'lion':
      return lion(settings);
    case 'lamb':
      return lamb(settings);
    case 'adafactor':
      return adafactor(settings);
  }
}
