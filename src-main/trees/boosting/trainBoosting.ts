import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { BinnedMatrix } from '../bin/BinnedMatrix.ts';
import type { Tree, TreeEnsemble } from '../ensemble.ts';
import { toGrown } from '../grow/toGrown.ts';
import { toTree, type GrownTree } from '../grow/GrownTree.ts';
import { mix } from '../grow/random.ts';
import { chunkRows, task } from '../grow/tasks.ts';
import type { PackedGradients } from '../grow/openLeaf.ts';
import { TreeGrower } from '../grow/TreeGrower.ts';
import { outputCount, type BoostingObjective } from '../objectives/objective.ts';
import { align, type TreePool } from '../TreePool.ts';
import { RoundGradients } from './RoundGradients.ts';
import { ScoredMatrix, type LabelledRows } from './ScoredMatrix.ts';
import { completeSettings, type BoostingSettings } from './settings.ts';

export interface BoostingInput extends LabelledRows {
  pool: TreePool;
  objective: BoostingObjective;
  settings?: Partial<BoostingSettings>;
  /** Equal seed, data and settings give an equal ensemble, at any number of threads. */
  seed?: number;
  validation?: LabelledRows;
  control?: BoostingControl;
  /** Goes on where another training with the same input was. */
  resume?: BoostingState;
}

export interface BoostingControl {
  /** Asked between rounds, and within long ones; true ends it with the rounds that are whole. */
  shouldStop?(): boolean;
  /** Lets others have the thread, when it returns a promise. Asked between rounds. */
  pause?(): Promise<void> | undefined;
  onRound?(progress: BoostingProgress): void | Promise<void>;
}

export interface BoostingProgress {
  /** Rounds that are done. */
  round: number;
  validationLoss: number | undefined;
  /** The loss over the rows of training; computed when called. */
  trainLoss(): number;
  state(): BoostingState;
}

/** All that a training is between two rounds: data and settings aside, nothing else matters. */
export interface BoostingState {
  ensemble: TreeEnsemble;
  /** Validation loss after each round. */
  curve: number[];
  bestRound: number;
}

export interface TrainedBoosting {
  /** Cut off after the best round. */
  ensemble: TreeEnsemble;
  curve: number[];
  /** Rounds of the ensemble. */
  bestRound: number;
  /** `settled`: no split gains anything any more; `early`: validation did not become better. */
  ended: 'complete' | 'early' | 'settled' | 'stopped';
}

/**
 * Gradient boosting (Friedman 2001) with second derivatives, leaf by leaf over histograms (LightGBM 2017). Throws
 * MK_TREES_INPUT_INVALID for targets, weights or settings that cannot be, MK_TREES_GRADIENTS_NOT_FINITE.
 */
export async function trainBoosting(input: BoostingInput): Promise<TrainedBoosting> {
  const { pool, control = {} } = input;
  const start = pool.take(0);
  try {
    const training = new Boosting(input);
    let ended: TrainedBoosting['ended'] = 'complete';
    while (training.round < training.settings.numIterations) {
      if (control.shouldStop?.()) {
        ended = 'stopped';
        break;
      }
      const outcome = training.addRound(() => control.shouldStop?.() ?? false);
      if (outcome !== 'added') {
        ended = outcome;
        break;
      }
      const told = control.onRound?.(training);
      if (told) await told;
      const pause = control.pause?.();
      if (pause) await pause;
      if (training.isPastBest()) {
        ended = 'early';
        break;
      }
    }
    return training.result(ended);
  } finally {
    pool.giveBack(start);
  }
}

/** Bytes that `trainBoosting` takes from the pool beside the binned rows. */
export function boostingBytes(facts: {
  rows: number;
  width: number;
  outputs: number;
  weighted: boolean;
  validationRows: number;
  numLeaves: number;
  threads: number;
}): number {
  const { rows, width, outputs, weighted, validationRows, numLeaves, threads } = facts;
  return (
    TreeGrower.bytes(rows, width, { numLeaves }, threads) +
    ScoredMatrix.bytes(rows, outputs, weighted, numLeaves) +
    (validationRows > 0 ? ScoredMatrix.bytes(validationRows, outputs, weighted, numLeaves) : 0) +
    RoundGradients.bytes(rows, outputs) +
    align(12 * numLeaves) +
    4096
  );
}

class Boosting implements BoostingProgress {
  readonly settings: BoostingSettings;
  readonly #input: BoostingInput;
  readonly #pool: TreePool;
  readonly #binned: BinnedMatrix;
  readonly #grower: TreeGrower;
  readonly #train: ScoredMatrix;
  readonly #validation: ScoredMatrix | undefined;
  readonly #gradients: RoundGradients;
  readonly #leafTable: number;
  readonly #base: Float64Array;
  readonly #seed: number;
  readonly #trees: Tree[] = [];
  readonly #categorySets: Int32Array[] = [];
  readonly #curve: number[] = [];
  round = 0;
  #bestRound = 0;

  constructor(input: BoostingInput) {
    const { pool, binned, objective, validation, resume } = input;
    this.settings = completeSettings(input.settings ?? {});
    const { numLeaves, dataSampleStrategy } = this.settings;
    this.#input = input;
    this.#pool = pool;
    this.#binned = binned;
    this.#seed = mix(input.seed ?? 0, 3);
    this.#grower = new TreeGrower(pool, binned, this.settings);
    this.#train = new ScoredMatrix(pool, input, objective, numLeaves);
    this.#validation = validation && new ScoredMatrix(pool, validation, objective, numLeaves);
    this.#gradients = new RoundGradients(pool, this.#train, this.#grower, dataSampleStrategy === 'goss');
    this.#leafTable = pool.take(12 * numLeaves);
    this.#base = resume ? resume.ensemble.baseScores.slice() : this.#train.baseScores(objective);
    this.#train.start(this.#base);
    this.#validation?.start(this.#base);
    if (resume) this.#replay(resume);
  }

  get validationLoss(): number | undefined {
    return this.#curve.at(-1);
  }

  trainLoss(): number {
    return this.#train.loss();
  }

  state(): BoostingState {
    return { ensemble: this.#ensemble(this.round), curve: this.#curve.slice(), bestRound: this.#bestRound };
  }

  isPastBest(): boolean {
    const { earlyStoppingRound } = this.settings;
    return this.#validation !== undefined && earlyStoppingRound > 0 && this.round - this.#bestRound >= earlyStoppingRound;
  }

  result(ended: TrainedBoosting['ended']): TrainedBoosting {
    const bestRound = this.#validation ? this.#bestRound : this.round;
    return { ensemble: this.#ensemble(bestRound), curve: this.#curve.slice(), bestRound, ended };
  }

  /** One tree an output. What a stopped round has grown is thrown away. */
  addRound(shouldStop: () => boolean): 'added' | 'settled' | 'stopped' {
    const { outputs } = this.#train;
    const { learningRate, dataSampleStrategy, baggingFraction, baggingFreq } = this.settings;
    const goss = dataSampleStrategy === 'goss' && this.round >= 1 / learningRate ? this.settings : undefined;
    const bags = !goss && baggingFreq > 0 && baggingFraction < 1;
    const packed: PackedGradients[] = [];
    for (let output = 0; output < outputs; output++) packed.push(this.#pack(output, goss));
    const grown: GrownTree[] = [];
    const values: Float32Array[] = [];
    const setCount = this.#categorySets.length;
    for (let output = 0; output < outputs; output++) {
      const rows = goss ? this.#pickRows(packed[output]!.packed) : bags ? this.#sampleRows() : this.#allRows();
      const seed = mix(this.#seed, this.round * outputs + output);
      const tree = this.#grower.grow(packed[output]!, rows, { whole: rows === this.#train.rows, seed, shouldStop });
      if (!tree) {
        this.#trees.length = this.round * outputs;
        this.#categorySets.length = setCount;
        return 'stopped';
      }
      grown.push(tree);
      values.push(this.#score(tree, output, rows));
      this.#trees.push(toTree(tree, this.#binned.layout, values[output]!, { categorySets: this.#categorySets, valueWidth: 1 }));
    }
    if (!goss && !bags && grown.every((tree) => tree.nodes.length === 0) && this.round > 0) {
      this.#trees.length = this.round * outputs;
      return 'settled';
    }
    this.round++;
    if (this.#validation) {
      for (const [output, tree] of grown.entries()) this.#validation.apply(tree, values[output]!, output);
      this.#judge(this.#validation.loss());
    }
    return 'added';
  }

  #pack(output: number, goss: BoostingSettings | undefined): PackedGradients {
    try {
      return this.#gradients.pack(output, mix(this.#seed, 0x1000_0000 + this.round * this.#train.outputs + output), goss);
    } catch (error) {
      if (!(error instanceof ModelkeepError) || error.code !== 'MK_TREES_GRADIENTS_NOT_FINITE') throw error;
      const { objective } = this.#input;
      throw new ModelkeepError(error.code, {
        round: this.round + 1,
        objective: objective.kind === 'custom' ? objective.name : objective.kind,
      });
    }
  }

  #judge(loss: number): void {
    const best = this.#bestRound > 0 ? this.#curve[this.#bestRound - 1]! : Infinity;
    this.#curve.push(loss);
    if (loss < best) this.#bestRound = this.#curve.length;
  }

  /** Sets the values of the leaves and adds them to the scores of the rows of training. */
  #score(tree: GrownTree, output: number, rows: number): Float32Array {
    const { learningRate } = this.settings;
    const { kernel, weights, target } = this.#train;
    const { order } = this.#grower;
    const scores = this.#train.scoresAt(output);
    const { words, floats } = this.#pool;
    const table = this.#leafTable >> 2;
    for (const [at, leaf] of tree.leaves.entries()) {
      words[table + 3 * at] = leaf.from;
      words[table + 3 * at + 1] = leaf.to;
      floats[table + 3 * at + 2] = leaf.output * learningRate;
    }
    if (kernel?.renewal !== undefined) {
      const values = [this.#leafTable, scores, target, weights, order, kernel.renewal, learningRate];
      this.#pool.run(task.quantiles, tree.leaves.length, values, rows < 4096);
    }
    const size = chunkRows(rows);
    this.#pool.run(task.leaves, Math.ceil(rows / size), [this.#leafTable, tree.leaves.length, scores, order, rows, size]);
    const values = Float32Array.from(tree.leaves, (_, at) => floats[table + 3 * at + 2]!);
    this.#train.apply(tree, values, output, { order, from: rows, to: this.#train.rows });
    return values;
  }

  #allRows(): number {
    const { rows } = this.#train;
    const size = chunkRows(rows);
    this.#pool.run(task.identity, Math.ceil(rows / size), [this.#grower.order, rows, size]);
    return rows;
  }

  /** Puts the rows of the bag first in the order; returns how many. */
  #sampleRows(): number {
    const { baggingFraction, baggingFreq } = this.settings;
    const { rows } = this.#train;
    const size = chunkRows(rows);
    const seed = mix(this.#seed, 0x2000_0000 + Math.floor(this.round / baggingFreq));
    const share = Math.min(2 ** 32 - 1, Math.round(baggingFraction * 2 ** 32));
    const { left, right } = this.#grower;
    this.#pool.run(task.sample, Math.ceil(rows / size), [rows, size, share, seed, left, right]);
    return Math.max(1, this.#grower.merge(0, rows, size));
  }

  #pickRows(packed: number): number {
    const { rows } = this.#train;
    const size = chunkRows(rows);
    const { left, right } = this.#grower;
    this.#pool.run(task.pick, Math.ceil(rows / size), [rows, size, packed, left, right]);
    return Math.max(1, this.#grower.merge(0, rows, size));
  }

  /** Scores are sums in the order of the trees, so adding them again gives the same bits. */
  #replay({ ensemble, curve, bestRound }: BoostingState): void {
    const { outputs } = this.#train;
    for (const [at, tree] of ensemble.trees.entries()) {
      const { grown, values } = toGrown(tree, ensemble.categorySets, this.#binned.layout);
      this.#train.apply(grown, values, at % outputs);
      this.#validation?.apply(grown, values, at % outputs);
    }
    this.#trees.push(...ensemble.trees);
    this.#categorySets.push(...ensemble.categorySets);
    this.#curve.push(...curve);
    this.#bestRound = bestRound;
    this.round = ensemble.trees.length / outputs;
  }

  #ensemble(rounds: number): TreeEnsemble {
    const { outputs } = this.#train;
    const trees = this.#trees.slice(0, rounds * outputs);
    const sets = trees.reduce((most, tree) => tree.categories.reduce((last, set) => Math.max(last, set + 1), most), 0);
    return {
      featureCount: this.#binned.width,
      outputCount: outputCount(this.#input.objective),
      valueWidth: 1,
      baseScores: this.#base.slice(),
      trees,
      categorySets: this.#categorySets.slice(0, sets),
      categorical: this.#binned.categorical.slice(),
      aggregate: 'sum',
    };
  }
}
