import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

export function tensorError(field: string, expected: string, found: string, row?: number): ModelkeepError {
  return new ModelkeepError('MK_SERVE_TENSOR', { field, expected, found, ...(row === undefined ? {} : { row }) });
}
