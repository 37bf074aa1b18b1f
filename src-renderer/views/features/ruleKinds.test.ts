import { expect, test } from 'vitest';
import { featureRule } from '../../../src-shared/domain/features.ts';
import { columnTypes } from '../../../src-shared/domain/table.ts';
import { defaultRule, kindsFor } from './ruleKinds.ts';

test.each(columnTypes)('every rule that a column of type %s can get is one the core accepts', (type) => {
  expect(kindsFor(type).at(-1)).toBe('drop');
  for (const kind of kindsFor(type)) {
    const rule = defaultRule('age', kind, undefined, type);
    expect(featureRule.parse(rule)).toEqual(rule);
    expect(rule.kind).toBe(kind);
  }
});

test('going back to the proposed kind brings its settings back', () => {
  const proposed = { column: 'age', kind: 'numeric', impute: 'mean', missingFlag: false, scale: 'none', transform: 'log1p' } as const;
  expect(defaultRule('age', 'numeric', proposed, 'integer')).toBe(proposed);
  expect(defaultRule('age', 'drop', proposed, 'integer')).toEqual({ column: 'age', kind: 'drop', reason: 'user' });
});
