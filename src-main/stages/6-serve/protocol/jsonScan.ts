// What JSON.parse does not tell: how deep a body is, and whether a key stands twice in one object.
import { isUtf8 } from 'node:buffer';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { jsonErrorOffset } from './jsonSyntax.ts';

/** A row is at level 3; nested pixels of an image need three more. */
export const maxDepth = 12;

export interface ParsedJson {
  value: unknown;
  /** Keys of all objects together: the colons outside strings. More than the parsed value holds means that one stands twice. */
  keys: number;
  text: string;
}

/** Errors: MK_SERVE_NOT_JSON (also for bytes that are not UTF-8), MK_SERVE_TOO_DEEP. */
export function parseJson(bytes: Buffer): ParsedJson {
  if (bytes.length === 0) throw new ModelkeepError('MK_SERVE_NOT_JSON', { problem: 'it is empty', position: 0 });
  if (!isUtf8(bytes)) throw new ModelkeepError('MK_SERVE_NOT_JSON', { problem: 'it is not UTF-8', position: firstBadByte(bytes) });
  const keys = scan(bytes);
  const text = bytes.toString('utf8');
  try {
    return { value: JSON.parse(text), keys, text };
  } catch (error) {
    throw new ModelkeepError('MK_SERVE_NOT_JSON', describeSyntax(text), { cause: error });
  }
}

/** The first key that stands twice in its object and the innermost array index on the way to it. For valid JSON only. */
export function findDuplicateKey(text: string): { key: string; row: number } | null {
  interface Level {
    keys: Set<string> | null;
    index: number;
    expectsKey: boolean;
  }
  const levels: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1);
    switch (text[at]) {
      case '{':
        levels.push({ keys: new Set(), index: 0, expectsKey: true });
        break;
      case '[':
        levels.push({ keys: null, index: 0, expectsKey: false });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (level?.keys) level.expectsKey = true;
        else if (level) level.index++;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (level?.keys && level.expectsKey) {
          const key = JSON.parse(text.slice(at, end + 1)) as string;
          if (level.keys.has(key)) return { key, row: levels.findLast((each) => each.keys === null)?.index ?? 0 };
          level.keys.add(key);
          level.expectsKey = false;
        }
        at = end;
        break;
      }
    }
  }
  return null;
}

/** One pass over the bytes, about a nanosecond each: depth is checked before JSON.parse builds anything. */
function scan(bytes: Buffer): number {
  const quote = 0x22;
  const backslash = 0x5c;
  let keys = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) {
      at++;
      while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
    } else if (byte === 0x3a) keys++;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) throw new ModelkeepError('MK_SERVE_TOO_DEEP', { limit: maxDepth });
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return keys;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function describeSyntax(text: string): { problem: string; position: number } {
  const offset = jsonErrorOffset(text) ?? text.length;
  const found = text.slice(offset, offset + 12);
  return {
    problem: found === '' ? 'it ends too early' : `${JSON.stringify(found)} is unexpected`,
    position: Buffer.byteLength(text.slice(0, offset)),
  };
}

function firstBadByte(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  // The longest good prefix; a cut inside a character is bad too, so the answer is off by at most three bytes.
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isUtf8(bytes.subarray(low, middle))) low = middle;
    else high = middle;
  }
  return low;
}
