import { open as openZip } from 'yauzl';

/** Names in the archive's directory, at most `limit`; null when it cannot be read. Nothing is inflated. */
export function zipEntryNames(file: string, limit: number): Promise<string[] | null> {
  return new Promise((resolve) => {
    openZip(file, { lazyEntries: true, strictFileNames: false }, (error, zip) => {
      if (error || !zip) return resolve(null);
      const names: string[] = [];
      const finish = (result: string[] | null): void => {
        zip.close();
        resolve(result);
      };
      zip.on('entry', (entry: { fileName: string }) => {
        names.push(entry.fileName);
        if (names.length >= limit) finish(names);
        else zip.readEntry();
      });
      zip.on('end', () => finish(names));
      zip.on('error', () => finish(null));
      zip.readEntry();
    });
  });
}

/** What the directory says each entry inflates to, in bytes. The directory may lie: readers count again while they inflate. */
export function zipDeclaredSizes(file: string): Promise<{ name: string; packedBytes: number; sizeBytes: number }[] | null> {
  return new Promise((resolve) => {
    openZip(file, { lazyEntries: true, strictFileNames: false }, (error, zip) => {
      if (error || !zip) return resolve(null);
      const sizes: { name: string; packedBytes: number; sizeBytes: number }[] = [];
      zip.on('entry', (entry: { fileName: string; compressedSize: number; uncompressedSize: number }) => {
        sizes.push({ name: entry.fileName, packedBytes: entry.compressedSize, sizeBytes: entry.uncompressedSize });
        zip.readEntry();
      });
      zip.on('end', () => {
        zip.close();
        resolve(sizes);
      });
      zip.on('error', () => resolve(null));
      zip.readEntry();
    });
  });
}
