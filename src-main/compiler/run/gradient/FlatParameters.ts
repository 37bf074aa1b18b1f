import { KernelMemory, paddedLength, SharedKernelMemory } from '../../../kernels/KernelMemory.ts';
import { blockSumNumbers, TrainingKernels, type Vector } from '../../../kernels/trainingKernels.ts';
import { trainingNames } from '../../5-emit/emitTraining.ts';
import type { TensorSpec } from '../../compileTraining.ts';
import { elementCount } from '../../onnx/graph.ts';
import { clipScale } from '../../optimizers/clipGradients.ts';
import type { FlatPiece, OptimizerRule, OptimizerSlot } from '../../optimizers/defineOptimizer.ts';
import type { RowGradient } from '../../5-emit/rowGradients.ts';
import { decays, optimizerOf, type OptimizerSettings } from '../../optimizers/index.ts';
import { RowTables, rowTableNumbers } from './RowTables.ts';

export interface FlatSettings {
  readonly specs: readonly TensorSpec[];
  readonly optimizer: OptimizerSettings;
  /** Of a batch, each with gradients of its own. */
  readonly parts: number;
  /** Whether several batches make an update. */
  readonly accumulates: boolean;
  /** Parameters whose gradients come as rows. */
  readonly rowTables?: readonly RowGradient[];
  /** In a memory between threads, for a runtime that takes its views (`takesSharedMemory`). */
  readonly shared?: boolean;
}

/** Where a tensor lies in the flat vectors of parameters and gradients. */
interface Place extends TensorSpec {
  readonly start: number;
  readonly length: number;
  readonly decays: boolean;
}

interface SlotTensor extends OptimizerSlot {
  /** As in checkpoints: 'firstMoment.weight'. */
  readonly key: string;
  readonly values: Vector;
}

/**
 * All parameters as one vector in the memory of the kernels, a gradient vector per part of the batch, and the optimizer's state
 * beside them. Tensors are views of these vectors, which ONNX Runtime reads and writes in place. Parameters that decay come
 * first, so that an elementwise optimizer makes two passes.
 */
export class FlatParameters {
  readonly kernels: TrainingKernels;
  readonly parameters: Vector;
  /** One per part, evenly apart. */
  readonly gradients: readonly Vector[];
  readonly #rule: OptimizerRule;
  readonly #clipNorm: number | undefined;
  readonly #places: readonly Place[];
  readonly #slots: readonly SlotTensor[];
  readonly #pieces: readonly FlatPiece[];
  /** Tables whose rows without gradient and state rest, by parameter. */
  readonly #restful: readonly { readonly parameter: string; readonly piece: FlatPiece }[];
  /** Sum over several batches before an update; made only when asked for. */
  readonly #sum: Vector | undefined;
  /** Where gradients come as rows. */
  readonly rowTables: RowTables | undefined;
  /** Stretches of the flat vectors that parts write as they are, by part. */
  readonly #stretches: readonly (readonly Vector[])[];
  /** Sum of squares of what is collected, while it is known. */
  #squares: number | undefined;
  /** Vectors that `zeroSmallState` cleans. */
  readonly #cleaned: readonly { values: Vector; zeroBelow: number }[];

  /** Throws MK_KERNELS_MEMORY_EXCEEDED, and MK_COMPILER_SETTING_INVALID for the optimizer's settings. */
  constructor(settings: FlatSettings) {
    const { specs, optimizer, parts, accumulates, rowTables = [], shared = false } = settings;
    this.#rule = optimizerOf(optimizer);
    this.#clipNorm = optimizer.clipNorm;
    this.#places = placesOf(specs, optimizer);
    const length = placedLength(this.#places);
    const slots = this.#places.map((place) => this.#rule.slots(place.shape));
    const numbers = flatNumbers(settings);
    const memory = shared ? new SharedKernelMemory(numbers + blockSumNumbers(length)) : new KernelMemory(numbers);
    this.kernels = new TrainingKernels(memory, length);
    this.parameters = memory.vector(length);
    this.gradients = Array.from({ length: parts }, () => memory.vector(length));
    this.#sum = accumulates ? memory.vector(length) : undefined;
    this.rowTables = rowTables.length > 0 ? new RowTables(memory, rowTables, this.views(this.gradients[0]!), parts) : undefined;
    const asRows = new Set(rowTables.map(({ parameter }) => parameter));
    this.#stretches = stretchesOf(this.#places, ({ name }) => !asRows.has(name)).map((stretch) =>
      this.gradients.map((vector) => view(vector, stretch)),
    );
    const key = (slot: OptimizerSlot, place: Place): string => trainingNames.slot(slot.name, place.name);
    if (this.#rule.elementwise) {
      const vectors = (slots[0] ?? []).map(({ zeroBelow }) => ({ values: memory.vector(length), zeroBelow }));
      this.#slots = this.#places.flatMap((place, at) =>
        slots[at]!.map((slot, which) => ({ ...slot, key: key(slot, place), values: view(vectors[which]!.values, place) })),
      );
      this.#cleaned = vectors;
      const pieceOf = (place: Stretch & { shape: readonly number[]; decays: boolean }): FlatPiece =>
        this.#piece(
          place,
          vectors.map(({ values }) => view(values, place)),
        );
      const restful = new Set(this.#rule.updateRows ? rowTables.filter(({ width }) => width % 4 === 0).map((each) => each.parameter) : []);
      this.#pieces = groupsOf(this.#places.filter(({ name }) => !restful.has(name))).map(pieceOf);
      this.#restful = this.#places
        .filter(({ name }) => restful.has(name))
        .map((place) => ({ parameter: place.name, piece: pieceOf(place) }));
    } else {
      const made = this.#places.map((place, at) =>
        slots[at]!.map((slot) => ({ ...slot, key: key(slot, place), values: memory.vector(elementCount(slot.shape)) })),
      );
      this.#slots = made.flat();
      this.#restful = [];
      this.#cleaned = this.#slots;
      this.#pieces = this.#places.map((place, at) =>
        this.#piece(
          place,
          made[at]!.map(({ values }) => values),
        ),
      );
    }
  }

  /** Views by parameter name. */
  views(vector: Vector): Map<string, Float32Array> {
    return viewsOf(this.#places, vector);
  }

  /** Optimizer state by name, in place. */
  get slots(): readonly SlotTensor[] {
    return this.#slots;
  }

  /** Numbers in a flat vector, padding included. */
  get length(): number {
    return this.parameters.length;
  }

  /**
   * Adds up the parts of one batch, always in the same order, in the first of `gradients`. Gives the sum of its squares, which is
   * not finite where a part is not, nor where squares leave the range of float32.
   */
  sumParts(): number {
    if (this.rowTables) {
      if (this.gradients.length > 1) for (const parts of this.#stretches) this.kernels.sumParts(parts);
      // Optimizers that are not elementwise write their direction over the gradient.
      this.rowTables.addUp(this.kernels, !this.#rule.elementwise && !this.#sum);
      return (this.#squares = this.kernels.sumOfSquares(this.gradients[0]!));
    }
    return (this.#squares = this.kernels.sumPartsSquares(this.gradients));
  }

  /** Puts `share` of the summed parts to the batches before this one (none if it is `first`). */
  collect(first: boolean, share: number): void {
    const [own] = this.gradients;
    if (!this.#sum) return;
    this.#squares = undefined;
    if (first) {
      this.kernels.moveTowards(this.#sum, own!, 1);
      this.kernels.scale(this.#sum, share);
    } else this.kernels.addScaled(this.#sum, own!, share);
  }

  /** Multiplies the summed parts, before they are collected. */
  scaleGradients(factor: number): void {
    this.#squares = undefined;
    this.kernels.scale(this.gradients[0]!, factor);
  }

  /** To be told when someone wrote into the summed parts: their squares are not known any more. */
  gradientsChanged(): void {
    this.#squares = undefined;
  }

  /** Euclidean norm of the collected gradient. */
  gradientNorm(): number {
    return Math.sqrt(this.#squares ?? this.kernels.sumOfSquares(this.#collected));
  }

  /** One update from the collected gradient, whose norm is `norm`: clipped where the optimizer says so. */
  update(step: number, learningRate: number, norm: number): void {
    const scale = this.#clipNorm === undefined ? 1 : clipScale(norm, this.#clipNorm);
    const scalars = this.#rule.scalarsAt(step, learningRate);
    for (const piece of this.#pieces) this.#rule.update(this.kernels, piece, scalars, scale);
    for (const { parameter, piece } of this.#restful)
      this.#rule.updateRows!(this.kernels, piece, this.rowTables!.live(parameter), scalars, scale);
  }

  /** The optimizer's state was written through `slots`. */
  slotsWritten(): void {
    this.rowTables?.findLive(new Map(this.#restful.map(({ parameter, piece }) => [parameter, piece.slots])));
  }

  zeroSmallState(): void {
    for (const { values, zeroBelow } of this.#cleaned) if (zeroBelow > 0) this.kernels.zeroBelow(values, zeroBelow);
  }

  get #collected(): Vector {
    return this.#sum ?? this.gradients[0]!;
  }

  #piece(place: { start: number; length: number; shape: readonly number[]; decays: boolean }, slots: readonly Vector[]): FlatPiece {
    return {
      parameters: view(this.parameters, place),
      gradients: view(this.#collected, place),
      slots,
      shape: place.shape,
      decays: place.decays,
    };
  }
}

/** Numbers that the memory of the kernels holds. */
export function flatNumbers({ specs, optimizer, parts, accumulates, rowTables = [] }: FlatSettings): number {
  const rule = optimizerOf(optimizer);
  const places = placesOf(specs, optimizer);
  const length = placedLength(places);
  const slots = rule.elementwise
    ? length * rule.slots([]).length
    : places.flatMap(({ shape }) => rule.slots(shape)).reduce((sum, { shape }) => sum + paddedLength(elementCount(shape)), 0);
  return length * (1 + parts + Number(accumulates)) + slots + rowTableNumbers(rowTables, parts);
}

/** Numbers in one flat vector, padding included. */
export function flatLength(specs: readonly TensorSpec[], optimizer: OptimizerSettings): number {
  return placedLength(placesOf(specs, optimizer));
}

/** Views by name of a flat vector laid out as those of `FlatParameters`: for workers, which have vectors of their own. */
export function flatViews(specs: readonly TensorSpec[], optimizer: OptimizerSettings, vector: Vector): Map<string, Float32Array> {
  return viewsOf(placesOf(specs, optimizer), vector);
}

function viewsOf(places: readonly Place[], vector: Vector): Map<string, Float32Array> {
  return new Map(places.map((place) => [place.name, vector.subarray(place.start, place.start + place.length)]));
}

function placesOf(specs: readonly TensorSpec[], optimizer: OptimizerSettings): Place[] {
  const marked = specs.map((each) => ({
    ...each,
    length: elementCount(each.shape),
    decays: decays(optimizer, each.name, each.shape.length),
  }));
  let next = 0;
  return [...marked.filter((each) => each.decays), ...marked.filter((each) => !each.decays)].map((each) => {
    const start = next;
    next += paddedLength(each.length);
    return { ...each, start };
  });
}

function placedLength(places: readonly Place[]): number {
  const last = places.at(-1);
  return last ? last.start + paddedLength(last.length) : 0;
}

/** Neighbours that decay, and those that do not, as one stretch each. */
function groupsOf(places: readonly Place[]): (Stretch & { shape: readonly number[]; decays: boolean })[] {
  return [true, false].flatMap((decaying) =>
    stretchesOf(places, (each) => each.decays === decaying).map((stretch) => ({ ...stretch, shape: [stretch.length], decays: decaying })),
  );
}

interface Stretch {
  readonly start: number;
  readonly length: number;
}

/** Neighbours that `belongs` names, padding included. */
function stretchesOf(places: readonly Place[], belongs: (place: Place) => boolean): Stretch[] {
  const stretches: { start: number; length: number }[] = [];
  for (const place of places.filter(belongs)) {
    const last = stretches.at(-1);
    const length = paddedLength(place.length);
    if (last && last.start + last.length === place.start) last.length += length;
    else stretches.push({ start: place.start, length });
  }
  return stretches;
}

function view(vector: Vector, { start, length }: { start: number; length: number }): Vector {
  return vector.subarray(start, start + length);
}
