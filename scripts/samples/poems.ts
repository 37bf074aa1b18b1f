// Chinese poems of two dynasties: 400 Tang and 400 Song from the two collections of the npm package chinese-poetry.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contestedGlyphs, loadHanGlyphs } from './hanGlyphs.ts';
import { unpackPinned } from './pinnedPackages.ts';
import { pins } from './pins.ts';
import { csv, type SampleContent } from './sampleFolder.ts';

const PER_FORM = 100;
const PER_AUTHOR = 3;
const dynasties = ['tang', 'song'] as const;
type Dynasty = (typeof dynasties)[number];

interface Poem {
  id: string;
  author: string;
  title: string;
  /** Characters in a line × lines: `5x4`, `5x8`, `7x4` or `7x8`. */
  form: string;
  body: string;
  text: string;
}

const README = `# Tang or Song?

\`texts/tang/*.txt\` and \`texts/song/*.txt\`: 400 Chinese poems of the Tang dynasty (618–907) and 400 of the Song dynasty (960–1279),
UTF-8, simplified characters, first line the title. \`sources.csv\` names author, original title and identifier of each.

So that a model must learn words and not who typed the text:
- both classes have the same four forms, 100 poems each: 4 or 8 lines of 5 or 7 characters, punctuated with ， and 。 only;
- in the source both collections are in traditional characters, but each typist wrote variants in their own way (黃 in one, 黄 in the
  other, almost without exception). Here every text is simplified (opencc-js 1.4.2) and variants are unified (Unihan 15.0); texts
  with characters outside GB 2312, or with variants that the two collections still choose differently (沈/沉, 淡/澹, 傍/旁 …), are left out;
- titles with numbers in a series (其一, 二首) are left out, because each collection numbers in its own style;
- at most three poems of an author, no author and no poem that stands in both collections.
Within these rules the poems whose identifier hashes lowest were taken, so the choice is fixed and blind. The task is a hard one,
on purpose.

Source: npm package **chinese-poetry** 2.0.1, \`dist/quantangshi\` (57,607 Tang and 254,248 Song poems).
Licence: MIT, © 2016 JackeyGao (LICENSE); the poems themselves are in the public domain.

Written by \`scripts/samples/make.ts poems\`.
`;

export async function makePoems(): Promise<SampleContent> {
  const folder = join(await unpackPinned(pins.chinesePoetry), 'package');
  const source = { tang: readCollection(folder, 'tang'), song: readCollection(folder, 'song') };
  const glyphs = await loadHanGlyphs([...source.tang, ...source.song].map((poem) => poem.body));
  const plain = {
    tang: normalise(source.tang, glyphs.normalise).filter(isPlain),
    song: normalise(source.song, glyphs.normalise).filter(isPlain),
  };
  const contested = await contestedGlyphs(
    plain.tang.map((poem) => poem.body),
    plain.song.map((poem) => poem.body),
  );
  const authors = { tang: new Set(source.tang.map((poem) => poem.author)), song: new Set(source.song.map((poem) => poem.author)) };
  const bodies = { tang: new Set(plain.tang.map((poem) => poem.body)), song: new Set(plain.song.map((poem) => poem.body)) };

  const files: SampleContent['files'] = new Map();
  const sources: string[][] = [];
  for (const dynasty of dynasties) {
    const other = dynasty === 'tang' ? 'song' : 'tang';
    const usable = plain[dynasty].filter(
      (poem) =>
        !authors[other].has(poem.author) && !bodies[other].has(poem.body) && !Array.from(poem.text).some((glyph) => contested.has(glyph)),
    );
    for (const [at, poem] of choose(usable).entries()) {
      const name = `texts/${dynasty}/${dynasty}-${String(at + 1).padStart(3, '0')}.txt`;
      files.set(name, poem.text);
      const original = source[dynasty].find((candidate) => candidate.id === poem.id)!;
      sources.push([name, original.author, original.title, poem.id]);
    }
  }
  files.set('sources.csv', csv(['file', 'author', 'title', 'id'], sources));
  files.set('README.md', README);
  files.set('LICENSE', `${readFileSync(join(folder, 'LICENSE'), 'utf8').trimEnd()}\n`);
  return {
    about: {
      id: 'poems',
      title: { en: 'Tang or Song poems', zh: '唐诗还是宋诗' },
      description: {
        en: 'Which dynasty is a Chinese poem from? 800 poems of equal forms, in simplified characters. A hard one.',
        zh: '一首诗出自唐代还是宋代？800 首体裁相同的诗，简体字。难度较高。',
      },
      files: ['texts'],
      kind: 'texts',
      target: 'class',
      task: 'binary',
      suggestedSplit: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.25 },
      rows: sources.length,
      licence: 'MIT',
      source: 'npm package chinese-poetry 2.0.1, Tang and Song collections; simplified and variants unified',
    },
    files,
  };

  function isPlain(poem: Poem): boolean {
    return glyphs.isPlain(poem.body) && glyphs.isPlain(poem.title);
  }
}

/** Poems of the four forms whose title is a plain one. */
function readCollection(folder: string, dynasty: Dynasty): Poem[] {
  const collection = join(folder, 'dist/quantangshi');
  const poems: Poem[] = [];
  for (const file of readdirSync(collection).filter((name) => name.startsWith(`poet.${dynasty}.`))) {
    for (const { id, author, title, paragraphs } of JSON.parse(readFileSync(join(collection, file), 'utf8')) as Omit<
      Poem & { paragraphs: string[] },
      'form'
    >[]) {
      const form = formOf(paragraphs.join(''));
      if (form !== null && isPlainTitle(title)) poems.push({ id, author, title, form, body: paragraphs.join('\n'), text: '' });
    }
  }
  return poems;
}

function formOf(body: string): string | null {
  if (!/^[\p{Script=Han}，。]+$/u.test(body)) return null;
  const lines = body.split(/[，。]/).filter((line) => line !== '');
  const characters = Array.from(lines[0] ?? '').length;
  const regular = (characters === 5 || characters === 7) && (lines.length === 4 || lines.length === 8);
  return regular && lines.every((line) => Array.from(line).length === characters) ? `${characters}x${lines.length}` : null;
}

function isPlainTitle(title: string): boolean {
  return /^\p{Script=Han}+$/u.test(title) && !/[首其]/.test(title) && !/[一二三四五六七八九十]$/.test(title);
}

function normalise(poems: Poem[], unify: (text: string) => string): Poem[] {
  return poems.map((poem) => {
    const title = unify(poem.title);
    const lines = poem.body.split('\n').map(unify);
    return { ...poem, title, body: lines.join(''), text: `${title}\n${lines.join('\n')}\n` };
  });
}

function choose(poems: Poem[]): Poem[] {
  const hash = (id: string): string => createHash('sha256').update(`poems ${id}`).digest('hex');
  const ranked = poems.map((poem) => ({ poem, rank: hash(poem.id) })).toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
  const chosen: Poem[] = [];
  const seen = new Set<string>();
  for (const { poem } of ranked) {
    const ofForm = chosen.filter((other) => other.form === poem.form).length;
    const ofAuthor = chosen.filter((other) => other.author === poem.author).length;
    if (ofForm >= PER_FORM || ofAuthor >= PER_AUTHOR || seen.has(poem.body)) continue;
    seen.add(poem.body);
    chosen.push(poem);
  }
  if (chosen.length !== 4 * PER_FORM) throw new Error(`Only ${chosen.length} poems of one dynasty fit the rules`);
  return chosen;
}
