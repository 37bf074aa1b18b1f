import type { IncomingMessage } from 'node:http';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

/** The whole body. A body in a million tiny chunks costs no more than one in few: they are joined in a buffer that doubles.
 *  Errors: MK_SERVE_BODY_TOO_LARGE as soon as it is known; null when the caller went away. */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  done: (error: ModelkeepError | null, body: Buffer | null) => void,
): void {
  const tooLarge = (): ModelkeepError =>
    new ModelkeepError('MK_SERVE_BODY_TOO_LARGE', { limit: `${Math.round(limitBytes / 1024 / 1024)} MiB`, field: 'Content-Length' });
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > limitBytes) return done(tooLarge(), null);
  let joined: Buffer | null = null;
  let bytes = 0;
  let settled = false;
  const settle = (error: ModelkeepError | null, body: Buffer | null): void => {
    if (settled) return;
    settled = true;
    done(error, body);
  };
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    if (bytes + chunk.length > limitBytes) return settle(tooLarge(), null);
    if (joined === null) {
      joined = chunk;
      bytes = chunk.length;
      return;
    }
    if (joined.length - bytes < chunk.length) {
      const larger: Buffer = Buffer.allocUnsafe(Math.max(64 * 1024, 2 * (bytes + chunk.length)));
      joined.copy(larger, 0, 0, bytes);
      joined = larger;
    }
    chunk.copy(joined, bytes);
    bytes += chunk.length;
  });
  request.on('end', () => settle(null, joined === null ? Buffer.alloc(0) : joined.subarray(0, bytes)));
  request.on('error', () => settle(null, null));
  request.on('close', () => settle(null, null));
}
