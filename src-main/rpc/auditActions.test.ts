import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contract } from '../../src-shared/rpc/contract.ts';
import { auditActions } from './auditActions.ts';

test('every method of the contract says what it leaves in the audit log, and no method that is gone does', () => {
  expect(Object.keys(auditActions).sort()).toEqual(Object.keys(contract).sort());
});

/** Sources of the application, without tests and without the table itself. */
const sources = readdirSync(join(import.meta.dirname, '..'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('fixtures') && !name.endsWith('auditActions.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, '..', name), 'utf8'))
  .join('\n');

const actions = [...new Set(Object.values(auditActions))].filter((action) => action !== 'readOnly');

test.each(actions)('“%s” is written somewhere', (action) => {
  expect([`'${action}'`, `"${action}"`].some((literal) => sources.includes(literal))).toBe(true);
});
