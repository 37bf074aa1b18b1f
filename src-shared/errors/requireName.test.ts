import { expect, test } from 'vitest';
import { namePattern } from '../domain/names.ts';
import { requireName, suggestName } from './requireName.ts';

test.each([
  ['prod/churn', 'prod-churn'],
  ['🚀 churn', 'churn'],
  ['churn 🚀', 'churn'],
  ['../../etc/passwd', 'etc-passwd'],
  ['客户 流失', '客户-流失'],
  ['Cafe\u0301', 'Café'],
  ['🚀🚀', 'name-1'],
  ['', 'name-1'],
  ['a'.repeat(100), 'a'.repeat(64)],
])('refuses %j and suggests %j', (name, suggestion) => {
  expect(() => requireName(name)).toThrow(
    expect.objectContaining({ code: 'MK_NAME_INVALID', params: { name: name.slice(0, 80), suggestion } }),
  );
  expect(suggestName(name)).toMatch(namePattern);
});

test.each(['churn', 'credit-churn_2.1', '客户流失', '4711', 'Zürich'])('accepts %j', (name) => {
  expect(() => requireName(name)).not.toThrow();
});
