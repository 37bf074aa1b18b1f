import { pinyin } from 'pinyin-pro';
import { expect, test } from 'vitest';
import { rankCommands } from './commandMatch.ts';

const initials = (text: string) => pinyin(text, { pattern: 'first', toneType: 'none', type: 'array', nonZh: 'consecutive' }).join('');
const titles = (list: { title: string }[]) => list.map(({ title }) => title);
const verb = (title: string) => ({ kind: 'verb' as const, title });

test('verbs come before objects, objects before guides', () => {
  const all = [
    { kind: 'guide' as const, title: 'When to roll back' },
    { kind: 'object' as const, title: 'roll-data' },
    verb('Roll back credit-churn-prod to v14'),
  ];
  expect(titles(rankCommands(all, 'roll', initials))).toEqual(['Roll back credit-churn-prod to v14', 'roll-data', 'When to roll back']);
});

test('a start beats a word start beats the inside, and every word must fit', () => {
  expect(titles(rankCommands([verb('rescore'), verb('Open score'), verb('score now')], 'score', initials))).toEqual([
    'score now',
    'Open score',
    'rescore',
  ]);
  expect(rankCommands([verb('Import a file')], 'import row', initials)).toEqual([]);
});

test('Chinese is found by pinyin initials, and by itself', () => {
  const all = [verb('将 credit-churn-prod 回滚到 v14'), verb('导入文件')];
  expect(titles(rankCommands(all, 'drwj', initials))).toEqual(['导入文件']);
  expect(titles(rankCommands([verb('前往 监控')], 'qwjk', initials))).toEqual(['前往 监控']);
  expect(titles(rankCommands(all, '回滚', initials))).toEqual(['将 credit-churn-prod 回滚到 v14']);
  expect(titles(rankCommands(all, 'hg', initials))).toEqual(['将 credit-churn-prod 回滚到 v14']);
});

test('an empty query keeps the order', () => {
  expect(titles(rankCommands([verb('b'), verb('a')], ' ', initials))).toEqual(['b', 'a']);
});
