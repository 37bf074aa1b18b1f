import { describe, expect, it } from 'vitest';
import { asForm, formOf } from './answerForm.ts';

const columns = [
  { name: 'query_id', type: 'identifier' as const },
  { name: 'tag_news', type: 'integer' as const },
  { name: 'price', type: 'number' as const },
  { name: 'tag_sport', type: 'boolean' as const },
  { name: 'clicked', type: 'boolean' as const },
  { name: 'topics', type: 'text' as const },
];

describe('the form of an answer', () => {
  it('takes columns that begin alike for labels, else the next that can be one', () => {
    expect(asForm('flags', { kind: 'column', column: 'tag_sport' }, columns)).toEqual({
      kind: 'flags',
      columns: ['tag_news', 'tag_sport'],
    });
    expect(asForm('flags', { kind: 'column', column: 'clicked' }, columns)).toEqual({ kind: 'flags', columns: ['clicked', 'tag_news'] });
    expect(asForm('flags', null, columns.slice(4))).toBeNull();
  });

  it('finds a column of cells, a relevance and a group', () => {
    expect(asForm('delimited', { kind: 'column', column: 'price' }, columns)).toEqual({
      kind: 'delimited',
      column: 'query_id',
      separator: ';',
    });
    expect(asForm('delimited', { kind: 'column', column: 'topics' }, columns)).toMatchObject({ column: 'topics' });
    expect(asForm('ranking', { kind: 'column', column: 'price' }, columns)).toEqual({
      kind: 'ranking',
      column: 'price',
      group: 'query_id',
    });
    expect(asForm('ranking', null, columns.slice(3))).toBeNull();
  });

  it('goes back to one column', () => {
    expect(formOf({ kind: 'ranking', column: 'price', group: 'query_id' })).toBe('ranking');
    expect(asForm('one', { kind: 'flags', columns: ['clicked', 'tag_news'] }, columns)).toEqual({ kind: 'column', column: 'clicked' });
    expect(formOf(null)).toBe('one');
  });
});
