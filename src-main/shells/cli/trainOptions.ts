// What `train` takes beside data and target, as it is typed. Every refusal names what is allowed. Errors: UsageError.
import {
  metricNames,
  searchLearners,
  type FoldPlan,
  type Holdout,
  type Learner,
  type MetricName,
  type SearchPlan,
} from '../../../src-shared/domain/training.ts';
import { UsageError, type Options } from './command.ts';

export const searchMethods = ['portfolio', 'grid', 'random', 'tpe'] as const;
export const tasks = ['binary', 'multiclass', 'regression'] as const;

const usualFolds = 5;
/** Of the rows that learn, where one part validates. */
const holdoutFraction = 0.2;
const fractions = { validationFraction: 0.15, testFraction: 0.2 };

export interface TrainSettings {
  learners?: Learner[];
  folds?: FoldPlan;
  holdout?: Holdout;
  metric?: MetricName;
  search?: SearchPlan;
  ensemble?: boolean;
}

export function trainSettings(options: Options): TrainSettings {
  const metric = options.oneOf('metric', metricNames);
  const learners = options.list('learner')?.map((word) => learnerOf(word, '--learner'));
  const search = searchOf(options);
  const { folds, holdout } = judging(options.text('cv'), options.text('time-column'));
  return {
    ...(learners ? { learners: [...new Set(learners)] } : {}),
    ...(folds ? { folds } : {}),
    ...(holdout ? { holdout } : {}),
    ...(metric ? { metric } : {}),
    ...(search ? { search } : {}),
    ...(options.flag('no-ensemble') ? { ensemble: false } : {}),
  };
}

/** `none`, `5`, `group:COLUMN` or `time:COLUMN`. Groups and times hold back the test rows in the same way. */
export function judging(word: string | undefined, timeColumn: string | undefined): Pick<TrainSettings, 'folds' | 'holdout'> {
  const temporal = (column: string): Holdout => ({ kind: 'temporal', timeColumn: column, validationFraction: 0.2, testFraction: 0.2 });
  const holdout = timeColumn === undefined ? {} : { holdout: temporal(timeColumn) };
  if (word === undefined) return holdout;
  if (word === 'none') return { folds: { kind: 'holdout', fraction: holdoutFraction }, ...holdout };
  const [, kind, column] = /^(group|time):(.+)$/s.exec(word) ?? [];
  if (kind === 'group' && column !== undefined)
    return {
      folds: { kind: 'group', folds: usualFolds, groupColumn: column },
      holdout: holdout.holdout ?? { kind: 'group', groupColumn: column, ...fractions },
    };
  if (kind === 'time' && column !== undefined)
    return { folds: { kind: 'expanding', folds: usualFolds, timeColumn: column }, holdout: temporal(timeColumn ?? column) };
  const folds = /^\d{1,3}$/.test(word) ? Number(word) : NaN;
  if (!(folds >= 2 && folds <= 20))
    throw new UsageError(`--cv is none, a number of folds from 2 to 20, group:COLUMN or time:COLUMN, not “${word}”`);
  // Random folds would look into the future of a run that is judged by time.
  return timeColumn === undefined
    ? { folds: { kind: 'stratified', folds } }
    : { folds: { kind: 'expanding', folds, timeColumn }, ...holdout };
}

function searchOf(options: Options): SearchPlan | undefined {
  const grid = gridOf(options.list('grid') ?? []);
  const asked = options.oneOf('search', searchMethods);
  const maxCandidates = options.integer('max-candidates');
  if (maxCandidates !== undefined && (maxCandidates < 1 || maxCandidates > 10_000))
    throw new UsageError(`--max-candidates is from 1 to 10000, not “${maxCandidates}”`);
  if (grid && asked !== undefined && asked !== 'grid') throw new UsageError(`--grid goes with --search grid, not ${asked}`);
  if (asked === 'grid' && !grid) throw new UsageError('--search grid needs values, e.g. --grid boosting.numLeaves=15,31,63');
  const method = asked ?? (grid ? 'grid' : undefined);
  if (method === undefined && maxCandidates === undefined) return undefined;
  return { method: method ?? 'tpe', ...(grid ? { grid } : {}), ...(maxCandidates === undefined ? {} : { maxCandidates }) };
}

/** `boosting.learningRate=0.03,0.1`, once a setting. */
export function gridOf(words: readonly string[]): SearchPlan['grid'] | undefined {
  if (words.length === 0) return undefined;
  const grid: NonNullable<SearchPlan['grid']> = {};
  for (const word of words) {
    const [, name, setting, text] = /^(\w+)\.(\w+)=(.+)$/s.exec(word) ?? [];
    if (name === undefined || setting === undefined || text === undefined)
      throw new UsageError(`--grid is LEARNER.SETTING=VALUE,VALUE…, e.g. boosting.numLeaves=15,31,63, not “${word}”`);
    grid[learnerOf(name, '--grid')] = { ...grid[learnerOf(name, '--grid')], [setting]: text.split(',').map(valueOf) };
  }
  return grid;
}

function learnerOf(word: string, option: string): Learner {
  const found = searchLearners.find((known) => known === word);
  if (!found) throw new UsageError(`${option} is one of ${searchLearners.join(', ')}, not “${word}”`);
  return found;
}

function valueOf(word: string): number | string | boolean {
  const text = word.trim();
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
