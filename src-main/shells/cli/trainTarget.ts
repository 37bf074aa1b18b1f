// What `train` predicts, as it is typed: one column, several labels, or a relevance within groups. Errors: UsageError.
import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import { UsageError, type Options } from './command.ts';
import type { tasks } from './trainOptions.ts';

type Task = (typeof tasks)[number];
export type TypedTarget = Exclude<FeatureSpec['target'], { kind: 'labels' }>;

/** Null where the target is a label set. */
export function targetOf(options: Options, task: Task | undefined): TypedTarget | null {
  const [column, labels, separator, group] = [
    options.text('target'),
    options.text('labels'),
    options.text('separator'),
    options.text('group'),
  ];
  if ((column === undefined) === (labels === undefined)) throw new UsageError('One of --target and --labels is needed');
  const only = (option: string, wanted: Task, given: string | undefined): void => {
    if (given === undefined) return;
    if (task !== undefined && task !== wanted) throw new UsageError(`${option} goes with --task ${wanted}, not ${task}`);
    if (column === undefined) throw new UsageError(`${option} needs --target`);
  };
  only('--separator', 'multilabel', separator);
  only('--group', 'ranking', group);
  if (separator !== undefined && group !== undefined) throw new UsageError('--separator and --group do not go together');
  if (column === undefined) {
    if (task === 'multilabel' || task === 'ranking') throw new UsageError(`--task ${task} needs --target, not --labels`);
    return null;
  }
  if (group !== undefined) return { kind: 'ranking', column, group };
  if (task === 'ranking') throw new UsageError('--task ranking needs --group COLUMN: which rows are put in order together');
  if (separator !== undefined) {
    if (separator.length < 1 || separator.length > 3) throw new UsageError(`--separator is one to three characters, not “${separator}”`);
    return { kind: 'delimited', column, separator };
  }
  if (task !== 'multilabel') return { kind: 'column', column };
  const columns = columnsIn(column);
  if (columns.length < 2)
    throw new UsageError('--task multilabel needs several columns, --target a,b,c, or the separator of the labels in one, --separator ";"');
  return { kind: 'flags', columns };
}

/** `a,b,c`; a comma within a name is written `\,`. */
function columnsIn(word: string): string[] {
  const names = word.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return names.map((name) => name.replaceAll(/\\(.)/gs, '$1').trim()).filter((name) => name !== '');
}
