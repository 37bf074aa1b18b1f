import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uploadPath } from './uploadName.ts';

test.each([
  ['churn.csv', ['churn.csv']],
  ['客户 流失.csv', ['客户 流失.csv']],
  ['cats/1.png', ['cats', '1.png']],
  ['..\\..\\windows\\system32\\x.dll', ['_', '_', 'windows', 'system32', 'x.dll']],
  ['/etc/passwd', ['etc', 'passwd']],
  ['a/../b', ['a', '_', 'b']],
  ['.htaccess', ['_htaccess']],
  ['C:\\data\\x.csv', ['C_', 'data', 'x.csv']],
  ['CON', ['_CON']],
  ['nul.csv', ['_nul.csv']],
  ['a\u0000b\u202egpj.csv', ['a_b_gpj.csv']],
  ['trailing. . ', ['trailing']],
  ['', ['file']],
  ['///', ['file']],
  ['a/b/c/d/e/f/g.png', ['c', 'd', 'e', 'f', 'g.png']],
])('%j → %j', (name, path) => {
  expect(uploadPath(name)).toEqual(path);
});

test('long names keep their ending and whole characters', () => {
  const [name] = uploadPath(`${'数据'.repeat(100)}.parquet`);
  expect(Buffer.byteLength(name!)).toBeLessThanOrEqual(120);
  expect(name).toMatch(/^[数据]+\.parquet$/);
});

test('whatever is sent, every segment is a plain name', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.array(fc.constantFrom('../', './', '\\', '/', '\0', '..', ' ', '.')),
      (text, hostile) => {
        for (const segment of uploadPath(hostile.join('') + text + hostile.reverse().join(''))) {
          expect(segment).not.toMatch(/[/\\\0]/);
          expect(['', '.', '..']).not.toContain(segment);
          expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(124);
        }
      },
    ),
    { seed: 5, numRuns: 2000 },
  );
});
