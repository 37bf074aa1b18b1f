// Which encoding a text file has, from its bytes. A mark at the start decides; then validity; then which reading looks like writing.
import { isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import type { encodings } from '../../../../../src-shared/domain/table.ts';

export type Encoding = (typeof encodings)[number];

export interface DetectedEncoding {
  encoding: Encoding;
  /** 0 to 1; 1 for a byte order mark. */
  confidence: number;
  /** Bytes of the byte order mark, 0 without one. */
  bomBytes: number;
  /** Key of the stated reason. */
  reason: 'byteOrderMark' | 'zeroBytes' | 'plainAscii' | 'validUtf8' | 'characterFrequencies' | 'singleBytes';
}

/** `sample` must start at the file's first byte; it may end inside a character. */
export function detectEncoding(sample: Buffer): DetectedEncoding {
  const marked = byteOrderMark(sample);
  if (marked) return { ...marked, confidence: 1, reason: 'byteOrderMark' };
  const wide = utf16WithoutMark(sample);
  if (wide) return { encoding: wide, confidence: 0.95, bomBytes: 0, reason: 'zeroBytes' };
  if (validUtf8(sample)) {
    const ascii = sample.every((byte) => byte < 0x80);
    return { encoding: 'utf-8', confidence: ascii ? 0.9 : 0.99, bomBytes: 0, reason: ascii ? 'plainAscii' : 'validUtf8' };
  }
  return legacyEncoding(sample);
}

export function byteOrderMark(bytes: Uint8Array): { encoding: Encoding; bomBytes: number } | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { encoding: 'utf-8', bomBytes: 3 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le', bomBytes: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be', bomBytes: 2 };
  if (bytes[0] === 0x84 && bytes[1] === 0x31 && bytes[2] === 0x95 && bytes[3] === 0x33) return { encoding: 'gb18030', bomBytes: 4 };
  return null;
}

/** Whether a piece of a file is UTF-8, not counting a character that its end cuts. */
export function validUtf8(sample: Buffer): boolean {
  return isUtf8(sample.subarray(0, completeUtf8Length(sample)));
}

/** Length without the bytes of a last character that is not all there. */
export function completeUtf8Length(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte < 0xc0) continue; // a following byte: look further back
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return needs > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Delimiters, digits and line ends have a zero half in UTF-16, always on the same side. */
function utf16WithoutMark(sample: Buffer): Encoding | null {
  let evenZeros = 0;
  let oddZeros = 0;
  for (let i = 0; i < sample.length; i++) {
    if (sample[i] !== 0) continue;
    if (i % 2 === 0) evenZeros++;
    else oddZeros++;
  }
  if (evenZeros + oddZeros < 4) return null;
  const half = Math.max(1, sample.length / 2);
  // Under 10 % even Chinese tables do not fall: they too have delimiters and digits. One side only, or it is binary.
  if (oddZeros / half > 0.1 && evenZeros / half < 0.01) return 'utf-16le';
  if (evenZeros / half > 0.1 && oddZeros / half < 0.01) return 'utf-16be';
  return null;
}

const candidates = ['gb18030', 'big5', 'shift_jis', 'euc-kr', 'windows-1251'] as const;

const chardetNames: Record<string, Encoding> = {
  GB18030: 'gb18030',
  Big5: 'big5',
  Shift_JIS: 'shift_jis',
  'EUC-KR': 'euc-kr',
  'windows-1251': 'windows-1251',
  'ISO-8859-5': 'windows-1251',
  'KOI8-R': 'windows-1251',
};

/** Own counting of usual characters, with chardet's bigram tables as the second opinion: alone, each errs on short samples. */
function legacyEncoding(sample: Buffer): DetectedEncoding {
  const opinions = new Map<Encoding, number>();
  for (const { name, confidence } of chardet.analyse(sample)) {
    const encoding = chardetNames[name];
    if (encoding && !(name !== 'windows-1251' && encoding === 'windows-1251')) {
      opinions.set(encoding, Math.max(opinions.get(encoding) ?? 0, confidence / 100));
    }
  }
  let best: { encoding: Encoding; score: number } = { encoding: 'windows-1252', score: 0.45 };
  for (const encoding of candidates) {
    const score = 0.75 * usualShare(sample, encoding) + 0.25 * (opinions.get(encoding) ?? 0);
    if (score > best.score + 0.001) best = { encoding, score };
  }
  return best.encoding === 'windows-1252'
    ? { encoding: best.encoding, confidence: westernShare(sample), bomBytes: 0, reason: 'singleBytes' }
    : { encoding: best.encoding, confidence: Math.min(0.98, best.score), bomBytes: 0, reason: 'characterFrequencies' };
}

/** Share of the high bytes that Western text has: accented letters beside Latin letters, and the usual signs. */
function westernShare(sample: Buffer): number {
  const signs = new Set([
    0x80, 0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0xa0, 0xa3, 0xa7, 0xa9, 0xab, 0xae, 0xb0, 0xb1, 0xb2, 0xb3, 0xb5, 0xb7, 0xbb,
    0xbd,
  ]);
  const latin = (byte: number | undefined): boolean => byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 122;
  let usual = 0;
  let total = 0;
  for (let at = 0; at < sample.length; at++) {
    const byte = sample[at]!;
    if (byte < 0x80) continue;
    total++;
    const beside = latin(sample[at - 1]) || latin(sample[at + 1]) || latin(sample[at - 2]) || latin(sample[at + 2]);
    if (signs.has(byte) || (byte >= 0xc0 && beside)) usual++;
  }
  return total === 0 ? 0.9 : (0.7 * usual) / total;
}

/** Share of the non-ASCII characters that are usual ones under this reading, 0 when it is not even valid. Ranges: the first-level
 *  characters of GB 2312 (B0–D7), Big5 (A4–C6), JIS X 0208 (kana and 88–97), the syllables of KS X 1001 (B0–C8), Cyrillic letters. */
function usualShare(sample: Buffer, encoding: (typeof candidates)[number]): number {
  let usual = 0;
  let total = 0;
  let invalid = 0;
  let outsideKorean = 0;
  for (let at = 0; at < sample.length; at++) {
    const lead = sample[at]!;
    if (lead < 0x80) continue;
    if (encoding === 'windows-1251') {
      total++;
      // Words are runs of letters; a lone high byte between Latin letters is an accent, not Cyrillic.
      const letter = lead >= 0xc0 || lead === 0xa8 || lead === 0xb8;
      const neighbour = (sample[at - 1] ?? 0) >= 0xc0 || (sample[at + 1] ?? 0) >= 0xc0;
      if (letter && neighbour && lead >= 0xc0) usual += lead >= 0xe0 ? 1 : 0.6;
      continue;
    }
    if (encoding === 'shift_jis' && lead >= 0xa1 && lead <= 0xdf) {
      total++; // half-width kana: valid, rare today
      usual += 0.2;
      continue;
    }
    const trail = sample[at + 1];
    if (trail === undefined) break;
    if (encoding === 'gb18030' && trail >= 0x30 && trail <= 0x39) {
      total++; // four bytes
      usual += 0.3;
      at += 3;
      continue;
    }
    total++;
    at++;
    if (trail < 0x40 || trail === 0x7f || lead === 0xff || (encoding === 'shift_jis' && lead > 0xfc)) {
      invalid++;
      at--;
      continue;
    }
    const high = trail >= 0xa1;
    if (encoding === 'gb18030') {
      if ((lead >= 0xb0 && lead <= 0xd7 && high) || (lead === 0xa3 && high) || (lead === 0xa1 && high)) usual++;
    } else if (encoding === 'big5') {
      if (lead < 0x81 || lead > 0xfe || (trail > 0x7e && trail < 0xa1)) invalid++;
      else if ((lead >= 0xa4 && lead <= 0xc6) || lead === 0xa1) usual += lead <= 0xb6 || lead === 0xa1 ? 1 : 0.7;
    } else if (encoding === 'shift_jis') {
      if (lead === 0x82 || lead === 0x83 || (lead >= 0x88 && lead <= 0x97) || lead === 0x81) usual++;
    } else if (encoding === 'euc-kr') {
      if (lead >= 0xb0 && lead <= 0xc8 && high) usual++;
      else if (!(lead === 0xa1 && high)) outsideKorean++;
    }
  }
  if (total === 0 || invalid / total > 0.002) return 0;
  if (encoding === 'windows-1251' && total < 4) return 0;
  // Chinese text also falls into the Korean range about every second time, but never always.
  if (encoding === 'euc-kr' && outsideKorean / total > 0.05) return 0;
  if (encoding === 'euc-kr') return total >= 6 && outsideKorean === 0 ? Math.min(1.05, (usual / total) * 1.1) : (usual / total) * 0.95;
  return usual / total;
}
