// What every sample maker hands back, and how it becomes resources/samples/<id>/.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sample, type Sample } from '../../src-shared/domain/sample.ts';
import { repositoryRoot } from './pinnedPackages.ts';

export interface SampleContent {
  /** Everything of sample.json but the size, which is counted. */
  about: Omit<Sample, 'sizeBytes'>;
  /** Path inside the sample's folder → bytes: the data itself, README.md and LICENSE. */
  files: Map<string, string | Uint8Array>;
}

export const samplesFolder = join(repositoryRoot, 'resources/samples');

/** Bytes of the whole folder, sample.json included, ready to be written or compared. */
export function sampleFiles({ about, files }: SampleContent): Map<string, Buffer> {
  for (const required of ['README.md', 'LICENSE']) if (!files.has(required)) throw new Error(`Sample ${about.id} lacks ${required}`);
  const bytes = new Map([...files].map(([path, content]) => [path, Buffer.from(content as string)]));
  const isData = (path: string): boolean => about.files.some((root) => path === root || path.startsWith(`${root}/`));
  const sizeBytes = [...bytes].reduce((sum, [path, content]) => sum + (isData(path) ? content.length : 0), 0);
  bytes.set('sample.json', Buffer.from(`${JSON.stringify(sample.parse({ ...about, sizeBytes }), null, 2)}\n`));
  return bytes;
}

/** Replaces the sample's folder. */
export async function writeSample(content: SampleContent): Promise<void> {
  const folder = join(samplesFolder, content.about.id);
  const files = sampleFiles(content);
  await rm(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

/** Files under a folder, as sorted paths with `/`. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .toSorted();
}

/** RFC 4180 with the fewest quotes; null is an empty cell. */
export function csv(header: readonly string[], rows: Iterable<readonly (string | number | boolean | null)[]>): string {
  const cell = (value: string | number | boolean | null): string => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [header.map(cell).join(',')];
  for (const row of rows) lines.push(row.map(cell).join(','));
  return `${lines.join('\n')}\n`;
}
