import type { Control } from '../controlMemory.ts';

/** Words (i32) of a `PassTeam` at the start of its memory; after them the arguments of the pass. */
export const word = {
  /** Chunks of the pass that nobody has taken. Who takes one counts down. */
  left: 0,
  /** Chunks that are through. */
  done: 1,
  /** Changes with every pass and when a round ends. */
  turn: 2,
  /** Number of the last round that is over: whoever helps in it leaves. */
  closed: 3,
  /** Helpers that sleep, so that none is woken in vain; 1 when the leader sleeps. */
  helpersAsleep: 4,
  leaderAsleep: 5,
} as const;

/** Numbers of one chunk: whole blocks of `sumOfSquares`, and some tens of microseconds for Adam. */
export const chunkNumbers = 16_384;

/** A kernel over vectors of equal length: addresses, how many numbers, then what it needs besides. */
export type PassKernel = (...values: number[]) => unknown;

export interface Pass {
  /** Number of the kernel. */
  readonly kernel: number;
  /** Addresses of the vectors that are cut in chunks. */
  readonly vectors: readonly number[];
  /** Numbers of each (of 4 bytes). */
  readonly count: number;
  readonly chunkNumbers: number;
  /** What the kernel needs besides. */
  readonly rest: readonly number[];
}

/** The pass is written for helpers. */
export function writePass({ arguments: into }: Control, { kernel, vectors, count, chunkNumbers: ofChunk, rest }: Pass): void {
  into[0] = kernel;
  into[1] = vectors.length;
  into[2] = count;
  into[3] = rest.length;
  into[4] = ofChunk;
  into.set(vectors, firstAddress);
  into.set(rest, firstAddress + vectors.length);
}

const firstAddress = 5;

/** Takes chunks until none is left. */
export function takeChunks({ words: control, arguments: pass }: Control, kernels: readonly PassKernel[]): void {
  while (Atomics.load(control, word.left) > 0) {
    // Above 0 it is a chunk of the pass that is written there: the next one is not begun before this chunk is through.
    const chunk = Atomics.sub(control, word.left, 1) - 1;
    if (chunk < 0) return;
    const start = chunk * pass[4]!;
    const addressesEnd = firstAddress + pass[1]!;
    const addresses = Array.from(pass.subarray(firstAddress, addressesEnd), (each) => each + start * Float32Array.BYTES_PER_ELEMENT);
    const rest = pass.subarray(addressesEnd, addressesEnd + pass[3]!);
    kernels[pass[0]!]!(...addresses, Math.min(pass[4]!, pass[2]! - start), ...rest);
    Atomics.add(control, word.done, 1);
    if (Atomics.load(control, word.leaderAsleep)) Atomics.notify(control, word.done);
  }
}
