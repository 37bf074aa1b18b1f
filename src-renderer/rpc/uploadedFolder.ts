/** The folder that holds all of these relative paths, or null when one stands outside of it or there is none.
 *  `['pets/cats/1.jpg', 'pets/dogs/2.jpg']` is `pets`. */
export function onlyFolderOf(paths: readonly string[]): string | null {
  const [first = ''] = paths;
  const slash = first.indexOf('/');
  if (slash <= 0) return null;
  const folder = first.slice(0, slash);
  return paths.every((path) => path.startsWith(`${folder}/`)) ? folder : null;
}

/** Where the core put a chosen folder: below the upload's own folder, under a name that the core may have cleaned. When it
 *  cut deep paths differently, the upload's own folder, which holds them all. Works with both kinds of slashes. */
export function storedFolder(uploadFolder: string, paths: readonly string[]): string {
  const names = paths.map((path) => path.slice(uploadFolder.length + 1).split(/[\\/]/));
  const [first] = names;
  const top = first && first.length > 1 ? first[0] : undefined;
  if (top === undefined || !names.every((segments) => segments.length > 1 && segments[0] === top)) return uploadFolder;
  return `${uploadFolder}${paths[0]?.charAt(uploadFolder.length) ?? '/'}${top}`;
}
