import { describeError, type ErrorCode, type ErrorParams } from './catalogue.ts';

/** An operation failed for a reason a person can act on. Branch on `code`, never on the text or `instanceof`. */
export class ModelkeepError extends Error {
  override readonly name = 'ModelkeepError';
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(describeError(code, params).message, options);
    this.code = code;
    this.params = params;
  }
}

/** True for our errors, also those that crossed a process or realm. */
export function isModelkeepError(error: unknown): error is ModelkeepError {
  return error instanceof Error && error.name === 'ModelkeepError' && 'code' in error;
}
