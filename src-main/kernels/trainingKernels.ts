import { trainingModule } from './compiled/training.ts';
import { paddedLength, type KernelMemory } from './KernelMemory.ts';
import { instantiate } from './webAssembly.ts';

/** A float32 vector of the kernel memory, or a part of one that starts at a multiple of 4 numbers. */
export type Vector = Float32Array<ArrayBuffer>;

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
 * compiler/optimizers. They work on whole padded vectors; the calls cost about 0.1 µs.
 */
export class TrainingKernels {
  readonly #memory: KernelMemory;
  readonly #raw: RawKernels;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#raw = instantiate<RawKernels>(trainingModule, memory.memory);
  }

  sgd(parameters: Vector, gradients: Vector, { gradientScale, rate, keep }: StepNumbers): void {
    this.#raw.sgd(this.#at(parameters), this.#at(gradients, parameters), count(parameters), gradientScale, rate, keep);
  }

  momentum(
    parameters: Vector,
    gradients: Vector,
    buffers: Vector,
    { gradientScale, mu, rate, keep, nesterov }: StepNumbers & { readonly mu: number; readonly nesterov: boolean },
  ): void {
    const kernel = nesterov ? this.#raw.nesterov : this.#raw.momentum;
    const vectors = [this.#at(parameters), this.#at(gradients, parameters), this.#at(buffers, parameters)] as const;
    kernel(...vectors, count(parameters), gradientScale, mu, rate, keep);
  }

  adam(parameters: Vector, gradients: Vector, first: Vector, second: Vector, numbers: AdamNumbers & { readonly keep: number }): void {
    const { gradientScale, beta1, beta2, stepSize, epsilon, keep } = numbers;
    const moments = [this.#at(first, parameters), this.#at(second, parameters)] as const;
    const vectors = [this.#at(parameters), this.#at(gradients, parameters), ...moments] as const;
    this.#raw.adam(...vectors, count(parameters), gradientScale, beta1, beta2, stepSize, epsilon, keep);
  }

  lion(
    parameters: Vector,
    gradients: Vector,
    momenta: Vector,
    { gradientScale, beta1, beta2, rate, keep }: StepNumbers & { readonly beta1: number; readonly beta2: number },
  ): void {
    const vectors = [this.#at(parameters), this.#at(gradients, parameters), this.#at(momenta, parameters)] as const;
    this.#raw.lion(...vectors, count(parameters), gradientScale, beta1, 1 - beta1, beta2, 1 - beta2, rate, keep);
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
    const moments = [this.#at(first, parameters), this.#at(second, parameters)] as const;
    const vectors = [this.#at(parameters), this.#at(gradients, parameters), ...moments] as const;
    this.#raw.lambDirection(...vectors, count(parameters), gradientScale, beta1, beta2, stepSize, epsilon, decay);
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
    this.#raw.scale(this.#at(vector), count(vector), factor);
  }

  addScaled(into: Vector, from: Vector, factor: number): void {
    this.#raw.addScaled(this.#at(into), this.#at(from, into), count(into), factor);
  }

  /** An average that follows `from`: into + rate (from − into); at rate 1 a copy. */
  moveTowards(into: Vector, from: Vector, rate: number): void {
    this.#raw.moveTowards(this.#at(into), this.#at(from, into), count(into), rate);
  }

  /** into = ((v₀ + v₁) + v₂) + …: always in this order, so that the same workers give the same bits. */
  sumWorkers(into: Vector, workers: readonly Vector[]): void {
    const first = this.#at(workers[0]!, into);
    const stride = workers.length > 1 ? this.#at(workers[1]!, into) - first : 0;
    if (workers.some((each, at) => this.#at(each, into) !== first + at * stride)) throw new Error('The vectors must be evenly apart.');
    this.#raw.sumWorkers(this.#at(into), first, stride, workers.length, count(into));
  }

  /** float32 within blocks of 4096 numbers, float64 across them. */
  sumOfSquares(vector: Vector): number {
    return this.#raw.sumOfSquares(this.#at(vector), count(vector));
  }

  /** Sets numbers smaller than `limit` to 0: processors compute many times slower with numbers below 1.2e-38. */
  zeroBelow(vector: Vector, limit: number): void {
    this.#raw.zeroBelow(this.#at(vector), count(vector), limit);
  }

  /** Index of the first NaN or infinity; −1 where there is none. */
  firstNotFinite(vector: Vector): number {
    return this.#raw.firstNotFinite(this.#at(vector), count(vector));
  }

  /** Address of a vector, which must lie in this memory and be as long as `like`. */
  #at(vector: Vector, like?: Vector): number {
    if (vector.buffer !== this.#memory.memory.buffer || vector.byteOffset % 16 !== 0) throw new Error('The vector is not of this memory.');
    if (like && like.length !== vector.length) throw new Error(`A vector of ${vector.length} numbers meets one of ${like.length}.`);
    return vector.byteOffset;
  }
}

/** Numbers to work through: those that pad the vector too. */
function count(vector: Vector): number {
  return paddedLength(vector.length);
}

interface RawKernels {
  sgd(parameters: number, gradients: number, count: number, gradientScale: number, rate: number, keep: number): void;
  momentum: MomentumKernel;
  nesterov: MomentumKernel;
  adam: AdamKernel;
  lambDirection: AdamKernel;
  lion(
    ...args: [
      parameters: number,
      gradients: number,
      momenta: number,
      count: number,
      gradientScale: number,
      beta1: number,
      fresh1: number,
      beta2: number,
      fresh2: number,
      rate: number,
      keep: number,
    ]
  ): void;
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
  scale(vector: number, count: number, factor: number): void;
  addScaled(into: number, from: number, count: number, factor: number): void;
  moveTowards(into: number, from: number, count: number, rate: number): void;
  sumWorkers(into: number, first: number, strideBytes: number, workers: number, count: number): void;
  sumOfSquares(vector: number, count: number): number;
  zeroBelow(vector: number, count: number, limit: number): void;
  firstNotFinite(vector: number, count: number): number;
}

type MomentumKernel = (
  ...args: [
    parameters: number,
    gradients: number,
    buffers: number,
    count: number,
    gradientScale: number,
    mu: number,
    rate: number,
    keep: number,
  ]
) => void;

type AdamKernel = (
  ...args: [
    parameters: number,
    gradients: number,
    first: number,
    second: number,
    count: number,
    gradientScale: number,
    beta1: number,
    beta2: number,
    stepSize: number,
    epsilon: number,
    keepOrDecay: number,
  ]
) => void;
