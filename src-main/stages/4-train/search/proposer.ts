// Which candidate comes next. Decided by the plan, the seed and the results of candidates well before it: not by which process
// happened to be quicker, so that any number of them tries the same candidates.
import type { CandidateProgress, Learner as LearnerName, SearchPlan } from '../../../../src-shared/domain/training.ts';
import { counterRandom } from '../../../platform/random.ts';
import type { Settings } from '../learners/learner.ts';
import { drawSettings, sameValue, type SearchSpace } from '../learners/searchSpace.ts';
import { suggestByTpe, type Observation } from './tpe.ts';

export interface Entrant {
  learner: LearnerName;
  /** Strong settings first. */
  portfolio: readonly Settings[];
  space: SearchSpace;
}

export interface Proposal {
  learner: LearnerName;
  settings: Settings;
  origin: CandidateProgress['origin'];
}

/** What became of a candidate; null loss where it failed. Smaller is better. */
export interface Outcome {
  at: number;
  learner: LearnerName;
  settings: Settings;
  loss: number | null;
}

/** A search proposes from results of candidates that came at least this long before. */
export const lag = 8;
/** Tries to find settings that were not tried yet. */
const attempts = 20;
/** A search ends when so many candidates in a row, beyond the listed ones, were no better than the best before by `gain` of its loss. */
const patience = 30;
const gain = 1e-3;

export class Proposer {
  readonly #entrants: readonly Entrant[];
  readonly #plan: SearchPlan;
  readonly #seed: number;
  readonly #listed: Proposal[];
  readonly #proposed: Proposal[] = [];

  constructor(entrants: readonly Entrant[], plan: SearchPlan, seed: number) {
    this.#entrants = entrants;
    this.#plan = plan;
    this.#seed = seed;
    this.#listed = plan.method === 'grid' ? grid(entrants, plan) : portfolioOrder(entrants);
  }

  /** The candidates that are known without any result. */
  get listed(): readonly Proposal[] {
    return this.#listed.slice(0, this.#plan.maxCandidates ?? Infinity);
  }

  /** Candidate `at`; ask in order. `outcomes` must hold all candidates up to `at − lag`; later ones are not looked at. Null: there is none. */
  propose(at: number, outcomes: readonly Outcome[]): Proposal | null {
    if (at >= (this.#plan.maxCandidates ?? Infinity)) return null;
    const proposal =
      this.#listed[at] ??
      this.#search(
        at,
        outcomes.filter((each) => each.at <= at - lag),
      );
    if (proposal) this.#proposed[at] = proposal;
    return proposal;
  }

  #search(at: number, outcomes: readonly Outcome[]): Proposal | null {
    const { method } = this.#plan;
    if (method === 'portfolio' || method === 'grid') return null;
    const searchable = this.#entrants.filter((each) => each.space.length > 0);
    if (searchable.length === 0 || (this.#plan.maxCandidates === undefined && this.#hasSettled(at, outcomes))) return null;
    const random = counterRandom(this.#seed + 0x5ea7c4, at * 4096);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { learner, space, portfolio } = chooseEntrant(searchable, outcomes, random.next());
      const observed: Observation[] = outcomes.flatMap((each) =>
        each.learner === learner && each.loss !== null ? [{ settings: each.settings, loss: each.loss }] : [],
      );
      // A model of two or three results is no better than chance; now and then chance is asked on purpose.
      const byModel = method === 'tpe' && observed.length >= 3 && random.next() > 0.15;
      const suggestion = byModel ? suggestByTpe(space, observed, random) : { settings: drawSettings(space, random), expected: null };
      const settings = { ...fixed(portfolio[0] ?? {}, space), ...suggestion.settings };
      if (this.#tried(learner, settings)) continue;
      return { learner, settings, origin: { kind: byModel ? 'tpe' : 'random', expected: suggestion.expected } };
    }
    return null;
  }

  #hasSettled(at: number, outcomes: readonly Outcome[]): boolean {
    let [best, since] = [Infinity, 0];
    for (const outcome of outcomes.toSorted((a, b) => a.at - b.at)) {
      if (outcome.loss === null || !(outcome.loss < best - (Number.isFinite(best) ? gain * Math.abs(best) : 0))) continue;
      [best, since] = [outcome.loss, outcome.at];
    }
    return at - lag - Math.max(since, this.#listed.length) >= patience;
  }

  #tried(learner: LearnerName, settings: Settings): boolean {
    return this.#proposed.some((each) => each?.learner === learner && sameSettings(each.settings, settings));
  }
}

/** First what every learner is best known for, then its second settings, and so on. */
function portfolioOrder(entrants: readonly Entrant[]): Proposal[] {
  const longest = Math.max(0, ...entrants.map(({ portfolio }) => portfolio.length));
  return Array.from({ length: longest }, (_, turn) =>
    entrants.flatMap(({ learner, portfolio }) => {
      const settings = portfolio[turn];
      return settings ? [{ learner, settings, origin: { kind: 'portfolio' as const, expected: null } }] : [];
    }),
  ).flat();
}

/** Every combination; settings that the grid does not name are those of the learner's first portfolio entry. */
function grid(entrants: readonly Entrant[], plan: SearchPlan): Proposal[] {
  return entrants.flatMap(({ learner, portfolio }) => {
    const axes = Object.entries(plan.grid?.[learner] ?? {});
    const base = portfolio[0] ?? {};
    let points: Settings[] = [base];
    for (const [name, values] of axes) points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
    return points.map((settings) => ({
      learner,
      settings,
      origin: { kind: axes.length > 0 ? ('grid' as const) : ('portfolio' as const), expected: null },
    }));
  });
}

/** Mostly the learner that is best so far, at times the others: each place in the order is half as likely as the one before. */
function chooseEntrant(entrants: readonly Entrant[], outcomes: readonly Outcome[], place: number): Entrant {
  const best = (learner: LearnerName): number =>
    Math.min(Infinity, ...outcomes.flatMap((each) => (each.learner === learner && each.loss !== null ? [each.loss] : [])));
  const ordered = entrants.toSorted((a, b) => {
    const [left, right] = [best(a.learner), best(b.learner)];
    return left === right ? 0 : left - right;
  });
  let share = 0.5;
  for (const entrant of ordered) {
    if (place < share) return entrant;
    share += (1 - share) / 2;
  }
  return ordered[0]!;
}

/** Settings that the space does not draw. */
function fixed(settings: Settings, space: SearchSpace): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !space.some((dimension) => dimension.name === name)));
}

function sameSettings(a: Settings, b: Settings): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameValue(a[name], b[name]));
}
