// How the answer of a row stands in a table, and what a target becomes when another form is chosen.
import type { Column } from '../../src-shared/domain/table.ts';
import { targetColumns } from '../../src-shared/domain/target.ts';
import type { Target } from './targetKey.ts';

/** One value; several labels, a column each; several labels in a cell; an order within groups. */
export const answerForms = ['one', 'flags', 'delimited', 'ranking'] as const;
export type AnswerForm = (typeof answerForms)[number];

type Named = Pick<Column, 'name' | 'type'>;

const usualSeparator = ';';

export function formOf(target: Target | null): AnswerForm {
  return !target || target.kind === 'column' || target.kind === 'labels' ? 'one' : target.kind;
}

/** Columns that can say of each row whether it has a label. */
export function labelColumns(columns: readonly Named[]): string[] {
  return columns.filter(({ type }) => type === 'boolean' || type === 'integer').map(({ name }) => name);
}

/** The same answer in another form, as near as the columns allow; null where they do not. */
export function asForm(form: AnswerForm, target: Target | null, columns: readonly Named[]): Target | null {
  const own = target ? targetColumns(target)[0] : undefined;
  switch (form) {
    case 'one':
      return own === undefined ? null : { kind: 'column', column: own };
    case 'flags': {
      const found = alike(own, labelColumns(columns));
      return found.length < 2 ? null : { kind: 'flags', columns: found };
    }
    case 'delimited': {
      const texts = columns.filter(({ type }) => type === 'category' || type === 'text' || type === 'identifier').map(({ name }) => name);
      const column = own !== undefined && texts.includes(own) ? own : texts[0];
      return column === undefined ? null : { kind: 'delimited', column, separator: usualSeparator };
    }
    case 'ranking': {
      const numbers = columns.filter(({ type }) => type === 'integer' || type === 'number').map(({ name }) => name);
      const column = own !== undefined && numbers.includes(own) ? own : numbers[0];
      const keys = columns.filter(({ name, type }) => name !== column && type !== 'image' && type !== 'text').map(({ name }) => name);
      const group = keys.find((name) => /(^|[_\s.-])(qid|query|search|session|group)/i.test(name)) ?? keys[0];
      return column === undefined || group === undefined ? null : { kind: 'ranking', column, group };
    }
  }
}

/** Those that begin as `own` does (`tag_news`, `tag_sport`), else it and the next. */
function alike(own: string | undefined, candidates: readonly string[]): string[] {
  const first = own !== undefined && candidates.includes(own) ? own : candidates[0];
  if (first === undefined) return [];
  const prefix = /^(.{2,}?[_\s.-])[^_\s.-]+$/.exec(first)?.[1];
  const kin = prefix === undefined ? [] : candidates.filter((name) => name.startsWith(prefix));
  return kin.length >= 2 ? kin : [first, ...candidates.filter((name) => name !== first)].slice(0, 2);
}
