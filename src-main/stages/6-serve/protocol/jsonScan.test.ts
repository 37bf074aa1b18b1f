import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDuplicateKey, maxDepth, parseJson } from './jsonScan.ts';
import { jsonErrorOffset } from './jsonSyntax.ts';

const codeOf = (body: Buffer | string): unknown => {
  try {
    parseJson(Buffer.from(body));
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseJson', () => {
  test('counts the keys of all objects and leaves colons and brackets in strings alone', () => {
    expect(parseJson(Buffer.from('{"a":"x:{[\\":","b":{"c:":[1,{"d":2}]}}'))).toMatchObject({ keys: 4, value: { a: 'x:{[":' } });
  });

  test('refuses what is nested too deep before it is built', () => {
    expect(codeOf('['.repeat(maxDepth) + ']'.repeat(maxDepth))).toBeNull();
    expect(codeOf('['.repeat(maxDepth + 1) + ']'.repeat(maxDepth + 1))).toBe('MK_SERVE_TOO_DEEP');
    expect(codeOf('{"a":'.repeat(200_000))).toBe('MK_SERVE_TOO_DEEP');
  });

  test.each([
    ['', 'it is empty', 0],
    ['{"a":1', 'it ends too early', 6],
    ['{"客户":NaN}', '"NaN}" is unexpected', 10],
    ['[1,]', '"]" is unexpected', 3],
    ["{'a':1}", '"\'a\':1}" is unexpected', 1],
    ['{"a":01}', '"01}" is unexpected', 5],
    ['\ufeff{}', '"\ufeff{}" is unexpected', 0],
  ])('says where %j stops being JSON', (body, problem, position) => {
    expect(() => parseJson(Buffer.from(body))).toThrow(
      expect.objectContaining({ code: 'MK_SERVE_NOT_JSON', params: { problem, position } }),
    );
  });

  test('refuses bytes that are not UTF-8 instead of replacing them', () => {
    expect(() => parseJson(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xb1, 0xb1]), Buffer.from('"}')]))).toThrow(
      expect.objectContaining({ params: expect.objectContaining({ problem: 'it is not UTF-8', position: 6 }) }),
    );
  });
});

describe('jsonErrorOffset', () => {
  test('finds a fault exactly when JSON.parse does', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      'a',
      '\\',
      '\\n',
      '1',
      '-',
      '.5',
      '1e5',
      'true',
      'null',
      ' ',
      '"k"',
      '"\\u12',
      '\n',
      '张',
    );
    const mutant = fc.oneof(
      fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')),
      fc
        .tuple(fc.json({ maxDepth: 3 }), fc.nat(), piece)
        .map(([text, at, extra]) => text.slice(0, at % (text.length + 1)) + extra + text.slice(at % (text.length + 1))),
    );
    fc.assert(
      fc.property(mutant, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(jsonErrorOffset(text) === null).toBe(valid);
      }),
      { numRuns: 5000, seed: 6 },
    );
  });
});

describe('findDuplicateKey', () => {
  test.each([
    ['{"a":1,"a":2}', 'a', 0],
    ['{"rows":[{"a":1},{"b":"{\\"x\\":1,\\"x\\":2}","b":1}]}', 'b', 1],
    ['{"rows":[{"a":{"k":1}},{"a":{"k":1}},{"\\u0061":1,"a":2}]}', 'a', 2],
  ])('in %s: %s at row %d', (text, key, row) => {
    expect(findDuplicateKey(text)).toEqual({ key, row });
  });

  test('finds none where JSON.parse keeps every key', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // JSON.stringify output has no duplicates, whatever the values hold.
        expect(findDuplicateKey(text)).toBeNull();
      }),
      { seed: 6 },
    );
  });
});
