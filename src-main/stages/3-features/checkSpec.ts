import type { FeatureSpec } from '../../../src-shared/domain/features.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { targetColumns, taskOfTarget } from '../../../src-shared/domain/target.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { checkHistory, withHistoryColumns } from './history/checkHistory.ts';
import { reservedNames } from './featureGraph.ts';

/** Refuses a spec that cannot be fitted on data with these columns. Errors: MK_FEATURES_SPEC_…, MK_FEATURES_COLUMN_MISSING, MK_FEATURES_HISTORY_…,
 *  MK_FEATURES_NAME_RESERVED, MK_FEATURES_INTERACTION, MK_FEATURES_NONE_USABLE. */
export function checkSpec(spec: FeatureSpec, columns: readonly Column[]): void {
  if (spec.history) checkHistory(spec.history, columns);
  const names = new Set(withHistoryColumns(columns, spec.history).map((each) => each.name));
  const seen = new Set<string>();
  const target = targetColumns(spec.target);
  checkTarget(spec, names);
  for (const { column, kind } of spec.rules) {
    if (seen.has(column)) throw new ModelkeepError('MK_FEATURES_SPEC_COLUMN_TWICE', { column });
    seen.add(column);
    if (kind === 'drop') continue;
    if (target.includes(column)) throw new ModelkeepError('MK_FEATURES_SPEC_TARGET_USED', { column });
    if (!names.has(column)) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column });
    if (reservedNames.includes(column)) throw new ModelkeepError('MK_FEATURES_NAME_RESERVED', { column });
  }
  if (spec.rules.every((rule) => rule.kind === 'drop')) throw new ModelkeepError('MK_FEATURES_NONE_USABLE', { columns: spec.rules.length });
  checkInteractions(spec);
  const found = new Set(spec.classes).size;
  const fits = {
    binary: found === 2,
    multiclass: found >= 2,
    regression: found === 0,
    multilabel: found >= 2 && (spec.target.kind !== 'flags' || spec.classes.every((name) => target.includes(name))),
    ranking: found === 0,
  }[spec.task];
  if (!fits || found !== spec.classes.length)
    throw new ModelkeepError('MK_FEATURES_SPEC_CLASSES', { task: spec.task, found: spec.classes.length });
}

function checkTarget({ target, task }: FeatureSpec, names: ReadonlySet<string>): void {
  const columns = [...targetColumns(target), ...(target.kind === 'ranking' ? [target.group] : [])];
  for (const [at, column] of columns.entries()) {
    if (!names.has(column)) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column });
    if (columns.indexOf(column) !== at) throw new ModelkeepError('MK_FEATURES_SPEC_COLUMN_TWICE', { column });
  }
  const only = taskOfTarget(target);
  if (only ? task !== only : task === 'multilabel' || task === 'ranking')
    throw new ModelkeepError('MK_FEATURES_SPEC_TASK', { task, target: target.kind });
}

/** Where one of the columns is left out there is no interaction either; one with the wrong rule is a mistake. */
function checkInteractions({ rules, interactions = [] }: FeatureSpec): void {
  const kindOf = new Map(rules.map(({ column, kind }) => [column, kind]));
  const require = (each: { kind: string; left: string; right: string }, needed: string): void => {
    const kinds = [each.left, each.right].map((name) => kindOf.get(name) ?? 'drop');
    if (kinds.includes('drop')) return;
    const wrong = kinds.findIndex((kind) => kind !== needed);
    if (wrong < 0) return;
    const column = wrong === 0 ? each.left : each.right;
    throw new ModelkeepError('MK_FEATURES_INTERACTION', { kind: each.kind, left: each.left, right: each.right, column });
  };
  for (const each of interactions) require(each, each.kind === 'cross' ? 'oneHot' : 'numeric');
  for (const rule of rules)
    if (rule.kind === 'datetime') for (const right of rule.since ?? []) require({ kind: 'since', left: rule.column, right }, 'datetime');
}
