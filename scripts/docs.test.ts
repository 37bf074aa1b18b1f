import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ErrorDefinition } from '../src-shared/errors/area.ts';
import { catalogue } from '../src-shared/errors/catalogue.ts';
import { errorsMarkdown } from './docs.ts';
import { operatorsMarkdown } from './operatorsDoc.ts';

const entries = Object.entries(catalogue as Record<string, ErrorDefinition>);

test('docs/errors.md is what the catalogue says', () => {
  const written = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');
  expect(written, 'run "npm run docs"').toBe(errorsMarkdown());
});

test('docs/operators.md is what the compiler’s tables say', () => {
  const written = readFileSync(join(import.meta.dirname, '../docs/operators.md'), 'utf8');
  expect(written, 'run "npm run docs"').toBe(operatorsMarkdown());
});

test.each(entries)('%s says the same things in both languages and what to do', (_code, { message, hint }) => {
  const names = (text: string): string[] => [...new Set(Array.from(text.matchAll(/\{(\w+)\}/g), (match) => match[1]!))].toSorted();
  expect(names(message.zh)).toEqual(names(message.en));
  expect(names(hint.zh)).toEqual(names(hint.en));
  expect(hint.en.length).toBeGreaterThan(10);
  expect(message.zh).toMatch(/[\u4e00-\u9fff]/);
  expect(hint.zh).toMatch(/[\u4e00-\u9fff]/);
});
