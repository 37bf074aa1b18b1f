import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { mix } from '../grow/random.ts';
import { chunkRows, chunkSums, task } from '../grow/tasks.ts';
import type { PackedGradients } from '../grow/openLeaf.ts';
import type { TreeGrower } from '../grow/TreeGrower.ts';
import { align, type TreePool } from '../TreePool.ts';
import type { ScoredMatrix } from './ScoredMatrix.ts';
import type { BoostingSettings } from './settings.ts';

/** Of 16 bits, so that rounding cannot leave them. */
const mostLevels = 32_767;
const magnitudes = 2048;

/**
 * Packed gradients of a round. The units are powers of two: gradients that are multiples of them stay exact. There are as many
 * levels as fit the sums of all rows into 32 bits: 32,767 up to 65,000 rows, 2,048 at a million.
 */
export class RoundGradients {
  readonly #pool: TreePool;
  readonly #train: ScoredMatrix;
  readonly #grower: TreeGrower;
  readonly #packed: number;
  readonly #counts: number;
  readonly #levels: number;

  constructor(pool: TreePool, train: ScoredMatrix, grower: TreeGrower, usesGoss: boolean) {
    this.#pool = pool;
    this.#train = train;
    this.#grower = grower;
    this.#packed = pool.take(4 * train.stride * train.outputs);
    this.#counts = usesGoss ? pool.take(64 * 4 * magnitudes) : 0;
    this.#levels = Math.min(mostLevels, Math.floor(2 ** 31 / train.rows) - 1);
  }

  static bytes(rows: number, outputs: number): number {
    return align(4 * (rows + 16) * outputs) + 64 * 4 * magnitudes + 256;
  }

  /** For one output, by the scores as they are now. `goss`: shares of large and of other rows. */
  pack(output: number, seed: number, goss: Pick<BoostingSettings, 'topRate' | 'otherRate'> | undefined): PackedGradients {
    const train = this.#train;
    const { rows, kernel, weights } = train;
    const packed = this.#packed + 4 * train.stride * output;
    const scores = train.scoresAt(output);
    const size = chunkRows(rows);
    const chunks = Math.ceil(rows / size);
    if (!goss && !weights && kernel?.gradients === 'logistic') {
      const [gradientScale, hessianScale] = [this.#scale(1), this.#scale(0.25)];
      this.#pool.run(task.packLogistic, chunks, [scores, train.target, packed, rows, size, gradientScale, hessianScale, seed]);
      return { packed, gradientUnit: 1 / gradientScale, hessianUnit: 1 / hessianScale };
    }
    if (!goss && !weights && kernel?.gradients === 'squared') {
      const gradientScale = this.#scale(this.#largest(scores, train.target));
      this.#pool.run(task.packSquared, chunks, [scores, train.target, packed, rows, size, gradientScale, 1, seed]);
      return { packed, gradientUnit: 1 / gradientScale, hessianUnit: 1 };
    }
    const { left: gradients, right: hessians } = this.#grower;
    train.derive(output, gradients, hessians);
    if (goss) this.#goss(gradients, hessians, seed, goss);
    const [gradientScale, hessianScale] = [this.#scale(this.#largest(gradients, 0)), this.#scale(this.#largest(hessians, 0))];
    this.#pool.run(task.pack, chunks, [gradients, hessians, packed, rows, size, gradientScale, hessianScale, seed]);
    return { packed, gradientUnit: 1 / gradientScale, hessianUnit: 1 / hessianScale };
  }

  #largest(a: number, b: number): number {
    const { rows } = this.#train;
    const size = chunkRows(rows);
    const chunks = Math.ceil(rows / size);
    this.#pool.run(task.largest, chunks, [a, b, rows, size]);
    let most = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const here = this.#pool.doubles[(chunkSums >> 3) + chunk]!;
      if (!Number.isFinite(here)) throw new ModelkeepError('MK_TREES_GRADIENTS_NOT_FINITE');
      most = Math.max(most, here);
    }
    return most;
  }

  /** The largest power of two that leaves `most` within the levels. */
  #scale(most: number): number {
    if (most === 0) return 1;
    return 2 ** Math.min(100, Math.max(-100, Math.floor(Math.log2(this.#levels / most))));
  }

  #goss(gradients: number, hessians: number, seed: number, { topRate, otherRate }: Pick<BoostingSettings, 'topRate' | 'otherRate'>): void {
    const { rows } = this.#train;
    const size = chunkRows(rows);
    const chunks = Math.ceil(rows / size);
    this.#pool.run(task.magnitudes, chunks, [gradients, hessians, rows, size, this.#counts]);
    const counts = new Float64Array(magnitudes);
    for (let at = 0; at < chunks * magnitudes; at++) counts[at % magnitudes]! += this.#pool.words[(this.#counts >> 2) + at]!;
    let edge = magnitudes;
    for (let above = 0; edge > 0 && above + counts[edge - 1]! <= topRate * rows;) above += counts[--edge]!;
    const large = counts.subarray(edge).reduce((sum, count) => sum + count, 0);
    // Steps of the edge are coarse: what is missing to the share of large rows is drawn from the others.
    const wanted = Math.max(0, (topRate + otherRate) * rows - large);
    const share = Math.min(1, wanted / Math.max(1, rows - large));
    const values = [gradients, hessians, rows, size, edge, Math.min(2 ** 32 - 1, Math.round(share * 2 ** 32)), share > 0 ? 1 / share : 0];
    this.#pool.run(task.goss, chunks, [...values, mix(seed, 7)]);
  }
}
