import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import type { GrownTree } from '../grow/GrownTree.ts';
import { NodeTable } from '../grow/NodeTable.ts';
import { chunkRows, chunkSums, gradientKinds, lossKinds, task } from '../grow/tasks.ts';
import { baseScores } from '../objectives/baseScores.ts';
import {
  kernelObjective,
  outputCount,
  type BoostingObjective,
  type CustomObjective,
  type KernelObjective,
} from '../objectives/objective.ts';
import { rankingObjective } from '../objectives/ranking.ts';
import { align, type TreePool } from '../TreePool.ts';

/** Rows with their answers. Targets are float32: classes by number, relevances, amounts. */
export interface LabelledRows {
  binned: BinnedMatrix;
  target: Float32Array;
  /** ≥ 0, one a row. */
  weights?: Float32Array | undefined;
  /** Ranking: the group of each row; rows of a group stand together. */
  groups?: Int32Array | undefined;
}

const lane = 16;

/** The scores of some rows in the memory of the pool, what they should be, and how far off they are. */
export class ScoredMatrix {
  readonly rows: number;
  readonly outputs: number;
  /** Numbers from one output's scores to the next's. */
  readonly stride: number;
  readonly scores: number;
  readonly target: number;
  /** 0: all are 1. */
  readonly weights: number;
  readonly totalWeight: number;
  readonly kernel: KernelObjective | undefined;
  readonly custom: CustomObjective | undefined;
  readonly #pool: TreePool;
  readonly #given: LabelledRows;
  readonly #table: NodeTable;

  constructor(pool: TreePool, given: LabelledRows, objective: BoostingObjective, leaves: number) {
    const { rows } = given.binned;
    check(given, objective);
    this.#pool = pool;
    this.#given = given;
    this.rows = rows;
    this.outputs = outputCount(objective);
    this.stride = Math.ceil(rows / lane) * lane;
    this.kernel = kernelObjective(objective);
    if (objective.kind === 'ranking') this.custom = rankingObjective(given.groups!, objective.truncation ?? 30);
    else if (objective.kind === 'custom') this.custom = objective;
    this.scores = pool.take(4 * this.stride * this.outputs);
    this.target = pool.take(4 * this.stride);
    pool.floats.set(given.target, this.target >> 2);
    this.weights = given.weights ? pool.take(4 * this.stride) : 0;
    if (given.weights) pool.floats.set(given.weights, this.weights >> 2);
    this.totalWeight = given.weights ? given.weights.reduce((sum, weight) => sum + weight, 0) : rows;
    this.#table = new NodeTable(pool, leaves);
  }

  static bytes(rows: number, outputs: number, weighted: boolean, leaves: number): number {
    const vector = align(4 * (rows + lane));
    return vector * (outputs + 1 + Number(weighted)) + NodeTable.bytes(leaves) + 1024;
  }

  /** Base scores of the objective over these rows, as float32. */
  baseScores(objective: BoostingObjective): Float64Array {
    const own = this.custom ? this.custom.baseScores(this.#given.target, this.#given.weights) : undefined;
    return Float64Array.from(own ?? baseScores(objective, this.#given.target, this.#given.weights), Math.fround);
  }

  start(base: Float64Array): void {
    for (const [output, score] of base.entries()) this.scoresOf(output).fill(score);
  }

  scoresOf(output: number): Float32Array {
    return this.#pool.floatsAt(this.scores + 4 * this.stride * output, this.stride);
  }

  /** Address of the scores of one output. */
  scoresAt(output: number): number {
    return this.scores + 4 * this.stride * output;
  }

  /** Writes derivatives by the scores of one output, weights included. */
  derive(output: number, gradients: number, hessians: number): void {
    const { kernel, custom, rows } = this;
    if (kernel) {
      const size = chunkRows(rows);
      const softmax = kernel.gradients === 'softmax';
      const kind = gradientKinds.indexOf(kernel.gradients);
      const vectors = [softmax ? this.scores : this.scoresAt(output), this.target, this.weights, gradients, hessians];
      const values = [kind, ...vectors, rows, size, kernel.parameter, this.outputs, 4 * this.stride, output];
      this.#pool.run(task.gradients, Math.ceil(rows / size), values);
    } else {
      const pool = this.#pool;
      custom!.derivatives(this.#scored(), output, pool.floatsAt(gradients, rows), pool.floatsAt(hessians, rows));
    }
  }

  /** Weighted mean loss. */
  loss(): number {
    const { kernel, custom, rows } = this;
    if (!kernel) return custom!.loss(this.#scored());
    const size = chunkRows(rows);
    const chunks = Math.ceil(rows / size);
    const vectors = [this.scores, this.target, this.weights];
    this.#pool.run(task.loss, chunks, [
      lossKinds.indexOf(kernel.loss),
      ...vectors,
      rows,
      size,
      kernel.lossParameter,
      this.outputs,
      4 * this.stride,
    ]);
    let sum = 0;
    for (let chunk = 0; chunk < chunks; chunk++) sum += this.#pool.doubles[(chunkSums >> 3) + chunk]!;
    return sum / this.totalWeight;
  }

  /** Adds a tree to the scores of an output: all rows, or those of a list from … to. */
  apply(tree: GrownTree, values: Float32Array, output: number, list?: { order: number; from: number; to: number }): void {
    const { order, from, to } = list ?? { order: 0, from: 0, to: this.rows };
    if (to === from) return;
    this.#table.set(tree, values);
    const { rowBins, layout } = this.#given.binned;
    const size = chunkRows(to - from);
    const table = [this.#table.nodes, this.#table.leaves, this.scoresAt(output)];
    this.#pool.run(task.apply, Math.ceil((to - from) / size), [rowBins, layout.rowBytes, order, from, to, ...table, size]);
  }

  #scored(): { scores: Float32Array; target: Float32Array; weights: Float32Array | undefined; rows: number; stride: number } {
    const { rows, stride } = this;
    const scores = this.#pool.floatsAt(this.scores, stride * this.outputs);
    return { scores, target: this.#given.target, weights: this.#given.weights, rows, stride };
  }
}

function check({ binned, target, weights, groups }: LabelledRows, objective: BoostingObjective): void {
  const refuse = (what: string): ModelkeepError => new ModelkeepError('MK_TREES_INPUT_INVALID', { what });
  if (target.length !== binned.rows) throw refuse(`${target.length} targets for ${binned.rows} rows`);
  const wrong = wrongTarget(target, objective);
  if (wrong >= 0) throw refuse(`the target of row ${wrong + 1} is ${target[wrong]}, which the objective "${objective.kind}" does not take`);
  if (weights) {
    if (weights.length !== binned.rows) throw refuse(`${weights.length} weights for ${binned.rows} rows`);
    const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
    if (bad >= 0) throw refuse(`the weight of row ${bad + 1} is ${weights[bad]}`);
    if (!weights.some((weight) => weight > 0)) throw refuse('all weights are 0');
  }
  if (objective.kind === 'ranking' && groups?.length !== binned.rows) throw refuse('ranking needs a group for each row');
}

/** First row whose target the objective cannot take; −1: none. */
function wrongTarget(target: Float32Array, objective: BoostingObjective): number {
  const { kind } = objective;
  const classes = kind === 'softmax' ? objective.classes : 0;
  for (let row = 0; row < target.length; row++) {
    const value = target[row]!;
    if (!Number.isFinite(value)) return row;
    if (kind === 'logistic' && !(value >= 0 && value <= 1)) return row;
    if (kind === 'softmax' && !(Number.isInteger(value) && value >= 0 && value < classes)) return row;
    if ((kind === 'poisson' || kind === 'tweedie') && value < 0) return row;
    if (kind === 'gamma' && value <= 0) return row;
    if (kind === 'ranking' && !(Number.isInteger(value) && value >= 0 && value < 32)) return row;
  }
  return -1;
}
