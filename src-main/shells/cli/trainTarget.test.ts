import { describe, expect, it } from 'vitest';
import type { Options } from './command.ts';
import type { tasks } from './trainOptions.ts';
import { targetOf } from './trainTarget.ts';

function typed(given: Record<string, string>, task?: (typeof tasks)[number]): ReturnType<typeof targetOf> {
  return targetOf({ text: (name: string) => given[name] } as Options, task);
}

describe('the target of train', () => {
  it('is a column, or a label set', () => {
    expect(typed({ target: 'churn, 2024' })).toEqual({ kind: 'column', column: 'churn, 2024' });
    expect(typed({ labels: 'review' })).toBeNull();
  });

  it('is several columns of labels, or the labels in the cells of one', () => {
    expect(typed({ target: 'a, b,c\\,d' }, 'multilabel')).toEqual({ kind: 'flags', columns: ['a', 'b', 'c,d'] });
    expect(typed({ target: 'tags', separator: ';' })).toEqual({ kind: 'delimited', column: 'tags', separator: ';' });
    expect(typed({ target: 'tags', separator: '|' }, 'multilabel')).toEqual({ kind: 'delimited', column: 'tags', separator: '|' });
  });

  it('is a relevance within groups', () => {
    expect(typed({ target: 'grade', group: 'query' })).toEqual({ kind: 'ranking', column: 'grade', group: 'query' });
  });

  it.each([
    [{}, undefined, /One of --target and --labels/],
    [{ target: 'a', labels: 'b' }, undefined, /One of --target and --labels/],
    [{ target: 'a' }, 'multilabel', /several columns/],
    [{ target: 'a' }, 'ranking', /--group/],
    [{ target: 'a', group: 'g' }, 'regression', /--task ranking/],
    [{ target: 'a', separator: ';' }, 'ranking', /--task multilabel/],
    [{ target: 'a', separator: ';', group: 'g' }, undefined, /do not go together/],
    [{ target: 'a', separator: ';;;;' }, undefined, /one to three/],
    [{ labels: 'a' }, 'multilabel', /needs --target/],
    [{ labels: 'a', group: 'g' }, undefined, /needs --target/],
  ] as const)('%o with task %s is refused', (given, task, message) => {
    expect(() => typed(given, task)).toThrow(message);
  });
});
