/**
 * Random numbers by counter: the n-th number of a stream is a function of (seed, stream, n), so any point of a training
 * can be resumed without stored generator state.
 *
 * Integer hash triple32 by C. Wellons, bias 0.0208: https://github.com/skeeto/hash-prospector
 */
export function streamKey(seed: number, ...path: readonly number[]): number {
  // Two words of the seed, so that seeds above 2³² differ too.
  return path.reduce(
    (key, part) => triple32(key ^ triple32(part + 0x9e3779b9)),
    triple32(triple32(seed >>> 0) ^ Math.floor(seed / 2 ** 32)),
  );
}

/** The `counter`-th number of the stream, uniform in 0 … 2³² − 1. */
export function randomUint32(key: number, counter: number): number {
  return triple32(Math.imul(counter, 0x9e3779b1) ^ key);
}

/** Uniform in [0, 1), 32 bits. */
export function randomUnit(key: number, counter: number): number {
  return randomUint32(key, counter) / 2 ** 32;
}

/** Standard normal; uses the counters 2·index and 2·index + 1. Box & Muller, Ann. Math. Statist. 29 (1958) 610. */
export function randomNormal(key: number, index: number): number {
  // 1 − u is in (0, 1]: its logarithm is finite.
  return Math.sqrt(-2 * Math.log(1 - randomUnit(key, 2 * index))) * Math.cos(2 * Math.PI * randomUnit(key, 2 * index + 1));
}

/** Permutes `items` in place: Fisher-Yates, Knuth TAOCP 2 §3.4.2 algorithm P. */
export function shuffle(items: Int32Array, key: number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(randomUnit(key, last) * (last + 1));
    const moved = items[last]!;
    items[last] = items[other]!;
    items[other] = moved;
  }
}

/** Fills `mask` with ones, each kept with probability 1 − rate (to 1/65536), from `counter` on. */
export function fillKeepMask(mask: Uint8Array, rate: number, key: number): void {
  const threshold = Math.round(rate * 65536);
  // Two decisions from each 32-bit number.
  for (let at = 0; at < mask.length; at += 2) {
    const bits = randomUint32(key, at);
    mask[at] = Number((bits & 0xffff) >= threshold);
    if (at + 1 < mask.length) mask[at + 1] = Number(bits >>> 16 >= threshold);
  }
}

function triple32(value: number): number {
  let x = value | 0;
  x ^= x >>> 17;
  x = Math.imul(x, 0xed5ad4bb);
  x ^= x >>> 11;
  x = Math.imul(x, 0xac4c1b51);
  x ^= x >>> 15;
  x = Math.imul(x, 0x31848bab);
  x ^= x >>> 14;
  return x >>> 0;
}
