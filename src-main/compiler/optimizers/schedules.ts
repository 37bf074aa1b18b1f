/** Learning rate by step, counted from 1: what `Trainer` and `GradientTrainer` take as `learningRate`. */
export type Schedule = (step: number) => number;

export function constant(rate: number): Schedule {
  return () => rate;
}

/** From `rate` in equal parts to `finalRate` (default 0) over `steps`, then stays there. PyTorch's LinearLR from factor 1. */
export function linearDecay({ rate, steps, finalRate = 0 }: { rate: number; steps: number; finalRate?: number }): Schedule {
  return (step) => rate + (finalRate - rate) * Math.min(1, (step - 1) / steps);
}

/**
 * Half a cosine from `rate` to `finalRate` (default 0) over `steps`, then stays there (PyTorch's CosineAnnealingLR climbs again).
 * Source: Loshchilov & Hutter, SGDR (2017), https://arxiv.org/abs/1608.03983 eq. 5.
 */
export function cosine({ rate, steps, finalRate = 0 }: { rate: number; steps: number; finalRate?: number }): Schedule {
  return (step) => between(rate, finalRate, Math.min(1, (step - 1) / steps));
}

/**
 * Cosine waves of ever twice the length, four over `steps` (default `cycles`): from 0 up to `rate` and back, at 1/15, 3/15, 7/15 and
 * 15/15 of the way. Where one ends the weights have settled, so that what comes of fewer steps can be chosen there.
 * Source: Holzmüller et al., Better by Default (2024), https://arxiv.org/abs/2407.04491 §3 (coslog4).
 */
export function cosineLog({ rate, steps, cycles = 4 }: { rate: number; steps: number; cycles?: number }): Schedule {
  return (step) => {
    const wave = Math.log2(1 + (2 ** cycles - 1) * Math.min(1, (step - 1) / steps));
    return (rate * (1 - Math.cos(2 * Math.PI * wave))) / 2;
  };
}

/** `rate` times `factor` (default 0.1) after every `every` steps. */
export function stepDecay({ rate, every, factor = 0.1 }: { rate: number; every: number; factor?: number }): Schedule {
  return (step) => rate * factor ** Math.floor((step - 1) / every);
}

/** The first rate of `then` in equal parts over the first `steps` (1/steps of it at step 1), then `then` from its start. */
export function warmUp(steps: number, then: Schedule): Schedule {
  return (step) => (step <= steps ? (then(1) * step) / steps : then(step - steps));
}

/**
 * Up by half a cosine from maxRate/25 to `maxRate`, down by another to maxRate/250,000; PyTorch's OneCycleLR with its defaults.
 * Source: Smith & Topin, Super-convergence (2018), https://arxiv.org/abs/1708.07120.
 */
export function oneCycle({
  maxRate,
  steps,
  risingShare = 0.3,
  startDivisor = 25,
  finalDivisor = 1e4,
}: {
  maxRate: number;
  steps: number;
  risingShare?: number;
  startDivisor?: number;
  finalDivisor?: number;
}): Schedule {
  const start = maxRate / startDivisor;
  const [peak, last] = [risingShare * steps - 1, steps - 1];
  return (step) => {
    const at = Math.min(step - 1, last);
    return at <= peak ? between(start, maxRate, at / peak) : between(maxRate, start / finalDivisor, (at - peak) / (last - peak));
  };
}

/** Half a cosine from a to b. */
function between(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** What `reduceOnPlateau` carries from one validation to the next: plain data, for checkpoints. */
export interface PlateauState {
  /** Factor on the learning rate. */
  readonly scale: number;
  readonly best: number;
  /** Validations since the best. */
  readonly waited: number;
}

export interface PlateauSettings {
  /** The scale is multiplied by this; default 0.1. */
  readonly factor?: number;
  /** Validations without improvement before that; default 10. */
  readonly patience?: number;
  /** A loss must fall by this share to count as better; default 1e-4. */
  readonly threshold?: number;
  /** The scale stays above; default 0. */
  readonly leastScale?: number;
}

export const plateauStart: PlateauState = { scale: 1, best: Infinity, waited: 0 };

/** The state after another validation loss. As PyTorch's ReduceLROnPlateau (mode min, relative threshold, no cooldown); the loss must be positive. */
export function reduceOnPlateau(state: PlateauState, loss: number, settings: PlateauSettings = {}): PlateauState {
  const { factor = 0.1, patience = 10, threshold = 1e-4, leastScale = 0 } = settings;
  if (loss < state.best * (1 - threshold)) return { ...state, best: loss, waited: 0 };
  const waited = state.waited + 1;
  return waited > patience ? { ...state, scale: Math.max(leastScale, state.scale * factor), waited: 0 } : { ...state, waited };
}
