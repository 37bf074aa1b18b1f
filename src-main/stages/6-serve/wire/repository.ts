// What the gateway asks the core about deployments, and its answer.
import type { ErrorCode, ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

export interface RepositoryQuestion {
  id: number;
  action: 'index' | 'load' | 'unload';
  /** Endpoint; empty for the index. */
  name: string;
}

export interface IndexEntry {
  name: string;
  version: string;
  state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  reason: string;
}

export interface WireError {
  code: ErrorCode;
  params: ErrorParams;
}

export interface RepositoryAnswer {
  id: number;
  /** Empty unless the index was asked for. */
  entries: IndexEntry[];
  error: WireError | null;
}

export function wireError(error: unknown): WireError {
  if (isModelkeepError(error)) return { code: error.code, params: error.params };
  return { code: 'MK_INTERNAL', params: { operation: 'repository', detail: error instanceof Error ? error.message : String(error) } };
}

export function rebuildError({ code, params }: WireError): ModelkeepError {
  return new ModelkeepError(code, params);
}
