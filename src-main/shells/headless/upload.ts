// POST /upload?name=…[&batch=…]: the bytes of one file, streamed into the workspace. Files of one batch keep their folders beside each other.
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { catalogue } from '../../../src-shared/errors/catalogue.ts';
import { isModelkeepError, ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { describeDiskError, formatBytes, freeSpace, fsyncFile, fsyncFolder } from '../../platform/files.ts';
import { uploadPath } from './uploadName.ts';

export interface UploadOptions {
  /** Where uploads go. */
  folder: string;
  /** One file may be this long. */
  limitBytes: number;
}

/** What is left free on the disk whatever is uploaded. */
const reserveBytes = 128 * 1024 * 1024;

/** Answers `{ ok: true, path, folder, sizeBytes }`, `folder` being that of the batch; or `{ ok: false, error }`. A broken upload leaves nothing. */
export async function receiveUpload(request: IncomingMessage, response: ServerResponse, url: URL, options: UploadOptions): Promise<void> {
  try {
    answer(response, 200, { ok: true, ...(await store(request, url, options)) });
  } catch (thrown) {
    const error = await describeDiskError(thrown, options.folder, Number(request.headers['content-length'] ?? 0));
    if (!isModelkeepError(error)) {
      if (request.destroyed) return; // the browser went away
      throw error;
    }
    // What still arrives is not read, so the connection cannot be used again.
    response.setHeader('Connection', 'close');
    answer(response, catalogue[error.code].http, { ok: false, error: { code: error.code, params: error.params } });
    request.resume();
  }
}

async function store(
  request: IncomingMessage,
  url: URL,
  { folder, limitBytes }: UploadOptions,
): Promise<{ path: string; folder: string; sizeBytes: number }> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes) throw tooLarge(limitBytes);
  const { freeBytes } = await freeSpace(folder);
  if (announced + reserveBytes > freeBytes)
    throw new ModelkeepError('MK_DISK_FULL', { needed: formatBytes(announced), free: formatBytes(freeBytes) });

  const batch = /^[A-Za-z0-9-]{8,64}$/.exec(url.searchParams.get('batch') ?? '')?.[0] ?? randomBytes(12).toString('hex');
  const own = join(folder, batch);
  const target = join(own, ...uploadPath(url.searchParams.get('name') ?? ''));
  const partial = join(folder, `${randomBytes(12).toString('hex')}.part`);
  let sizeBytes = 0;
  try {
    await pipeline(
      request,
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          sizeBytes += piece.length; // counted, not believed
          if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
          yield piece;
        }
      },
      createWriteStream(partial, { flags: 'wx' }),
    );
    await fsyncFile(partial);
    await mkdir(dirname(target), { recursive: true });
    await rename(partial, target);
    await fsyncFolder(dirname(target));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return { path: target, folder: own, sizeBytes };
}

function tooLarge(limitBytes: number): ModelkeepError {
  return new ModelkeepError('MK_UPLOAD_TOO_LARGE', { limit: formatBytes(limitBytes) });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
