import { adversarial, type AdversarialSettings } from './adversarial.ts';
import { binaryCrossEntropy, type BinaryCrossEntropySettings } from './binaryCrossEntropy.ts';
import { conditionalRandomField, type ConditionalRandomFieldSettings } from './conditionalRandomField.ts';
import { connectionistTemporal, type ConnectionistTemporalSettings } from './connectionistTemporal.ts';
import type { LossRule } from './defineLoss.ts';
import { elbo, type ElboSettings } from './elbo.ts';
import { focal, type FocalSettings } from './focal.ts';
import { hinge } from './hinge.ts';
import { huber } from './huber.ts';
import { infoNce, type InfoNceSettings } from './infoNce.ts';
import { klDivergence } from './klDivergence.ts';
import { meanAbsoluteError } from './meanAbsoluteError.ts';
import { meanSquaredError } from './meanSquaredError.ts';
import { multiTask } from './multiTask.ts';
import { poisson } from './poisson.ts';
import { quantile } from './quantile.ts';
import { softmaxCrossEntropy, type SoftmaxCrossEntropySettings } from './softmaxCrossEntropy.ts';
import { triplet, type TripletSettings } from './triplet.ts';
import { tweedie } from './tweedie.ts';

export type LossSettings =
  | SoftmaxCrossEntropySettings
  | BinaryCrossEntropySettings
  | FocalSettings
  | { readonly kind: 'hinge'; readonly margin?: number }
  | { readonly kind: 'klDivergence' }
  | { readonly kind: 'meanSquaredError' }
  | { readonly kind: 'meanAbsoluteError' }
  | { readonly kind: 'huber'; readonly delta: number }
  | { readonly kind: 'quantile'; readonly quantiles: readonly number[] }
  | { readonly kind: 'poisson' }
  | { readonly kind: 'tweedie'; readonly power: number }
  | ConditionalRandomFieldSettings
  | ConnectionistTemporalSettings
  | InfoNceSettings
  | TripletSettings
  | ElboSettings
  | AdversarialSettings
  | MultiTaskSettings;

export interface MultiTaskSettings {
  readonly kind: 'multiTask';
  readonly tasks: readonly { readonly output: string; readonly loss: LossSettings; readonly weight?: number }[];
  /** Default 'fixed'. */
  readonly weighting?: 'fixed' | 'uncertainty';
}

export function lossOf(settings: LossSettings): LossRule {
  switch (settings.kind) {
    case 'softmaxCrossEntropy':
      return softmaxCrossEntropy(settings);
    case 'binaryCrossEntropy':
      return binaryCrossEntropy(settings);
    case 'focal':
      return focal(settings);
    case 'hinge':
      return hinge(settings.margin);
    case 'klDivergence':
      return klDivergence;
    case 'meanSquaredError':
      return meanSquaredError;
    case 'meanAbsoluteError':
      return meanAbsoluteError;
    case 'huber':
      return huber(settings.delta);
    case 'quantile':
      return quantile(settings.quantiles);
    case 'poisson':
      return poisson;
    case 'tweedie':
      return tweedie(settings.power);
    case 'conditionalRandomField':
      return conditionalRandomField(settings);
    case 'connectionistTemporal':
      return connectionistTemporal(settings);
    case 'infoNce':
      return infoNce(settings);
    case 'triplet':
      return triplet(settings);
    case 'elbo':
      return elbo(settings);
    case 'multiTask':
      return multiTask(
        settings.tasks.map(({ loss, ...task }) => ({ ...task, loss: lossOf(loss) })),
        settings.weighting ?? 'fixed',
      );
    default:
      return adversarial(settings);
  }
}
