import { resolve } from 'node:path';
import { isModelkeepError, ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { writeFileDurable } from './files.ts';

/** Writes a file that a person asked for, outside the workspace, whole or not at all; returns its full path.
 *  Errors: MK_FILE_UNWRITABLE (no such folder, no right, a folder stands there), MK_DISK_FULL. */
export async function exportFile(file: string, content: Uint8Array | string): Promise<string> {
  const path = resolve(file);
  try {
    await writeFileDurable(path, content);
    return path;
  } catch (error) {
    if (isModelkeepError(error) && error.code !== 'MK_WORKSPACE_UNWRITABLE') throw error;
    const reason = isModelkeepError(error) ? String(error.params.reason) : (error as NodeJS.ErrnoException).code;
    if (!reason) throw error;
    throw new ModelkeepError('MK_FILE_UNWRITABLE', { file: path, reason }, { cause: error });
  }
}
