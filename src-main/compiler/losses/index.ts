import type { LossRule } from './defineLoss.ts';
import { huber } from './huber.ts';
import { meanSquaredError } from './meanSquaredError.ts';
import { softmaxCrossEntropy } from './softmaxCrossEntropy.ts';

export type LossSettings =
  | { readonly kind: 'softmaxCrossEntropy' }
  | { readonly kind: 'meanSquaredError' }
  /** `delta`: residual at which the loss turns linear, in units of the target. */
  | { readonly kind: 'huber'; readonly delta: number };

export function lossOf(settings: LossSettings): LossRule {
  switch (settings.kind) {
    case 'softmaxCrossEntropy':
      return softmaxCrossEntropy;
    case 'meanSquaredError':
      return meanSquaredError;
    case 'huber':
      return huber(settings.delta);
  }
}
