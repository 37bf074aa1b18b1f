// What `train` takes beside data and target, as it is typed. Every refusal names what is allowed. Errors: UsageError.
import {
  metricNames,
  quantileLevels,
  searchLearners,
  type FoldPlan,
  type Holdout,
  type Learner,
  type MetricName,
  type Objective,
  type SearchPlan,
  type TrainRequest,
} from '../../../src-shared/domain/training.ts';
import { mostEntities, mostHorizon, type Forecast } from '../../../src-shared/domain/history.ts';
import { UsageError, type Options } from './command.ts';

export const searchMethods = ['portfolio', 'grid', 'random', 'tpe'] as const;
export const classWeights = ['none', 'balanced'] as const;
export const objectives = ['squared', 'absolute', 'huber:DELTA', 'quantile:LEVEL', 'poisson', 'gamma', 'tweedie:POWER'] as const;
export const tasks = ['binary', 'multiclass', 'regression', 'multilabel', 'ranking'] as const;

const usualPower = 1.5;
const usualFolds = 5;
/** Of the rows that learn, where one part validates. */
const holdoutFraction = 0.2;
const fractions = { validationFraction: 0.15, testFraction: 0.2 };

export interface TrainSettings extends Pick<
  TrainRequest,
  'forecast' | 'objective' | 'classWeights' | 'weightColumn' | 'interval' | 'distill'
> {
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
  const { folds, holdout } = judging(options.text('cv'), options.text('time-column'), options.text('holdout'));
  const objective = objectiveOf(options.text('objective'), options.text('quantile'));
  const weights = options.oneOf('class-weights', classWeights);
  const weightColumn = options.text('weight-column');
  const interval = options.text('interval');
  const forecast = forecastOf(options);
  return {
    ...(forecast === undefined ? {} : { forecast }),
    ...(learners ? { learners: [...new Set(learners)] } : {}),
    ...(folds ? { folds } : {}),
    ...(holdout ? { holdout } : {}),
    ...(metric ? { metric } : {}),
    ...(search ? { search } : {}),
    ...(options.flag('no-ensemble') ? { ensemble: false } : {}),
    ...(options.flag('distill') ? { distill: true } : {}),
    ...(objective ? { objective } : {}),
    ...(weights ? { classWeights: weights } : {}),
    ...(weightColumn === undefined ? {} : { weightColumn }),
    ...(interval === undefined ? {} : { interval: intervalOf(interval) }),
  };
}

/** Undefined: by what the rows show; null: none. */
function forecastOf(options: Options): Forecast | null | undefined {
  const timeColumn = options.text('time');
  const horizon = options.integer('horizon');
  const [entityColumns, knownAhead] = [options.list('entity') ?? [], options.list('known-ahead')];
  if (options.flag('no-forecast')) {
    if (timeColumn !== undefined) throw new UsageError('--time asks for a forecast, --no-forecast for none; one of them is enough');
    return null;
  }
  if (timeColumn === undefined) {
    const named = entityColumns.length > 0 ? '--entity' : horizon !== undefined ? '--horizon' : knownAhead ? '--known-ahead' : null;
    if (named !== null) throw new UsageError(`${named} needs --time COLUMN`);
    return undefined;
  }
  if (horizon !== undefined && (horizon < 1 || horizon > mostHorizon))
    throw new UsageError(`--horizon is from 1 to ${mostHorizon}, not “${horizon}”`);
  if (entityColumns.length > mostEntities) throw new UsageError(`--entity is given at most ${mostEntities} times`);
  return { timeColumn, entityColumns, ...(horizon === undefined ? {} : { horizon }), ...(knownAhead ? { knownAhead } : {}) };
}

/** `poisson`, `huber:10`, `quantile:0.9`; `--quantile 0.9` alone says the last. */
export function objectiveOf(word: string | undefined, quantile: string | undefined): Objective | undefined {
  const [, name, figure] = /^(\w+)(?::(.+))?$/s.exec(word ?? '') ?? [];
  const refused = (): never => {
    throw new UsageError(`--objective is one of ${objectives.join(', ')}, not “${word}”`);
  };
  if (quantile !== undefined && word !== undefined && word !== 'quantile')
    throw new UsageError(`--quantile goes with --objective quantile, not ${word}`);
  if (quantile !== undefined || name === 'quantile') return { kind: 'quantile', level: levelOf(quantile ?? figure) };
  if (word === undefined) return undefined;
  const number = figure === undefined ? NaN : Number(figure);
  switch (name) {
    case 'huber':
      return number > 0 && Number.isFinite(number) ? { kind: name, delta: number } : refused();
    case 'tweedie': {
      const power = figure === undefined ? usualPower : number;
      if (!(power >= 1.05 && power <= 1.95)) throw new UsageError(`The power of tweedie is from 1.05 to 1.95, not “${figure}”`);
      return { kind: name, power };
    }
    case 'squared':
    case 'absolute':
    case 'poisson':
    case 'gamma':
      return figure === undefined ? { kind: name } : refused();
    default:
      return refused();
  }
}

function levelOf(word: string | undefined): (typeof quantileLevels)[number] {
  const level = quantileLevels.find((each) => each === Number(word));
  if (word === undefined || level === undefined)
    throw new UsageError(`A quantile is one of ${quantileLevels.join(', ')}${word === undefined ? '' : `, not “${word}”`}`);
  return level;
}

function intervalOf(word: string): { level: number } | null {
  if (word === 'off') return null;
  const level = Number(word);
  if (word.trim() === '' || !(level >= 0.5 && level <= 0.99)) throw new UsageError(`--interval is off or from 0.5 to 0.99, not “${word}”`);
  return { level };
}

/** `random`, `time:COLUMN` or `group:COLUMN`. */
function holdoutOf(word: string): Holdout {
  if (word === 'random') return { kind: 'stratified', ...fractions };
  const [, kind, column] = /^(group|time):(.+)$/s.exec(word) ?? [];
  if (kind === 'group' && column !== undefined) return { kind: 'group', groupColumn: column, ...fractions };
  if (kind === 'time' && column !== undefined) return temporal(column);
  throw new UsageError(`--holdout is random, time:COLUMN or group:COLUMN, not “${word}”`);
}

function temporal(timeColumn: string): Holdout {
  return { kind: 'temporal', timeColumn, validationFraction: 0.2, testFraction: 0.2 };
}

/**
 * `none`, `5`, `group:COLUMN` or `time:COLUMN`. Groups and times hold back the test rows in the same way, unless the holdout is
 * named by itself.
 */
export function judging(
  word: string | undefined,
  timeColumn: string | undefined,
  held?: string | undefined,
): Pick<TrainSettings, 'folds' | 'holdout'> {
  if (held !== undefined && timeColumn !== undefined) throw new UsageError('--time-column is --holdout time:COLUMN; one of them is enough');
  const asked = held === undefined ? (timeColumn === undefined ? undefined : temporal(timeColumn)) : holdoutOf(held);
  const holdout = asked ? { holdout: asked } : {};
  if (word === undefined) return holdout;
  if (word === 'none') return { folds: { kind: 'holdout', fraction: holdoutFraction }, ...holdout };
  const [, kind, column] = /^(group|time):(.+)$/s.exec(word) ?? [];
  if (kind === 'group' && column !== undefined)
    return {
      folds: { kind: 'group', folds: usualFolds, groupColumn: column },
      holdout: asked ?? { kind: 'group', groupColumn: column, ...fractions },
    };
  if (kind === 'time' && column !== undefined)
    return { folds: { kind: 'expanding', folds: usualFolds, timeColumn: column }, holdout: asked ?? temporal(column) };
  const folds = /^\d{1,3}$/.test(word) ? Number(word) : NaN;
  if (!(folds >= 2 && folds <= 20))
    throw new UsageError(`--cv is none, a number of folds from 2 to 20, group:COLUMN or time:COLUMN, not “${word}”`);
  // Random folds would look into the future of a run that is judged by time, and see the groups of one that is judged by groups.
  if (asked?.kind === 'temporal') return { folds: { kind: 'expanding', folds, timeColumn: asked.timeColumn }, ...holdout };
  if (asked?.kind === 'group') return { folds: { kind: 'group', folds, groupColumn: asked.groupColumn }, ...holdout };
  return { folds: { kind: 'stratified', folds }, ...holdout };
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
