import { expect, test } from 'vitest';
import { detailsLine } from './detailsLine.ts';

test('details are one line: hashes shortened, missing left out', () => {
  expect(detailsLine({ version: 2, from: null, sha256: 'ab'.repeat(32), classes: ['tang', 'song'] })).toBe(
    'version 2 · sha256 abababab… · classes ["tang","song"]',
  );
});
