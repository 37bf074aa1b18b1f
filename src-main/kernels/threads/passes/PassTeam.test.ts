import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { KernelMemory, paddedLength, SharedKernelMemory } from '../../KernelMemory.ts';
import { blockSumNumbers, TrainingKernels, type Vector } from '../../trainingKernels.ts';
import { controlOf } from '../controlMemory.ts';
import { word } from './passControl.ts';

const helpers: Worker[] = [];
afterEach(async () => {
  for (const each of helpers.splice(0)) await each.terminate();
});

async function startHelper(memory: SharedKernelMemory): Promise<Worker> {
  const helper = new Worker(new URL('./fixtures/helper.ts', import.meta.url), { workerData: memory.memory });
  helpers.push(helper);
  await once(helper, 'message');
  return helper;
}

/** Several chunks, and a last one that is not whole. */
const length = 100_007;
const numbers = 6 * paddedLength(length);

/** Every third row of a table of rows of 8. */
function rowsIn(memory: KernelMemory | SharedKernelMemory): Int32Array {
  const rows = memory.integers(4000);
  for (let at = 0; at < rows.length; at++) rows[at] = 3 * at;
  return rows;
}

function vectorsIn(memory: KernelMemory | SharedKernelMemory): Vector[] {
  return Array.from({ length: 5 }, (_, which) => {
    const vector: Vector = memory.vector(length);
    for (let at = 0; at < length; at++) vector[at] = Math.abs(Math.sin(at * 1.7 + which)) * (which === 0 && at % 2 ? -1 : 1);
    return vector;
  });
}

/** Every kernel that may be shared out, one after the other; the sums that they give. */
function passes(kernels: TrainingKernels, [a, b, c, d, e]: Vector[], rows: Int32Array): number[] {
  const sums = [kernels.sumPartsSquares([a!, b!, c!])];
  kernels.adam(d!, a!, b!, c!, { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, stepSize: 0.01, epsilon: 1e-8, keep: 0.99 });
  kernels.lambDirection(d!, a!, b!, c!, { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, stepSize: 0.01, epsilon: 1e-8, decay: 0.1 });
  const numbersOfAdam = { gradientScale: 0.5, beta1: 0.9, beta2: 0.999, stepSize: 0.01, epsilon: 1e-8, keep: 0.99 };
  kernels.adamRows({ rows, width: 8 }, d!, a!, b!, c!, numbersOfAdam);
  kernels.sgd(d!, a!, { gradientScale: 0.5, rate: 0.1, keep: 0.99 });
  for (const nesterov of [false, true]) kernels.momentum(d!, a!, b!, { gradientScale: 0.5, mu: 0.9, rate: 0.1, keep: 1, nesterov });
  kernels.lion(d!, a!, b!, { gradientScale: 0.5, beta1: 0.9, beta2: 0.99, rate: 0.1, keep: 0.99 });
  kernels.scale(a!, 0.7);
  kernels.addScaled(a!, d!, -0.3);
  kernels.moveTowards(e!, d!, 0.1);
  kernels.moveTowards(c!, d!, 1);
  kernels.zeroBelow(a!, 0.01);
  kernels.sumParts([b!, c!]);
  sums.push(kernels.sumOfSquares(e!), kernels.sumPartsSquares([e!]));
  return sums;
}

function aloneInPrivate(): { sums: number[]; vectors: Vector[] } {
  const memory = new KernelMemory(numbers);
  const vectors = vectorsIn(memory);
  return { sums: passes(new TrainingKernels(memory), vectors, rowsIn(memory)), vectors };
}

const copies = (vectors: readonly Vector[]): Vector[] => vectors.map((each) => Float32Array.from(each));

describe('PassTeam', () => {
  it('gives the bits of one thread, however many help, and whether they are there or not', async () => {
    const expected = aloneInPrivate();
    for (const count of [0, 1, 3]) {
      const memory = new SharedKernelMemory(numbers + blockSumNumbers(length));
      const vectors = vectorsIn(memory);
      const kernels = new TrainingKernels(memory, length);
      const threads = await Promise.all(Array.from({ length: count }, () => startHelper(memory)));
      const round = kernels.team!.openRound();
      for (const each of threads) each.postMessage(round);
      expect(passes(kernels, vectors, rowsIn(memory))).toEqual(expected.sums);
      kernels.team!.closeRound();
      expect(copies(vectors)).toEqual(copies(expected.vectors));
    }
  });

  it('lets helpers go when a round is closed, also those that hear of it late', async () => {
    const memory = new SharedKernelMemory(numbers + blockSumNumbers(length));
    const kernels = new TrainingKernels(memory, length);
    const vectors = vectorsIn(memory);
    const helper = await startHelper(memory);
    const left: number[] = [];
    helper.on('message', (round: number) => left.push(round));
    const { words } = controlOf(memory.memory.buffer);
    const rounds: number[] = [];
    for (let times = 0; times < 20; times++) {
      const round = kernels.team!.openRound();
      rounds.push(round);
      helper.postMessage(round);
      // Sometimes it sleeps when work comes.
      if (times % 5 === 0) while (Atomics.load(words, word.helpersAsleep) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      kernels.scale(vectors[0]!, 1);
    }
    kernels.team!.closeRound();
    while (left.length < rounds.length) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(left).toEqual(rounds);
  });

  it('throws what a kernel throws for vectors of another memory, and works on', () => {
    const memory = new SharedKernelMemory(numbers + blockSumNumbers(length));
    const kernels = new TrainingKernels(memory, length);
    const [first] = vectorsIn(memory);
    kernels.team!.openRound();
    expect(() => kernels.addScaled(first!, new Float32Array(length), 1)).toThrow('not of this memory');
    kernels.scale(first!, 2);
    expect(first![1]).toBe(Math.fround(-Math.abs(Math.fround(Math.sin(1.7)))) * 2);
  });
});
