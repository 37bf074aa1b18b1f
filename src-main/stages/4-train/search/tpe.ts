// Settings that past results make likely to be good.
import type { CounterRandom } from '../../../platform/random.ts';
import type { Settings } from '../learners/learner.ts';
import { placesOf, settingsAt, type SearchSpace } from '../learners/searchSpace.ts';

export interface Observation {
  settings: Settings;
  /** Smaller is better. */
  loss: number;
}

export interface Suggestion {
  settings: Settings;
  /** Loss that neighbours in the space lead one to expect; null without any. */
  expected: number | null;
}

/** Drawn from the density of good settings; the best by the ratio of densities is tried. */
const draws = 24;
/** Weight of the uniform prior beside the observations. */
const priorWeight = 1;

/**
 * Tree-structured Parzen estimator over all settings together: observations are split into the best quarter of √n … and the
 * rest, a density is laid over each (a kernel on every observation, times over the dimensions), and of some draws from the first
 * the one with the highest ratio is taken. Bergstra, Bardenet, Bengio and Kégl, Algorithms for Hyper-Parameter Optimization,
 * NIPS 2011; with kernels over all dimensions at once as in Falkner, Klein and Hutter, BOHB, ICML 2018.
 */
export function suggestByTpe(space: SearchSpace, observed: readonly Observation[], random: CounterRandom): Suggestion {
  const ordered = observed.filter(({ loss }) => Number.isFinite(loss)).toSorted((a, b) => a.loss - b.loss);
  const places = ordered.map(({ settings }) => placesOf(space, settings));
  const goodCount = Math.min(ordered.length, 25, Math.max(2, Math.ceil(ordered.length / 4)));
  const good = new Density(space, places.slice(0, goodCount));
  const bad = new Density(space, places.slice(goodCount));
  let best: { places: number[]; score: number } | null = null;
  for (let draw = 0; draw < draws; draw++) {
    const point = good.draw(random);
    const active = placesOf(space, settingsAt(space, point));
    const score = Math.log(good.at(active)) - Math.log(bad.at(active));
    if (!best || score > best.score) best = { places: point, score };
  }
  const settings = settingsAt(space, best!.places);
  return { settings, expected: expectedLoss(space, placesOf(space, settings), places, ordered) };
}

type Places = readonly (number | null)[];

/** Mixture of a uniform prior and one kernel an observation, over places in [0, 1); an inactive dimension says nothing. */
class Density {
  readonly #space: SearchSpace;
  readonly #observed: readonly Places[];
  readonly #bandwidth: number;

  constructor(space: SearchSpace, observed: readonly Places[]) {
    this.#space = space;
    this.#observed = observed;
    this.#bandwidth = bandwidthFor(observed.length, space.length);
  }

  at(places: Places): number {
    let sum = priorWeight;
    for (const observed of this.#observed) {
      let product = 1;
      for (const [at, dimension] of this.#space.entries()) {
        const [x, centre] = [places[at] ?? null, observed[at] ?? null];
        if (x === null || centre === null) continue;
        product *=
          dimension.kind === 'choice' ? this.#choice(x, centre, dimension.values.length) : truncatedNormal(x, centre, this.#bandwidth);
      }
      sum += product;
    }
    return sum / (this.#observed.length + priorWeight);
  }

  draw(random: CounterRandom): number[] {
    const pick = Math.floor(random.next() * (this.#observed.length + priorWeight));
    const centre = this.#observed[pick];
    return this.#space.map((dimension, at) => {
      const [first, second] = [random.next(), random.next()];
      const middle = centre?.[at] ?? null;
      if (middle === null) return first;
      if (dimension.kind === 'choice') return first < this.#own ? middle : second;
      return drawTruncated(middle, this.#bandwidth, first);
    });
  }

  get #own(): number {
    return 1 - Math.min(0.8, this.#bandwidth * 2);
  }

  #choice(x: number, centre: number, values: number): number {
    const same = Math.floor(x * values) === Math.floor(centre * values);
    return (same ? this.#own : 0) * values + (1 - this.#own);
  }
}

/** Scott's rule for a spread of 0.29 (uniform), not below what a few observations can tell. */
function bandwidthFor(observations: number, dimensions: number): number {
  return Math.min(0.35, Math.max(0.06, 0.29 * Math.max(1, observations) ** (-1 / (dimensions + 4))));
}

function truncatedNormal(x: number, centre: number, sd: number): number {
  const mass = normalCdf((1 - centre) / sd) - normalCdf(-centre / sd);
  return Math.exp(-(((x - centre) / sd) ** 2) / 2) / (sd * Math.sqrt(2 * Math.PI) * mass);
}

/** By halving the interval in which the cumulative distribution reaches `share`: 40 steps, exact to 1e-12. */
function drawTruncated(centre: number, sd: number, share: number): number {
  const [from, to] = [normalCdf(-centre / sd), normalCdf((1 - centre) / sd)];
  const wanted = from + (to - from) * share;
  let [low, high] = [0, 1];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (normalCdf((middle - centre) / sd) < wanted) low = middle;
    else high = middle;
  }
  return Math.min(low, 1 - 1e-9);
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17: error below 7.5e-8. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

/** Mean loss of the observations, weighted by nearness (Nadaraya–Watson). */
function expectedLoss(space: SearchSpace, at: Places, places: readonly Places[], ordered: readonly Observation[]): number | null {
  const width = bandwidthFor(places.length, space.length);
  let [sum, weights] = [0, 0];
  for (const [index, other] of places.entries()) {
    let distance = 0;
    for (let each = 0; each < space.length; each++) {
      const [a, b] = [at[each] ?? null, other[each] ?? null];
      if ((a === null) !== (b === null)) distance += 1;
      else if (a !== null && b !== null) distance += space[each]!.kind === 'choice' ? Number(a !== b) : ((a - b) / width) ** 2;
    }
    const weight = Math.exp(-distance / 2 / Math.max(1, space.length));
    sum += weight * ordered[index]!.loss;
    weights += weight;
  }
  return weights > 1e-12 ? sum / weights : null;
}
