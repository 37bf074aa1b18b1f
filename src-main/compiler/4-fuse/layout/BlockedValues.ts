import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { elementCount, type Shape } from '../../onnx/graph.ts';
import { compute, mostTerms, type Affine } from './affine.ts';

/** The four values of every 2×2 square of an image, each [N, C, H/2, W/2] in blocks: top left, top right, bottom left, bottom right. */
export type Quarters = readonly [TypedValue, TypedValue, TypedValue, TypedValue];

/**
 * The values of a graph while it is laid out: each in plain order [N, C, H, W], in blocks of channels, or as quarters. What
 * is asked for in another form is converted once; conversions that nothing reads are dropped afterwards.
 */
export class BlockedValues {
  readonly g: TypedOps;
  /** Channels in a block: 16 with AVX-512, else 8. */
  readonly block: number;
  readonly #plain = new Map<string, TypedValue>();
  readonly #blocked = new Map<string, TypedValue>();
  readonly #quarters = new Map<string, Quarters>();
  readonly #affine = new Map<string, Affine>();
  /** A smaller value with the same sum in each channel. */
  readonly #sameSums = new Map<string, TypedValue>();

  constructor(g: TypedOps, block: number) {
    this.g = g;
    this.block = block;
  }

  setPlain(name: string, value: TypedValue): void {
    this.#plain.set(name, value);
  }

  setBlocked(name: string, value: TypedValue): void {
    this.#blocked.set(name, value);
  }

  setQuarters(name: string, quarters: Quarters, sameSums?: TypedValue): void {
    this.#quarters.set(name, quarters);
    if (sameSums) this.#sameSums.set(name, sameSums);
  }

  /** A value that is computed when it is needed, then as a whole; up to there it can grow. */
  setAffine(name: string, affine: Affine): void {
    if (affine.terms.length > mostTerms) this.setBlocked(name, compute(this.g, affine));
    else this.#affine.set(name, affine);
  }

  /** The value as one that can grow. */
  affine(name: string): Affine {
    const known = this.#affine.get(name);
    return known && !this.#blocked.has(name) ? known : { terms: [{ value: this.blocked(name) }] };
  }

  /** Whether the value is waiting to be computed. */
  isAffine(name: string): boolean {
    return this.#affine.has(name) && !this.#blocked.has(name);
  }

  /** Whether the value exists in blocks or quarters, so that going on in blocks costs nothing. */
  isBlocked(name: string): boolean {
    return this.#blocked.has(name) || this.#quarters.has(name) || this.#affine.has(name);
  }

  shapeOf(name: string): Shape | undefined {
    const [quarter] = this.#quarters.get(name) ?? [];
    if (quarter) return [quarter.shape[0]!, quarter.shape[1]!, ...quarter.shape.slice(2).map((dim) => 2 * Number(dim))];
    return (this.#plain.get(name) ?? this.#blocked.get(name) ?? this.#affine.get(name)?.terms[0]!.value)?.shape;
  }

  /** Images [N, C, H, W] whose channels fill blocks. */
  canBlock(shape: Shape | undefined): boolean {
    return shape?.length === 4 && shape.every((dim) => typeof dim === 'number') && Number(shape[1]) % this.block === 0;
  }

  plain(name: string): TypedValue {
    const known = this.#plain.get(name);
    if (known) return known;
    const source = this.blocked(name);
    const value = this.g.op('com.microsoft.nchwc.ReorderOutput', [source], { channels: Number(source.shape[1]) });
    this.#plain.set(name, value);
    return value;
  }

  blocked(name: string): TypedValue {
    const known = this.#blocked.get(name);
    if (known) return known;
    const quarters = this.#quarters.get(name);
    const affine = this.#affine.get(name);
    const value = affine
      ? compute(this.g, affine)
      : quarters
        ? joinQuarters(this.g, quarters, this.block)
        : this.g.op('com.microsoft.nchwc.ReorderInput', [this.#plain.get(name)!]);
    this.#blocked.set(name, value);
    return value;
  }

  quarters(name: string): Quarters | undefined {
    return this.#quarters.get(name);
  }

  /** A value in blocks with the same sums over batch and space. */
  sameSums(name: string): TypedValue {
    return this.#sameSums.get(name) ?? this.blocked(name);
  }

  /** As it lies in memory: [N, C / block, H·W, block]. */
  view(value: TypedValue): TypedValue {
    const [rows, channels, height, width] = value.shape.map(Number) as [number, number, number, number];
    return this.g.reshape(value, [rows, channels / this.block, height * width, this.block]);
  }

  /** A number per channel, [C] or [C, 1, 1], so that it broadcasts against a `view`. */
  perChannel(value: TypedValue): TypedValue {
    return this.g.reshape(value, [elementCount(value.shape) / this.block, 1, this.block]);
  }
}

/** Interleaves quarters into the whole image: two passes. */
function joinQuarters(g: TypedOps, [topLeft, topRight, bottomLeft, bottomRight]: Quarters, block: number): TypedValue {
  const [rows, channels, height, width] = topLeft.shape.map(Number) as [number, number, number, number];
  const pixels = (rows * channels * height * width) / block;
  const row = (left: TypedValue, right: TypedValue): TypedValue => {
    const pair = g.op('Concat', [g.reshape(left, [pixels, block]), g.reshape(right, [pixels, block])], { axis: 1 });
    return g.reshape(pair, [pixels / width, 2 * width * block]);
  };
  const image = g.op('Concat', [row(topLeft, topRight), row(bottomLeft, bottomRight)], { axis: 1 });
  return g.reshape(image, [rows, channels, 2 * height, 2 * width]);
}
