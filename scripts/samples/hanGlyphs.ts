// One way to write each Chinese character, so that two collections typed by different people can be compared by their words.
//
// Why this exists: in the source both collections are in traditional characters, but their typists chose different glyphs: 黃 in one
// and 黄 in the other (3 exceptions in 14,737), likewise 啓/啟, 强/強, 卧/臥, 恒/恆. A classifier would learn the typist.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import iconv from 'iconv-lite';
import { unpackPinned } from './pinnedPackages.ts';
import { pins } from './pins.ts';

export interface HanGlyphs {
  /** Simplified, and every variant of a GB 2312 character written as that character. */
  normalise(text: string): string;
  /** True when every character is one of GB 2312's 6,763 or `，` `。`. */
  isPlain(text: string): boolean;
}

/** Variants that Unihan does not list: Japanese forms and misprints that occur in the collections. */
const FURTHER_VARIANTS = '髪发 浄净 鬰郁 嬾懒 巵卮 鶑莺 寛宽 踈疏 鳯凤 邉边 潄漱 寳宝';

/** `frequency` of simplified characters decides between several candidates for one variant. */
export async function loadHanGlyphs(corpus: Iterable<string>): Promise<HanGlyphs> {
  const simplify = await loadSimplify();
  const frequency = new Map<string, number>();
  for (const text of corpus) for (const glyph of simplify(text)) frequency.set(glyph, (frequency.get(glyph) ?? 0) + 1);

  const neighbours = new Map<string, Set<string>>();
  for (const [a, b] of await unihanVariants(['kSemanticVariant', 'kZVariant'])) {
    const [from, to] = [simplify(a), simplify(b)];
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      neighbours.set(one, (neighbours.get(one) ?? new Set()).add(other));
  }
  const standard = new Map<string, string>();
  for (const glyph of frequency.keys()) {
    if (isGb2312(glyph)) continue;
    const candidates = [...(neighbours.get(glyph) ?? [])].filter(isGb2312);
    const best = candidates.toSorted((a, b) => (frequency.get(b) ?? 0) - (frequency.get(a) ?? 0) || (a < b ? -1 : 1))[0];
    if (best !== undefined) standard.set(glyph, best);
  }
  for (const pair of FURTHER_VARIANTS.split(' ')) standard.set([...pair][0]!, [...pair][1]!);
  return {
    normalise: (text) => Array.from(simplify(text), (glyph) => standard.get(glyph) ?? glyph).join(''),
    isPlain: (text) => Array.from(text).every((glyph) => glyph === '，' || glyph === '。' || isGb2312(glyph)),
  };
}

/**
 * Characters that are variants of each other and that two corpora still choose differently: the shares differ by more than
 * 10 points, with z > 4. Texts with any of them are better left out: 沈/沉, 淡/澹, 傍/旁 …
 */
export async function contestedGlyphs(first: Iterable<string>, second: Iterable<string>): Promise<Set<string>> {
  const counts = [countGlyphs(first), countGlyphs(second)] as const;
  const contested = new Set<string>();
  for (const [a, b] of await unihanVariants(['kSemanticVariant', 'kZVariant', 'kSpecializedSemanticVariant'])) {
    const uses = counts.map((count) => [count.get(a) ?? 0, count.get(b) ?? 0] as const);
    const [totalFirst, totalSecond] = uses.map(([ofA, ofB]) => ofA + ofB) as [number, number];
    const share = (uses[0]![0] + uses[1]![0]) / (totalFirst + totalSecond);
    if (Math.min(totalFirst, totalSecond) < 10 || share === 0 || share === 1) continue;
    const difference = Math.abs(uses[0]![0] / totalFirst - uses[1]![0] / totalSecond);
    const z = difference / Math.sqrt(share * (1 - share) * (1 / totalFirst + 1 / totalSecond));
    if (difference > 0.1 && z > 4) contested.add(a).add(b);
  }
  return contested;
}

function countGlyphs(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const glyph of text) counts.set(glyph, (counts.get(glyph) ?? 0) + 1);
  return counts;
}

/** GB 2312 is the corner of GBK with both bytes above A0; its Chinese characters begin at B0. */
function isGb2312(glyph: string): boolean {
  const bytes = iconv.encode(glyph, 'gbk');
  return bytes.length === 2 && bytes[0]! >= 0xb0 && bytes[0]! <= 0xf7 && bytes[1]! >= 0xa1;
}

async function loadSimplify(): Promise<(text: string) => string> {
  const module = join(await unpackPinned(pins.openccJs), 'package/dist/esm/t2cn.js');
  const { Converter } = (await import(pathToFileURL(module).href)) as {
    Converter(options: { from: string; to: string }): (text: string) => string;
  };
  return Converter({ from: 't', to: 'cn' });
}

/** Pairs of Unihan_Variants.txt, whose lines read `U+5F37<tab>kSemanticVariant<tab>U+5F3A<kMatthews …`. */
async function unihanVariants(kinds: readonly string[]): Promise<[string, string][]> {
  const file = join(await unpackPinned(pins.unicodeData), 'usr/share/unicode/Unihan_Variants.txt.bz2');
  const glyph = (code: string): string => String.fromCodePoint(Number.parseInt(code.slice(2), 16));
  const pairs: [string, string][] = [];
  for (const line of execFileSync('bzip2', ['-dc', file], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n')) {
    const [code, kind, variants] = line.split('\t');
    if (variants === undefined || !kinds.includes(kind!)) continue;
    for (const variant of variants.split(' ')) pairs.push([glyph(code!), glyph(variant.split('<')[0]!)]);
  }
  return pairs;
}
