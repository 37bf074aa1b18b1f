import { expect, test } from 'vitest';
import { canonicalJson } from './canonicalJson.ts';

test.each([
  [{ b: 1, a: { d: [1, undefined, null], c: 'ü"\n' } }, '{"a":{"c":"ü\\"\\n","d":[1,null,null]},"b":1}'],
  [{ a: undefined, b: true }, '{"b":true}'],
  [[1e21, 0.1, -0, 1e-7], '[1e+21,0.1,0,1e-7]'],
  // RFC 8785 sorts by UTF-16 units: 😀 (D83D) before ﬀ (FB00).
  [{ ﬀ: 1, '😀': 2 }, '{"😀":2,"ﬀ":1}'],
])('%j', (value, text) => {
  expect(canonicalJson(value)).toBe(text);
});

test.each([Number.NaN, Infinity, () => 1, Symbol('x'), 1n])('refuses %s', (value) => {
  expect(() => canonicalJson({ value })).toThrow(TypeError);
});
