import { adam, type AdamSettings } from './adam.ts';
import type { OptimizerRule } from './defineOptimizer.ts';
import { sgd, type SgdSettings } from './sgd.ts';

export type OptimizerSettings = AdamSettings | SgdSettings;

export function optimizerOf(settings: OptimizerSettings): OptimizerRule {
  return settings.kind === 'adam' ? adam(settings) : sgd(settings);
}
