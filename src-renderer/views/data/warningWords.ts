// What an import noticed, as a sentence. Files are told by their names; their paths stand in the import log.
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { baseName } from './sourceWords.ts';

export type ImportWarning = Result<'data.preview'>['warnings'][number];

export function warningWords({ code, params }: ImportWarning): string {
  const { file } = params;
  return coreWords('data:warning.', code, typeof file === 'string' ? { ...params, file: baseName(file) } : params);
}

/** Warnings about rows that an import stops at, unless they are set aside. */
export function stopsImport({ code }: ImportWarning): boolean {
  return code === 'brokenRowsSetAside' || code === 'misfitsSetAside';
}
