import { GraphBuilder, ints, strings, type AttributeInput, type Value } from '../../compiler/index.ts';
import { toDouble } from './casts.ts';
import type { FeatureView, FittedText } from './fittedFeatures.ts';

/** RE2 patterns of one token. Letters, digits and combining marks make a word; a character is any that is not white space. */
const tokenPatterns = { word: String.raw`[\p{L}\p{N}\p{M}]+`, character: String.raw`[^\s\p{Z}]` } as const;

/**
 * string [N, 1] → tokens string [N, most tokens of a row], short rows padded with ''. Fitting the vocabulary and the model run
 * these same nodes. Only ASCII is put in lower case here: StringNormalizer takes the rest from a locale that a machine may not
 * have (its default, en_US.UTF-8, fails to load where it is not installed); other scripts' case is folded by the vocabulary's forms.
 */
export function tokenNodes(g: GraphBuilder, text: Value, unit: 'word' | 'character'): Value {
  const flat = g.op('Reshape', [text, g.int64([-1])], { output: { shape: ['N'] } });
  const lower = g.op('StringNormalizer', [flat], { attributes: { case_change_action: 'LOWER', is_case_sensitive: 1, locale: 'C' } });
  return g.op('Tokenizer', [lower], {
    domain: 'com.microsoft',
    attributes: { mark: 0, mincharnum: 1, pad_value: '', tokenexp: tokenPatterns[unit] },
    output: { shape: ['N', 'tokens'] },
  });
}

/** The tokenizer as a model of its own: `text` → `tokens`. */
export function tokenizerModel(unit: 'word' | 'character'): Uint8Array {
  const g = new GraphBuilder('tokenizer');
  g.output(tokenNodes(g, g.input('text', 'string', ['N', 1]), unit), 'tokens');
  return g.toModelBytes({ producer: 'modelkeep' });
}

/** One text column → float32 [N, terms]; in the view of codes [N, components] where there is a projection. */
export function textFeatures(g: GraphBuilder, column: FittedText, input: Value, view: FeatureView): Value {
  return countFeatures(g, column, countedTerms(g, column, input), view);
}

/** The same from counts of the terms, float32 [N, terms]. */
export function countFeatures(g: GraphBuilder, column: FittedText, counts: Value, view: FeatureView): Value {
  const weighted = weightedTerms(g, column, counts);
  if (!column.projection || view === 'scaled') return weighted;
  const { components, matrix } = column.projection;
  // In float64: the order of a sum depends on how many rows there are, but then hardly ever reaches the float32.
  const double = toDouble(g, weighted);
  const product = g.op('MatMul', [double, g.float64(matrix, [column.terms.length, components])]);
  return g.op('Cast', [product], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', components] } });
}

function countedTerms(g: GraphBuilder, column: FittedText, input: Value): Value {
  return g.op('TfIdfVectorizer', [tokenNodes(g, input, column.unit)], {
    attributes: { mode: 'TF', max_skip_count: 0, ...pool(column) },
    output: { dtype: 'float32', shape: ['N', column.terms.length] },
  });
}

/** Rows of tf-idf have length one. */
export function weightedTerms(g: GraphBuilder, column: FittedText, counts: Value): Value {
  const width = column.terms.length;
  const output = { dtype: 'float32', shape: ['N', width] } as const;
  if (column.weighting === 'binary') return g.op('Min', [counts, g.scalar(1)], { output });
  // 1 + ln(count), and 0 stays 0: the logarithm of at least one, and one more where there is a count.
  const tamed = column.sublinear
    ? g.op(
        'Add',
        [g.op('Log', [g.op('Max', [counts, g.scalar(1)], { output })], { output }), g.op('Min', [counts, g.scalar(1)], { output })],
        { output },
      )
    : counts;
  if (column.weighting === 'count') return tamed;
  const idf = g.float32(
    column.terms.map((term) => term.idf),
    [1, width],
  );
  const weighted = g.op('Mul', [tamed, idf], { output });
  const length = g.op('ReduceL2', [weighted, g.int64([1])], { attributes: { keepdims: 1 }, output: { shape: ['N', 1] } });
  // A row without any known n-gram stays zero.
  return g.op('Div', [weighted, g.op('Max', [length, g.scalar(1e-12)])], { output });
}

/** n-grams as TfIdfVectorizer wants them: all of length 1, then all of length 2 …; forms of one term share an output column. */
function pool(column: FittedText): Record<string, AttributeInput> {
  const entries = column.terms
    .flatMap((term, feature) => term.forms.map((tokens) => ({ tokens, feature })))
    .sort((a, b) => a.tokens.length - b.tokens.length || a.feature - b.feature);
  const lengths = entries.map((each) => each.tokens.length);
  const longest = lengths.at(-1)!;
  const startOf = (n: number): number =>
    entries
      .slice(
        0,
        lengths.findIndex((length) => length >= n),
      )
      .reduce((sum, each) => sum + each.tokens.length, 0);
  return {
    min_gram_length: lengths[0]!,
    max_gram_length: longest,
    ngram_counts: ints(Array.from({ length: longest }, (_, at) => startOf(at + 1))),
    ngram_indexes: ints(entries.map((each) => each.feature)),
    pool_strings: strings(entries.flatMap((each) => each.tokens)),
  };
}
