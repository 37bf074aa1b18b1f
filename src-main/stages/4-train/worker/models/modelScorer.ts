import type { AnswerScale } from '../../../../../src-shared/domain/evaluation.ts';
import { columnFeed, type RawTable, type TensorLike } from '../../../3-features/api.ts';
import type { MixedRows, RowScorer } from '../../explanation/rowScorer.ts';
import type { ModelSession } from './modelSession.ts';
import { missingFeed } from './scoreRows.ts';

/** Keeps the logarithm of a probability of zero finite. */
const smallestProbability = 1e-12;

/** A loaded model as a function of raw cells: of one class or label (`output`), or of the number. */
export class ModelScorer implements RowScorer {
  readonly table: RawTable;
  readonly #model: ModelSession;
  readonly #output: number | null;
  readonly #scale: AnswerScale;

  constructor(model: ModelSession, table: RawTable, { output, scale }: { output: number | null; scale: AnswerScale }) {
    this.#model = model;
    this.table = table;
    this.#output = output;
    this.#scale = scale;
  }

  get inputs(): RowScorer['inputs'] {
    return this.#model.signature.inputs;
  }

  async score({ rows, replaced }: MixedRows): Promise<Float64Array> {
    const feeds: Record<string, TensorLike> = {};
    for (const input of this.inputs) {
      const other = replaced.get(input.name);
      const own = this.table.columns.get(input.name);
      feeds[input.name] = other ? columnFeed(other.column, other.cells) : own ? columnFeed(own, rows) : missingFeed(input, rows.length);
    }
    const { prediction, probabilities } = await this.#model.answerAll(feeds, rows.length);
    if (this.#output === null) return Float64Array.from(prediction as Float32Array);
    const { task, classes: names } = this.#model.signature;
    const classes = names.length;
    return Float64Array.from(rows, (_, row) => {
      const own = probabilities![row * classes + this.#output!]!;
      if (this.#scale === 'answer') return own;
      if (task === 'multilabel') return Math.log(Math.max(own, smallestProbability)) - Math.log(Math.max(1 - own, smallestProbability));
      // Of the others by their own figures: 1 − p has few digits left where p is near 1.
      let others = 0;
      for (let each = 0; each < classes; each++) if (each !== this.#output) others += probabilities![row * classes + each]!;
      return Math.log(Math.max(own, smallestProbability)) - Math.log(Math.max(others, smallestProbability));
    });
  }
}
