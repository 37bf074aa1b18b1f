// What a job is doing, in English, for standard error. Keys are those of the notes that jobs tell; the interface words them as well.
import type { Job } from '../../../src-shared/domain/job.ts';
import { learnerNames as known } from '../../../src-shared/domain/training.ts';
import { learnerNames } from '../../../src-shared/report/reportWords.ts';

type Note = NonNullable<Job['note']>;

const words: Record<string, (params: Note['params']) => string> = {
  detecting: () => 'looking at the files',
  checking: () => 'checking rows',
  transcoding: () => 'changing the encoding',
  reading: () => 'reading rows',
  writing: () => 'writing the version',
  profiling: () => 'looking at every column',
  typing: () => 'deciding the types',
  'train.reading': () => 'reading the rows',
  'train.fitting': () => 'learning the features from the training rows',
  'train.features': () => 'making the features',
  'train.candidate': ({ candidate, learner }) => `candidate ${candidate}, ${learnerWords(learner)}`,
  'train.evaluating': () => 'judging and saving the best',
  'predict.rows': ({ rows }) => `scored ${rows} rows`,
  findingNewestData: ({ model }) => `finding the newest data of ${model}`,
  comparingOnSameRows: ({ challenger, champion }) => `comparing v${challenger} with v${champion} on the same rows`,
};

/** A key that is not known is spelt out: `predict.rows 300` → "predict rows: 300". */
export function noteWords({ key, params }: Note): string {
  const word = words[key];
  if (word) return word(params);
  const spelt = key
    .replaceAll('.', ' ')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return [spelt, ...Object.values(params)].join(' ');
}

function learnerWords(learner: string | number | undefined): string {
  const found = known.find((each) => each === learner);
  return found ? learnerNames[found].en.toLowerCase() : String(learner);
}
