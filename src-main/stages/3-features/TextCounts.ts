import { GraphBuilder } from '../../compiler/index.ts';
import type { FeatureView, FittedText } from './fittedFeatures.ts';
import type { LoadModel, ModelRunner, StringColumn } from './rawTable.ts';
import { TermCounter } from './TermCounter.ts';
import { countFeatures } from './textGraph.ts';

/**
 * A text column whose tokens are cut and counted here and weighted by the graph's own operators: a call of the tokenizer costs ten
 * times as much. Texts with characters that the two might see differently are left to the whole graph.
 */
export class TextCounts {
  readonly #counter: TermCounter;
  readonly #model: ModelRunner;
  readonly #terms: number;
  readonly #width: number;
  readonly #cut: ((text: string) => string) | null;
  #room = new Float32Array(0);

  /** `cut` stands before the tokenizer; null: nothing does. */
  static async open(
    column: FittedText,
    view: FeatureView,
    cut: ((text: string) => string) | null,
    loadModel: LoadModel,
  ): Promise<TextCounts> {
    const g = new GraphBuilder('weights');
    g.output(countFeatures(g, column, g.input('counts', 'float32', ['N', column.terms.length]), view), 'features');
    return new TextCounts(column, view, cut, await loadModel(g.toModelBytes({ producer: 'modelkeep' })));
  }

  private constructor(column: FittedText, view: FeatureView, cut: ((text: string) => string) | null, model: ModelRunner) {
    this.#counter = new TermCounter(column);
    this.#model = model;
    this.#cut = cut;
    this.#terms = column.terms.length;
    this.#width = (view === 'codes' ? column.projection?.components : undefined) ?? column.terms.length;
  }

  async run(raw: StringColumn, rows: Int32Array, byGraph: (rows: Int32Array) => Promise<Float32Array>): Promise<Float32Array> {
    if (this.#room.length < rows.length * this.#terms) this.#room = new Float32Array(rows.length * this.#terms);
    const counts = this.#room.subarray(0, rows.length * this.#terms).fill(0);
    const left: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const text = raw.dictionary[raw.codes[rows[at]!]!]!;
      if (!this.#counter.count(this.#cut ? this.#cut(text) : text, counts, at * this.#terms)) left.push(at);
    }
    const found = await this.#model.run({ counts: { type: 'float32', data: counts, dims: [rows.length, this.#terms] } });
    const data = found['features']!.data as Float32Array;
    if (left.length === 0) return data;
    const others = await byGraph(Int32Array.from(left, (at) => rows[at]!));
    left.forEach((at, place) => data.set(others.subarray(place * this.#width, (place + 1) * this.#width), at * this.#width));
    return data;
  }

  release(): Promise<void> {
    return this.#model.release();
  }
}
