// An error as the parts a person needs: what, where, what to do, code.
import { describeError, type ErrorParams } from '../../src-shared/errors/catalogue.ts';
import { kindIn, nounIn } from './errorNouns.ts';
import type { Language } from '../app/storedPreferences.ts';

export interface ErrorParts {
  message: string;
  hint: string;
  /** For support and scripts; empty for faults of the window itself. */
  code: string;
  /** `{ row: 18204, column: 'last_contact_note' }`, in this order. */
  where: [kind: WhereKind, value: string][];
  found: string | null;
  expected: string | null;
}

const whereKinds = ['file', 'sheet', 'line', 'row', 'column', 'field'] as const;
export type WhereKind = (typeof whereKinds)[number];

/** Takes what was thrown (`RpcError`, `ModelkeepError`), an `{ code, params }` from a job or endpoint, or anything else. */
export function errorParts(error: unknown, language: Language): ErrorParts {
  const { code, params } = coded(error);
  if (code === '')
    return { message: error instanceof Error ? error.message : String(error), hint: '', code, where: [], found: null, expected: null };
  const worded = { ...params };
  if (typeof params['what'] === 'string') worded['what'] = nounIn(language, params['what']);
  for (const name of ['expected', 'found']) {
    const value = params[name];
    if (typeof value === 'string') worded[name] = kindIn(language, value);
  }
  const { message, hint } = describeError(code, worded, language);
  return {
    message,
    hint,
    code,
    where: whereKinds.flatMap((kind): [WhereKind, string][] => (kind in params ? [[kind, String(params[kind])]] : [])),
    found: text(worded['found']),
    expected: text(worded['expected']),
  };
}

function coded(error: unknown): { code: string; params: ErrorParams } {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return { code: '', params: {} };
  const params = 'params' in error && typeof error.params === 'object' && error.params !== null ? (error.params as ErrorParams) : {};
  return { code: error.code, params };
}

function text(value: string | number | boolean | undefined): string | null {
  return value === undefined ? null : String(value);
}
