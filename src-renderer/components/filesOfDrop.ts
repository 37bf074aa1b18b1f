/** All files of a drop; dropped folders are walked, and each file keeps its path inside the folder. */
export async function filesOfDrop(transfer: DataTransfer): Promise<File[]> {
  // Entries must be taken before the first await: the drop's data is gone afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map((entry) => filesBelow(entry, false)))).flat();
}

async function filesBelow(entry: FileSystemEntry, inFolder: boolean): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    // A dropped file does not know its folder, unlike one chosen with the folder dialog.
    if (inFolder) Object.defineProperty(file, 'webkitRelativePath', { value: entry.fullPath.replace(/^\//, '') });
    return [file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  // A reader gives at most 100 entries a call.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return files;
    for (const child of batch) files.push(...(await filesBelow(child, true)));
  }
}
