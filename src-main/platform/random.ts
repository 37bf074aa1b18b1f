// Identifiers and reproducible random numbers. Nothing else in the product calls Math.random.
import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Makes identifiers such as `run_01JD8Q…`: sortable by time, unguessable, never reused. */
export interface Ids {
  next(prefix: string): string;
}

/** 48 bits of time and 80 random bits in Crockford's base 32 (the layout of ULID); within one millisecond the random part counts up. */
export function timeOrderedIds(clock: Clock, random: (bytes: number) => Uint8Array = randomBytes): Ids {
  let lastMs = -1;
  let tail = 0n;
  return {
    next(prefix) {
      const now = clock.now();
      if (now > lastMs) {
        lastMs = now;
        tail = random(10).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) >> 1n; // one bit of room to count up
      } else {
        tail += 1n; // also when the clock went back: order of making is kept
      }
      return `${prefix}_${base32(BigInt(lastMs), 10)}${base32(tail, 16)}`;
    },
  };
}

/** Deterministic random numbers: the n-th value depends on seed and n only, so a checkpoint needs one integer. */
export interface CounterRandom {
  /** How many values were drawn; set it to continue a stored stream. */
  position: number;
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box–Muller; draws two values). */
  normal(): number;
  /** Fisher–Yates, in place. */
  shuffle<T>(items: T[]): T[];
}

export function counterRandom(seed: number, position = 0): CounterRandom {
  const random: CounterRandom = {
    position,
    next: () => hash32(seed, random.position++) / 4_294_967_296,
    integer: (below) => Math.floor(random.next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    shuffle: (items) => {
      for (let last = items.length - 1; last > 0; last--) {
        const other = random.integer(last + 1);
        [items[last], items[other]] = [items[other]!, items[last]!];
      }
      return items;
    },
  };
  return random;
}

/** Two rounds of MurmurHash3's finaliser over seed and counter. */
function hash32(seed: number, counter: number): number {
  const high = Math.floor(counter / 4_294_967_296);
  return mix(mix((seed ^ 0x9e3779b9) + Math.imul(high, 0x85ebca6b)) ^ mix(counter + 0x7f4a7c15));
}

function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function base32(value: bigint, digits: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < digits; i++) {
    text = alphabet[Number(rest & 31n)]! + text;
    rest >>= 5n;
  }
  return text;
}
