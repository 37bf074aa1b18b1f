import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { batches } from './batches.ts';
import { compareText } from './compareText.ts';
import { fitProjection } from './fitProjection.ts';
import type { FittedText } from './fittedFeatures.ts';
import { NgramCounts } from './ngramCounts.ts';
import type { LoadModel, StringColumn } from './rawTable.ts';
import { settledTokens } from './settledTokens.ts';
import { tokenizerModel } from './textGraph.ts';
import { jiebaWords, Preprocessing } from './words/preprocessing.ts';

type TextRule = Extract<FeatureRule, { kind: 'textNgrams' }>;

/** Enough to find frequent n-grams; the rows are spread evenly over the training rows. */
const documentsForVocabulary = 50_000;
const charactersForVocabulary = 50_000_000;
/** Words of a dictionary are cut at 1.5 million characters a second. */
const charactersToCut = 5_000_000;
const documentsPerRun = 256;
/** Spellings of one n-gram (Word, WORD, word) that a model carries. */
const formsPerTerm = 8;

/** Vocabulary of the training rows, cut as the tokenizer inside the model cuts. Null where no n-gram repeats. */
export async function fitText(
  rule: TextRule,
  raw: StringColumn,
  rows: Int32Array,
  column: Column,
  loadModel: LoadModel,
): Promise<FittedText | null> {
  const { unit, minN, maxN, weighting } = rule;
  const missing = raw.dictionary.indexOf('');
  const input: ModelInput = {
    name: rule.column,
    type: column.type,
    onnxType: 'string',
    shape: [1],
    required: missing < 0 || !rows.some((row) => raw.codes[row] === missing),
    range: null,
    categories: null,
    ...(unit === 'word' && rule.words === 'jieba' ? { preprocessor: jiebaWords } : {}),
  };
  const cut = (await Preprocessing.open([input])).of(input.name);
  const counts = new NgramCounts(minN, maxN);
  const unsettled: string[] = [];
  for (const plain of textsForVocabulary(raw, rows, cut ? charactersToCut : charactersForVocabulary)) {
    const text = cut ? cut(plain) : plain;
    const tokens = settledTokens(text, unit);
    if (tokens) counts.add(tokens, 0, tokens.length);
    else unsettled.push(text);
  }
  if (unsettled.length > 0) await countByGraph(counts, unsettled, unit, loadModel);
  const terms = chooseTerms(counts, rule);
  if (terms.length === 0) return null;
  const sublinear = rule.sublinear ?? false;
  const fitted: FittedText = {
    kind: 'textNgrams',
    column: rule.column,
    input,
    unit,
    minN,
    maxN,
    weighting,
    sublinear,
    projection: null,
    terms,
  };
  return rule.components === undefined ? fitted : fitProjection(fitted, rule.components, raw, rows, loadModel);
}

async function countByGraph(counts: NgramCounts, texts: string[], unit: TextRule['unit'], loadModel: LoadModel): Promise<void> {
  const tokenizer = await loadModel(tokenizerModel(unit));
  try {
    for (const [start, end] of batches(texts.length, documentsPerRun, (at) => texts[at]!.length)) {
      const { tokens } = await tokenizer.run({ text: { type: 'string', data: texts.slice(start, end), dims: [end - start, 1] } });
      const width = tokens!.dims[1]!;
      for (let at = 0; at < end - start; at++) counts.add(tokens!.data as string[], at * width, (at + 1) * width);
    }
  } finally {
    await tokenizer.release();
  }
}

function textsForVocabulary(raw: StringColumn, rows: Int32Array, mostCharacters: number): string[] {
  const characters = rows.reduce((sum, row) => sum + raw.dictionary[raw.codes[row]!]!.length, 0);
  const step = Math.max(1, rows.length / documentsForVocabulary, characters / mostCharacters);
  const texts: string[] = [];
  for (let at = 0; at < rows.length; at += step) {
    const text = raw.dictionary[raw.codes[rows[Math.floor(at)]!]!]!;
    if (text !== '') texts.push(text);
  }
  return texts;
}

/** The n-grams found in most documents, at least two. idf = ln((1 + n) / (1 + documents)) + 1 (scikit-learn's smoothed form). */
function chooseTerms(counts: NgramCounts, rule: TextRule): FittedText['terms'] {
  return counts
    .counted(2)
    .map((each) => ({ ...each, key: each.words.join(' ') }))
    .sort((a, b) => b.documents - a.documents || compareText(a.key, b.key))
    .slice(0, rule.maxFeatures)
    .map(({ key, words, variants, documents }) => ({
      name: rule.unit === 'character' ? key.replaceAll(' ', '') : key,
      forms: [words, ...variants.slice(0, formsPerTerm - 1)],
      idf: rule.weighting === 'tfidf' ? Math.log((1 + counts.documents) / (1 + documents)) + 1 : 1,
    }));
}
