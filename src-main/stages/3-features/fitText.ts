import type { FeatureRule, ModelInput } from '../../../src-shared/domain/features.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { batches } from './batches.ts';
import { compareText } from './compareText.ts';
import type { FittedText } from './fittedFeatures.ts';
import type { LoadModel, StringColumn } from './rawTable.ts';
import { tokenizerModel } from './textGraph.ts';

type TextRule = Extract<FeatureRule, { kind: 'textNgrams' }>;

/** Enough to find frequent n-grams; the rows are spread evenly over the training rows. */
const documentsForVocabulary = 50_000;
/** Candidates kept in memory; beyond it those met once are forgotten. */
const candidateLimit = 2_000_000;
const documentsPerRun = 256;
/** Spellings of one n-gram (Word, WORD, word) that a model carries. */
const formsPerTerm = 8;

interface Candidate {
  documents: number;
  lastDocument: number;
  forms: Map<string, number>;
}

/** Vocabulary of the training rows, cut by the very tokenizer that runs inside the model. Null where no n-gram repeats. */
export async function fitText(
  rule: TextRule,
  raw: StringColumn,
  rows: Int32Array,
  column: Column,
  loadModel: LoadModel,
): Promise<FittedText | null> {
  const candidates = new Map<string, Candidate>();
  let documents = 0;
  const tokenizer = await loadModel(tokenizerModel(rule.unit));
  try {
    const texts = textsForVocabulary(raw, rows);
    for (const [start, end] of batches(texts.length, documentsPerRun, (at) => texts[at]!.length)) {
      const batch = texts.slice(start, end);
      const { tokens } = await tokenizer.run({ text: { type: 'string', data: batch, dims: [batch.length, 1] } });
      const width = tokens!.dims[1]!;
      for (let at = 0; at < batch.length; at++) {
        const words = (tokens!.data as string[]).slice(at * width, (at + 1) * width);
        countNgrams(words, rule, documents++, candidates);
      }
      if (candidates.size > candidateLimit) forgetRare(candidates);
    }
  } finally {
    await tokenizer.release();
  }
  const terms = chooseTerms(candidates, rule, documents);
  if (terms.length === 0) return null;
  const missing = raw.dictionary.indexOf('');
  const input: ModelInput = {
    name: rule.column,
    type: column.type,
    onnxType: 'string',
    shape: [1],
    required: missing < 0 || !rows.some((row) => raw.codes[row] === missing),
    range: null,
    categories: null,
  };
  const { unit, minN, maxN, weighting } = rule;
  return { kind: 'textNgrams', column: rule.column, input, unit, minN, maxN, weighting, terms };
}

function textsForVocabulary(raw: StringColumn, rows: Int32Array): string[] {
  const step = Math.max(1, rows.length / documentsForVocabulary);
  const texts: string[] = [];
  for (let at = 0; at < rows.length; at += step) {
    const text = raw.dictionary[raw.codes[rows[Math.floor(at)]!]!]!;
    if (text !== '') texts.push(text);
  }
  return texts;
}

/** `words` ends with the padding ''. A candidate is known by its folded spelling: composed (NFC), lower case. */
function countNgrams(words: string[], { minN, maxN }: TextRule, document: number, candidates: Map<string, Candidate>): void {
  const length = words.indexOf('') < 0 ? words.length : words.indexOf('');
  const folded = words.slice(0, length).map((word) => word.normalize('NFC').toLowerCase());
  for (let n = minN; n <= maxN; n++) {
    for (let start = 0; start + n <= length; start++) {
      const key = folded.slice(start, start + n).join(' ');
      let candidate = candidates.get(key);
      if (!candidate) candidates.set(key, (candidate = { documents: 0, lastDocument: -1, forms: new Map() }));
      if (candidate.lastDocument !== document) {
        candidate.lastDocument = document;
        candidate.documents++;
      }
      const form = words.slice(start, start + n).join(' ');
      candidate.forms.set(form, (candidate.forms.get(form) ?? 0) + 1);
    }
  }
}

function forgetRare(candidates: Map<string, Candidate>): void {
  for (const [key, candidate] of candidates) if (candidate.documents === 1) candidates.delete(key);
}

/** The n-grams found in most documents, at least two. idf = ln((1 + n) / (1 + documents)) + 1 (scikit-learn's smoothed form). */
function chooseTerms(candidates: Map<string, Candidate>, rule: TextRule, documents: number): FittedText['terms'] {
  return [...candidates]
    .filter(([, each]) => each.documents >= 2)
    .sort(([a, { documents: inA }], [b, { documents: inB }]) => inB - inA || compareText(a, b))
    .slice(0, rule.maxFeatures)
    .map(([key, each]) => ({
      name: rule.unit === 'character' ? key.replaceAll(' ', '') : key,
      forms: [...each.forms]
        .sort(([a, timesA], [b, timesB]) => timesB - timesA || compareText(a, b))
        .slice(0, formsPerTerm)
        .map(([form]) => form.split(' ')),
      idf: rule.weighting === 'tfidf' ? Math.log((1 + documents) / (1 + each.documents)) + 1 : 1,
    }));
}
