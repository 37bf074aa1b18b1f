import type { AdafactorSettings } from './adafactor.ts';
import type { AdamSettings } from './adam.ts';
import type { LambSettings } from './lamb.ts';
import type { LionSettings } from './lion.ts';
import type { SgdSettings } from './sgd.ts';
import type { AverageSettings } from './weightAverage.ts';

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
