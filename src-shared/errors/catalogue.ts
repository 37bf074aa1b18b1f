// Every error that a person can meet, with what to do. docs/errors.md is generated from this table (npm run docs).
import { adviseErrors } from './advise.ts';
import type { ErrorDefinition } from './area.ts';
import { compilerErrors } from './compiler.ts';
import { coreErrors } from './core.ts';
import { dataErrors } from './data.ts';
import { featuresErrors } from './features.ts';
import { labelErrors } from './label.ts';
import { learnErrors } from './learn.ts';
import { monitorErrors } from './monitor.ts';
import { registryErrors } from './registry.ts';
import { serveErrors } from './serve.ts';
import { trainErrors } from './train.ts';
import { treesErrors } from './trees.ts';

export const catalogue = {
  ...coreErrors,
  ...dataErrors,
  ...labelErrors,
  ...featuresErrors,
  ...trainErrors,
  ...compilerErrors,
  ...treesErrors,
  ...registryErrors,
  ...serveErrors,
  ...monitorErrors,
  ...learnErrors,
  ...adviseErrors,
} satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof catalogue;
export type ErrorParams = Record<string, string | number | boolean>;
export type Language = 'en' | 'zh';

/** Message and hint with the parameters filled in; an unknown code (an older window) shows itself. */
export function describeError(code: string, params: ErrorParams = {}, language: Language = 'en'): { message: string; hint: string } {
  const definition = (catalogue as Record<string, ErrorDefinition>)[code];
  if (!definition) return { message: code, hint: '' };
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
  return { message: fill(definition.message[language]), hint: fill(definition.hint[language]) };
}
