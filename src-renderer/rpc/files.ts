// Files in and out. In the desktop window the system dialog gives paths; in a browser the bytes are uploaded to the core,
// which answers with the path of its copy. Either way the core is handed paths.
import { RpcError } from '../../src-shared/rpc/envelope.ts';
import type { ErrorData } from '../../src-shared/domain/job.ts';
import { onlyFolderOf, storedFolder } from './uploadedFolder.ts';
import { sessionToken } from './token.ts';

export interface PickOptions {
  /** Let people choose several files. */
  multiple: boolean;
  /** Let people choose a folder of files (images, texts) instead. */
  folder: boolean;
  /** Endings without the dot, e.g. `['csv', 'tsv']`; empty: any. */
  extensions: string[];
}

export interface SaveOptions {
  defaultName: string;
  extensions: string[];
}

export interface PickedFile {
  /** Where the core finds it: a file, or a folder. */
  path: string;
  name: string;
  /** Of a chosen folder in the desktop window: 0, for it was not walked. */
  sizeBytes: number;
}

const bridge = typeof window === 'undefined' ? undefined : window.modelkeep;

/** How a chosen file travels: `dialog` hands over paths, `upload` sends the bytes. */
export const fileSource: 'dialog' | 'upload' = bridge?.pickFiles ? 'dialog' : 'upload';

/** Opens the system dialog of the desktop window; empty when the person changed their mind. */
export async function pickWithDialog(options: PickOptions): Promise<PickedFile[]> {
  return (await bridge?.pickFiles?.(options)) ?? [];
}

/** Where to write an export. In the desktop window the system dialog; null when the person changed their mind, and in a
 *  browser, where a page asks for a path on the core's machine instead (`canPickSavePath`). */
export async function pickSavePath(options: SaveOptions): Promise<string | null> {
  return (await bridge?.pickSaveFile?.(options)) ?? null;
}
export const canPickSavePath = bridge?.pickSaveFile !== undefined;

/** Dropped files as paths, without reading them; null in a browser, which does not tell. */
export function droppedPaths(transfer: DataTransfer): PickedFile[] | null {
  const pathOf = bridge?.pathForFile;
  return pathOf ? [...transfer.files].map((file) => ({ path: pathOf(file), name: file.name, sizeBytes: file.size })) : null;
}

export interface UploadOptions {
  /** Told before and while each file is sent. */
  onProgress?: (name: string, sentBytes: number, totalBytes: number) => void;
  /** Stops the upload; what had arrived is left to the core, which clears unused uploads. */
  signal?: AbortSignal;
}

/** Sends files to the core, one after another. Files of one chosen folder come back as that folder.
 *  @throws {RpcError} with the core's own code, or MK_DISCONNECTED */
export async function uploadFiles(files: readonly File[], { onProgress, signal }: UploadOptions = {}): Promise<PickedFile[]> {
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
  const batch = crypto.randomUUID();
  const stored: { path: string; folder: string; name: string; sizeBytes: number }[] = [];
  let sentBytes = 0;
  for (const file of files) {
    onProgress?.(file.name, sentBytes, totalBytes);
    const before = sentBytes;
    const answer = await upload(file, batch, (sent) => onProgress?.(file.name, before + sent, totalBytes), signal);
    stored.push({ ...answer, name: relativeName(file) });
    sentBytes += file.size;
  }
  const folderName = onlyFolderOf(stored.map(({ name }) => name));
  const first = stored[0];
  if (folderName !== null && first) return [{ path: storedFolder(first.folder, stored.map(({ path }) => path)), name: folderName, sizeBytes: totalBytes }]; // prettier-ignore
  return stored.map(({ path, name, sizeBytes }) => ({ path, name, sizeBytes }));
}

type UploadAnswer = { ok: true; path: string; folder: string; sizeBytes: number } | { ok: false; error: ErrorData };

function upload(
  file: File,
  batch: string,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<{ path: string; folder: string; sizeBytes: number }> {
  return new Promise((resolve, reject) => {
    // XMLHttpRequest, because fetch reports no upload progress.
    const request = new XMLHttpRequest();
    request.open('POST', `/upload?${new URLSearchParams({ name: relativeName(file), batch })}`);
    request.setRequestHeader('Authorization', `Bearer ${sessionToken()}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      const answer = request.response as UploadAnswer | null;
      if (answer?.ok) resolve(answer);
      else
        reject(new RpcError(answer?.error ?? { code: 'MK_INTERNAL', params: { operation: 'upload', detail: `HTTP ${request.status}` } }));
    };
    request.onerror = () => reject(new RpcError({ code: 'MK_DISCONNECTED', params: {} }));
    request.onabort = () => reject(new DOMException('The upload was stopped', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

/** The path inside a chosen folder, so that class folders survive; otherwise the name. */
function relativeName(file: File): string {
  return file.webkitRelativePath || file.name;
}
