// What is predicted, as a request or a feature spec names it.
import type { FeatureSpec, Task } from './features.ts';

export type TargetChoice = FeatureSpec['target'];

/** For people: the columns, or the label set. */
export function targetName(target: TargetChoice): string {
  switch (target.kind) {
    case 'column':
    case 'delimited':
    case 'ranking':
      return target.column;
    case 'flags':
      return target.columns.join(', ');
    case 'labels':
      return target.labelSet;
  }
}

/** Columns that hold the answer; none where it comes from labels. */
export function targetColumns(target: TargetChoice): readonly string[] {
  switch (target.kind) {
    case 'column':
    case 'delimited':
    case 'ranking':
      return [target.column];
    case 'flags':
      return target.columns;
    case 'labels':
      return [];
  }
}

/** The task, where the way the target is given decides it; null where its values do. */
export function taskOfTarget({ kind }: Pick<TargetChoice, 'kind'>): Task | null {
  if (kind === 'flags' || kind === 'delimited') return 'multilabel';
  return kind === 'ranking' ? 'ranking' : null;
}

/** The labels of a row as they are told of a served answer, and as models of labels are answered in files: a JSON array of names, or one name. */
export function labelsOfTruth(text: string): string[] {
  if (!text.startsWith('[')) return text === '' ? [] : [text];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : [text];
  } catch {
    return [text];
  }
}
