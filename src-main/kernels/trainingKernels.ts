import { trainingModule } from './compiled/training.ts';
import { trainingSharedModule } from './compiled/trainingShared.ts';
import { paddedLength, SharedKernelMemory, type KernelMemory } from './KernelMemory.ts';
import { helpPasses } from './threads/passes/helpPasses.ts';
import { chunkNumbers, type PassKernel } from './threads/passes/passControl.ts';
import { PassTeam } from './threads/passes/PassTeam.ts';
import { instantiate, type SharedMemory } from './webAssembly.ts';

/** A float32 vector of the kernel memory, or a part of one that starts at a multiple of 4 numbers. */
export type Vector = Float32Array;

/** Numbers that `sumOfSquares` adds up in float32. */
const blockNumbers = 4096;

/** float64 for the sums of a long vector's blocks, as numbers of float32: room that a memory needs for `TrainingKernels.shared`. */
export function blockSumNumbers(longest: number): number {
  return paddedLength(2 * Math.ceil(longest / blockNumbers));
}

/** Numbers of one step; `gradientScale` multiplies the gradient first, `keep` is 1 − rate · weight decay. */
interface StepNumbers {
  readonly gradientScale: number;
  readonly rate: number;
  readonly keep: number;
}

interface AdamNumbers {
  readonly gradientScale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly stepSize: number;
  readonly epsilon: number;
}

/**
 * The functions of assembly/training on vectors of one memory. Formulas stand there; the optimizers with their sources are in
 * compiler/optimizers. They work on whole padded vectors; the calls cost about 0.1 µs. Long vectors of a shared memory are shared
 * out between the threads that help, with the same bits.
 */
export class TrainingKernels {
  readonly #memory: KernelMemory | SharedKernelMemory;
  readonly #raw: RawKernels;
  /** With a shared memory: where threads help. */
  readonly team: PassTeam | undefined;
  /** Sums of blocks, with a team. */
  readonly #sums: Float64Array | undefined;

  /** In a shared memory takes room for the sums of vectors of up to `longest` numbers (`blockSumNumbers`). */
  constructor(memory: KernelMemory | SharedKernelMemory, longest = 0) {
    this.#memory = memory;
    if (memory instanceof SharedKernelMemory) {
      this.#raw = instantiate<RawKernels>(trainingSharedModule, memory.memory);
      this.team = new PassTeam(memory.memory, passKernelsOf(this.#raw));
      const { byteOffset, length } = memory.vector(blockSumNumbers(longest));
      this.#sums = new Float64Array(memory.memory.buffer, byteOffset, length / 2);
    } else this.#raw = instantiate<RawKernels>(trainingModule, memory.memory);
  }

  sgd(parameters: Vector, gradients: Vector, { gradientScale, rate, keep }: StepNumbers): void {
    this.#each('sgd', [parameters, gradients], [gradientScale, rate, keep]);
  }

  momentum(
    parameters: Vector,
    gradients: Vector,
    buffers: Vector,
    { gradientScale, mu, rate, keep, nesterov }: StepNumbers & { readonly mu: number; readonly nesterov: boolean },
  ): void {
    this.#each(nesterov ? 'nesterov' : 'momentum', [parameters, gradients, buffers], [gradientScale, mu, rate, keep]);
  }

  adam(parameters: Vector, gradients: Vector, first: Vector, second: Vector, numbers: AdamNumbers & { readonly keep: number }): void {
    const { gradientScale, beta1, beta2, stepSize, epsilon, keep } = numbers;
    this.#each('adam', [parameters, gradients, first, second], [gradientScale, beta1, beta2, stepSize, epsilon, keep]);
  }

  /** `adam` on these rows of a table whose width is a multiple of 4. */
  adamRows(
    { rows, width }: { readonly rows: Int32Array; readonly width: number },
    parameters: Vector,
    gradients: Vector,
    first: Vector,
    second: Vector,
    numbers: AdamNumbers & { readonly keep: number },
  ): void {
    if (width % 4 !== 0) throw new Error(`Rows of ${width} numbers do not start at multiples of 4.`);
    const { gradientScale, beta1, beta2, stepSize, epsilon, keep } = numbers;
    const vectors = [parameters, gradients, first, second].map((each) => this.#at(each, parameters));
    const rest = [...vectors, 4 * width, gradientScale, beta1, beta2, stepSize, epsilon, keep];
    const list = this.#at(rows);
    if (this.team?.shares(rows.length * width)) {
      const rowsInChunk = Math.max(1, Math.floor(chunkNumbers / width));
      this.team.run({ kernel: passNames.indexOf('adamRows'), vectors: [list], count: rows.length, chunkNumbers: rowsInChunk, rest });
    } else this.#raw.adamRows(list, rows.length, ...rest);
  }

  lion(
    parameters: Vector,
    gradients: Vector,
    momenta: Vector,
    { gradientScale, beta1, beta2, rate, keep }: StepNumbers & { readonly beta1: number; readonly beta2: number },
  ): void {
    this.#each('lion', [parameters, gradients, momenta], [gradientScale, beta1, 1 - beta1, beta2, 1 - beta2, rate, keep]);
  }

  /** Writes LAMB's direction into `gradients`. */
  lambDirection(
    parameters: Vector,
    gradients: Vector,
    first: Vector,
    second: Vector,
    numbers: AdamNumbers & { readonly decay: number },
  ): void {
    const { gradientScale, beta1, beta2, stepSize, epsilon, decay } = numbers;
    this.#each('lambDirection', [parameters, gradients, first, second], [gradientScale, beta1, beta2, stepSize, epsilon, decay]);
  }

  /** Writes Adafactor's direction into `gradients`, a stack of matrices; returns the sum of its squares. */
  adafactorMatrix(
    gradients: Vector,
    rowSquares: Vector,
    columnSquares: Vector,
    shape: { readonly matrices: number; readonly rows: number; readonly columns: number },
    numbers: { readonly gradientScale: number; readonly fresh: number; readonly epsilon: number },
  ): number {
    const { matrices, rows, columns } = shape;
    const vectors = [this.#at(gradients), this.#at(rowSquares), this.#at(columnSquares)] as const;
    return this.#raw.adafactorMatrix(...vectors, matrices, rows, columns, numbers.gradientScale, numbers.fresh, numbers.epsilon);
  }

  adafactorVector(
    gradients: Vector,
    squares: Vector,
    { gradientScale, fresh, epsilon }: { readonly gradientScale: number; readonly fresh: number; readonly epsilon: number },
  ): number {
    return this.#raw.adafactorVector(this.#at(gradients), this.#at(squares, gradients), count(gradients), gradientScale, fresh, epsilon);
  }

  scale(vector: Vector, factor: number): void {
    this.#each('scale', [vector], [factor]);
  }

  addScaled(into: Vector, from: Vector, factor: number): void {
    this.#each('addScaled', [into, from], [factor]);
  }

  /** An average that follows `from`: into + rate (from − into); at rate 1 a copy. */
  moveTowards(into: Vector, from: Vector, rate: number): void {
    this.#each('moveTowards', [into, from], [rate]);
  }

  /** v₀ = ((v₀ + v₁) + v₂) + …: always in this order, so that the same parts give the same bits. */
  sumParts(parts: readonly Vector[]): void {
    this.#each('sumParts', [parts[0]!], [this.#strideOf(parts), parts.length]);
  }

  /** `sumParts`, then `sumOfSquares` of the sum. */
  sumPartsSquares(parts: readonly Vector[]): number {
    const [first] = parts as [Vector];
    if (parts.length === 1) return this.sumOfSquares(first);
    if (!this.team?.shares(count(first))) {
      this.sumParts(parts);
      return this.sumOfSquares(first);
    }
    return this.#blockSums('sumPartsSquares', first, [this.#strideOf(parts), parts.length]);
  }

  /** float32 within blocks of 4096 numbers, float64 across them. */
  sumOfSquares(vector: Vector): number {
    if (!this.team?.shares(count(vector))) return this.#raw.sumOfSquares(this.#at(vector), count(vector));
    return this.#blockSums('blockSquares', vector, []);
  }

  /** table[indices[i]] += rows[i], one row after the other: rows of `width` numbers, indices from the start or, below 0, from the end. */
  addRows(table: Vector, width: number, rows: Vector, indices: Int32Array): void {
    this.#raw.addRows(this.#at(table), table.length / width, width, this.#at(rows), this.#at(indices), indices.length);
  }

  /** table[indices[i]] = 0. */
  clearRows(table: Vector, width: number, indices: Int32Array): void {
    this.#raw.clearRows(this.#at(table), table.length / width, width, this.#at(indices), indices.length);
  }

  /** Sets numbers smaller than `limit` to 0: processors compute many times slower with numbers below 1.2e-38. */
  zeroBelow(vector: Vector, limit: number): void {
    this.#each('zeroBelow', [vector], [limit]);
  }

  /** Index of the first NaN or infinity; −1 where there is none. */
  firstNotFinite(vector: Vector): number {
    return this.#raw.firstNotFinite(this.#at(vector), count(vector));
  }

  /** An elementwise kernel over vectors of the first's length. */
  #each(kernel: PassName, vectors: readonly Vector[], rest: readonly number[]): void {
    const [first] = vectors as [Vector];
    const addresses = vectors.map((each) => this.#at(each, first));
    if (this.team?.shares(count(first)))
      this.team.run({ kernel: passNames.indexOf(kernel), vectors: addresses, count: count(first), chunkNumbers, rest });
    else (this.#raw[kernel] as PassKernel)(...addresses, count(first), ...rest);
  }

  /** Blocks of a long vector by all threads, added up in their order. */
  #blockSums(kernel: PassName, vector: Vector, rest: readonly number[]): number {
    const sums = this.#sums!.subarray(0, Math.ceil(count(vector) / blockNumbers));
    this.#each(kernel, [vector], [...rest, vector.byteOffset, sums.byteOffset]);
    let total = 0;
    for (const each of sums) total += each;
    return total;
  }

  #strideOf(parts: readonly Vector[]): number {
    const first = this.#at(parts[0]!);
    const stride = parts.length > 1 ? this.#at(parts[1]!, parts[0]) - first : 0;
    if (parts.some((each, at) => this.#at(each, parts[0]) !== first + at * stride)) throw new Error('The vectors must be evenly apart.');
    return stride;
  }

  /** Address of a vector, which must lie in this memory and be as long as `like`. */
  #at(vector: Vector | Int32Array, like?: Vector): number {
    if (vector.buffer !== this.#memory.memory.buffer || vector.byteOffset % 16 !== 0) throw new Error('The vector is not of this memory.');
    if (like && like.length !== vector.length) throw new Error(`A vector of ${vector.length} numbers meets one of ${like.length}.`);
    return vector.byteOffset;
  }
}

/** The helper's side of `TrainingKernels.team`: takes part in the passes of a round until it is closed. */
export function trainingHelper(memory: SharedMemory): (round: number) => void {
  const kernels = passKernelsOf(instantiate<RawKernels>(trainingSharedModule, memory));
  return (round) => helpPasses(memory, kernels, round);
}

/** Kernels that may be shared out: [addresses of vectors of one length, their length, the rest]. Helpers know them by number. */
const passNames = [
  'sgd',
  'momentum',
  'nesterov',
  'adam',
  'adamRows',
  'lambDirection',
  'lion',
  'scale',
  'addScaled',
  'moveTowards',
  'zeroBelow',
  'sumParts',
  'sumPartsSquares',
  'blockSquares',
] as const;
type PassName = (typeof passNames)[number];

function passKernelsOf(raw: RawKernels): PassKernel[] {
  return passNames.map((name) => raw[name]);
}

/** Numbers to work through: those that pad the vector too. */
function count(vector: Vector): number {
  return paddedLength(vector.length);
}

/** Arguments: addresses in bytes, then numbers, as assembly/training describes them. */
interface RawKernels extends Record<PassName, PassKernel> {
  adafactorMatrix(
    ...args: [
      gradients: number,
      rowSquares: number,
      columnSquares: number,
      matrices: number,
      rows: number,
      columns: number,
      gradientScale: number,
      fresh: number,
      epsilon: number,
    ]
  ): number;
  adafactorVector(gradients: number, squares: number, count: number, gradientScale: number, fresh: number, epsilon: number): number;
  sumOfSquares(vector: number, count: number): number;
  firstNotFinite(vector: number, count: number): number;
  addRows(table: number, tableRows: number, width: number, rows: number, indices: number, count: number): void;
  clearRows(table: number, tableRows: number, width: number, indices: number, count: number): void;
}
