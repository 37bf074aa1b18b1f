// How long the end of a run will take, learned while its search goes on: the first whole candidate is made a model at once.
import type { Candidate, Judging } from '../Candidate.ts';
import type { RunClock } from '../runClock.ts';
import { single } from './contenders.ts';
import type { ModelMaker } from './ModelMaker.ts';

export interface EndEstimateSettings {
  maker: ModelMaker;
  clock: RunClock;
  judging: Judging;
  /** More than one member may answer. */
  ensemble: boolean;
}

/** What taking one model into the store costs, measured on a busy disk; once more for the run itself. */
export const handoverMs = 35;
/** Ending the fits under way, choosing an ensemble. */
const turnMs = 200;
/** Members of an ensemble that time is kept for; more of them are a bonus. */
const membersKept = 3;
/** Estimates are held against what was measured beside other work. */
const margin = 1.15;

export class EndEstimate {
  readonly #with: EndEstimateSettings;
  #first: Promise<void> | null = null;

  constructor(settings: EndEstimateSettings) {
    this.#with = settings;
  }

  /** Told of each candidate that is whole, with all that there are. */
  readonly whole = (last: Candidate, candidates: readonly Candidate[]): void => {
    if (last.proposal.learner === 'baseline') return;
    const { maker, judging } = this.#with;
    // What fails here fails again at the end, where it is told.
    this.#first ??= maker.make(single(last, judging)).then(
      () => this.#reserve(candidates),
      () => {},
    );
    this.#reserve(candidates);
  };

  #reserve(candidates: readonly Candidate[]): void {
    const { maker, clock, ensemble } = this.#with;
    const whole = candidates.filter((each) => each.isWhole && each.loss() !== null).sort((a, b) => a.loss()! - b.loss()!);
    const largest = maker.costMs(whole.slice(0, ensemble ? membersKept : 1));
    const constant = maker.costMs([]);
    if (largest !== null && constant !== null) clock.reserveForTheEnd(turnMs + 3 * handoverMs + margin * (largest + constant));
  }
}
