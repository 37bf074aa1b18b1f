// The files of a folder import, in a stable order, with the class that their subfolder names.
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { describeFileError } from '../detect/fileKind.ts';

export interface FolderFile {
  /** Full path. */
  file: string;
  /** Within the folder, with `/`. */
  path: string;
  class: string | null;
}

const imageExtensions = new Set(['.png', '.jpg', '.jpeg', '.jpe', '.webp', '.gif', '.tif', '.tiff', '.avif', '.bmp']);
const textExtensions = new Set(['.txt', '.text', '.md']);
const mostFiles = 1_000_000;

export function isImageName(file: string): boolean {
  return imageExtensions.has(extname(file).toLowerCase());
}

export async function isFolder(file: string): Promise<boolean> {
  const found = await stat(file).catch((error: unknown) => {
    throw describeFileError(error, file);
  });
  return found.isDirectory();
}

/** Images or texts of a folder, whichever there are more of. Links are not followed; hidden files are passed over. Error: MK_DATA_NO_FILES. */
export async function listFolder(folder: string): Promise<{ kind: 'images' | 'texts'; files: FolderFile[] }> {
  const root = resolve(folder);
  const images: FolderFile[] = [];
  const texts: FolderFile[] = [];
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
      throw describeFileError(error, at);
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const file = join(at, entry.name);
      if (entry.isDirectory()) await walk(file);
      else if (entry.isFile()) {
        const list = isImageName(file) ? images : textExtensions.has(extname(file).toLowerCase()) ? texts : null;
        list?.push(located(root, file));
        if (images.length + texts.length > mostFiles) {
          throw new ModelkeepError('MK_DATA_FILE_UNREADABLE', { file: folder, reason: `more than ${mostFiles} files` });
        }
      }
    }
  };
  await walk(root);
  if (images.length + texts.length === 0) throw new ModelkeepError('MK_DATA_NO_FILES', { folder });
  return images.length >= texts.length ? { kind: 'images', files: images } : { kind: 'texts', files: texts };
}

/** A list of files: the folder of each is its class when there is more than one. */
export function listFiles(files: readonly string[]): FolderFile[] {
  const folders = new Set(files.map((file) => dirname(resolve(file))));
  return files.map((file) => ({
    file: resolve(file),
    path: folders.size > 1 ? `${basename(dirname(resolve(file)))}/${basename(file)}` : basename(file),
    class: folders.size > 1 ? basename(dirname(resolve(file))) : null,
  }));
}

function located(root: string, file: string): FolderFile {
  const parts = relative(root, file).split(sep);
  return { file, path: parts.join('/'), class: parts.length > 1 ? parts[0]! : null };
}
