// Files for an import. In the desktop window the system dialog gives paths; in a browser the bytes are uploaded to the
// core, which answers with the path of its copy. Either way an import is handed paths.
import { RpcError } from '../../src-shared/rpc/envelope.ts';
import { sessionToken } from './token.ts';

export interface PickOptions {
  /** Let people choose several files. */
  multiple: boolean;
  /** Let people choose a folder of files (images, texts). */
  folder: boolean;
  /** Endings without the dot, e.g. `['csv', 'tsv']`; empty: any. */
  extensions: string[];
}

export interface PickedFile {
  /** Where the core finds it. */
  path: string;
  name: string;
  sizeBytes: number;
}

/** How a chosen file travels: `dialog` hands over paths, `upload` sends the bytes. */
export const fileSource: 'dialog' | 'upload' = typeof window !== 'undefined' && window.modelkeep?.pickFiles ? 'dialog' : 'upload';

/** Opens the system dialog of the desktop window. */
export async function pickWithDialog(options: PickOptions): Promise<PickedFile[]> {
  return (await window.modelkeep?.pickFiles?.(options)) ?? [];
}

/** Sends one file to the core. `onProgress` gets the bytes sent so far; `signal` stops the upload, and nothing is kept.
 *  The server answers `{ ok: true, path, sizeBytes }` or `{ ok: false, error: { code, params } }`.
 *  @throws {RpcError} with the core's own code, or MK_DISCONNECTED */
export function uploadFile(
  file: File,
  { onProgress, signal }: { onProgress?: (sentBytes: number) => void; signal?: AbortSignal } = {},
): Promise<PickedFile> {
  return new Promise((resolve, reject) => {
    // XMLHttpRequest, because fetch reports no upload progress.
    const request = new XMLHttpRequest();
    request.open('POST', `/upload?name=${encodeURIComponent(relativeName(file))}`);
    request.setRequestHeader('Authorization', `Bearer ${sessionToken()}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    request.onload = () => {
      const answer = request.response as
        { ok: true; path: string; sizeBytes: number } | { ok: false; error: ConstructorParameters<typeof RpcError>[0] } | null;
      if (answer?.ok) resolve({ path: answer.path, name: relativeName(file), sizeBytes: answer.sizeBytes });
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
