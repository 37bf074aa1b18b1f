import { adafactor } from './adafactor.ts';
import { adam } from './adam.ts';
import { checkOptimizer } from './checkOptimizer.ts';
import type { OptimizerRule } from './defineOptimizer.ts';
import { lamb } from './lamb.ts';
import { lion } from './lion.ts';
import { sgd } from './sgd.ts';
import type { CommonOptimizerSettings, OptimizerSettings } from './settings.ts';
import { withAverage } from './weightAverage.ts';

export type { CommonOptimizerSettings, OptimizerSettings };

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
