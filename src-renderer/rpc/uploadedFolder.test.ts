import { expect, test } from 'vitest';
import { onlyFolderOf, storedFolder } from './uploadedFolder.ts';

test('files of one folder are that folder; anything else is files', () => {
  expect(onlyFolderOf(['pets/cats/1.jpg', 'pets/dogs/2.jpg'])).toBe('pets');
  expect(onlyFolderOf(['pets/1.jpg', 'other/2.jpg'])).toBeNull();
  expect(onlyFolderOf(['pets/1.jpg', 'petsit/2.jpg'])).toBeNull();
  expect(onlyFolderOf(['a.csv'])).toBeNull();
  expect(onlyFolderOf([])).toBeNull();
});

test('the stored folder is read from where the core put the files, not from what they were called', () => {
  expect(storedFolder('/w/up/1', ['/w/up/1/_pets/cats/1.jpg', '/w/up/1/_pets/2.jpg'])).toBe('/w/up/1/_pets');
  expect(storedFolder('C:\\w\\1', ['C:\\w\\1\\pets\\1.jpg'])).toBe('C:\\w\\1\\pets');
  expect(storedFolder('/w/up/1', ['/w/up/1/a/1.jpg', '/w/up/1/b/2.jpg'])).toBe('/w/up/1');
  expect(storedFolder('/w/up/1', ['/w/up/1/1.jpg'])).toBe('/w/up/1');
});
