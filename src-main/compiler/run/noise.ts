import { randomUint32, randomUnit } from './counterRandom.ts';

/**
 * Fills with offset + scale · standard normal numbers; number `n` is a function of the key and n, like all our random numbers.
 *
 * Ziggurat: the area under the density is covered by 127 layers of equal area on a base that holds the tail. A number falls into a
 * layer and lies, in 98.8 % of all cases, where the layer is full: one hash and one product, 4 ns (by logarithm and cosine 95).
 * Layer and place come from different bits of the hash.
 *
 * Sources: Marsaglia & Tsang, The ziggurat method for generating random variables (2000), https://doi.org/10.18637/jss.v005.i08;
 * Doornik, An improved ziggurat method to generate normal random samples (2005), §2 (separate bits).
 */
export function fillNormal(
  noise: Float32Array | Float64Array,
  { offset, scale }: { readonly offset: number; readonly scale: number },
  key: number,
): void {
  const { edges, full } = layers;
  for (let at = 0; at < noise.length; at++) {
    const bits = randomUint32(key, at);
    const layer = bits & 127;
    const place = (bits >> 7) / 2 ** 24;
    const value = Math.abs(place) < full[layer]! ? place * edges[layer]! : besideFull(key, at, layer, place);
    noise[at] = offset + scale * value;
  }
}

/** Fills with offset + scale · standard normal (or uniform) numbers, the same for the same key. */
export function fillNoise(
  noise: Float32Array | Float64Array,
  distribution: { readonly distribution: 'normal' | 'uniform'; readonly offset: number; readonly scale: number },
  key: number,
): void {
  const { offset, scale } = distribution;
  if (distribution.distribution === 'normal') fillNormal(noise, distribution, key);
  else for (let at = 0; at < noise.length; at++) noise[at] = offset + scale * randomUnit(key, at);
}

const layerCount = 128;
/** Where the tail begins, and the area of each layer (Marsaglia & Tsang, table for 128 layers). */
const tailStart = 3.442619855899;
const layerArea = 9.91256303526217e-3;

/** Widths of the layers, widest first, and which part of each lies wholly under the density. */
const layers = ((): { readonly edges: Float64Array; readonly full: Float64Array } => {
  const edges = new Float64Array(layerCount + 1);
  edges[0] = layerArea / density(tailStart);
  edges[1] = tailStart;
  for (let layer = 2; layer < layerCount; layer++)
    edges[layer] = Math.sqrt(-2 * Math.log(layerArea / edges[layer - 1]! + density(edges[layer - 1]!)));
  return { edges, full: Float64Array.from({ length: layerCount }, (_, layer) => edges[layer + 1]! / edges[layer]!) };
})();

/** The rare cases: the tail, or the edge of a layer, accepted as the density there says, or drawn again. */
function besideFull(key: number, index: number, firstLayer: number, firstPlace: number): number {
  const { edges, full } = layers;
  // A stream of its own for each such number.
  const own = randomUint32(~key, index);
  let [layer, place] = [firstLayer, firstPlace];
  for (let counter = 0; ; counter += 3) {
    if (layer === 0) return Math.sign(place) * inTail(own, counter);
    const value = place * edges[layer]!;
    if (Math.abs(place) < full[layer]!) return value;
    const [low, high] = [density(edges[layer]!), density(edges[layer + 1]!)];
    if (low + randomUnit(own, counter) * (high - low) < density(value)) return value;
    const bits = randomUint32(own, counter + 1);
    [layer, place] = [bits & 127, (bits >> 7) / 2 ** 24];
    if (layer === 0 && Math.abs(place) < full[0]!) return place * edges[0]!;
  }
}

/** Beyond `tailStart` — Marsaglia, Technometrics 6 (1964) 101. */
function inTail(key: number, from: number): number {
  for (let counter = from + 2; ; counter += 2) {
    // 1 − u is in (0, 1]: its logarithm is finite.
    const x = -Math.log(1 - randomUnit(key, counter)) / tailStart;
    const y = -Math.log(1 - randomUnit(key, counter + 1));
    if (2 * y > x * x) return tailStart + x;
  }
}

/** Of the standard normal distribution, without the factor 1/√2π. */
function density(x: number): number {
  return Math.exp(-0.5 * x * x);
}
