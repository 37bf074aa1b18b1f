// Every bundled sample is what its sample.json says.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import iconv from 'iconv-lite';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sample, type Sample } from '../../src-shared/domain/sample.ts';
import { metricDefinition } from '../../src-shared/rpc/advise.ts';
import { listFiles, samplesFolder } from './sampleFolder.ts';

const ids = readdirSync(samplesFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const about = (id: string): Sample => sample.parse(JSON.parse(readFileSync(join(samplesFolder, id, 'sample.json'), 'utf8')));

it('bundles tables, texts and images, in less than 4 MB', async () => {
  expect(ids.toSorted()).toEqual(['churn', 'fashion', 'orders', 'poems']);
  expect(new Set(ids.map((id) => about(id).kind))).toEqual(new Set(['table', 'texts', 'images']));
  const files = await listFiles(samplesFolder);
  expect(files.reduce((sum, path) => sum + statSync(join(samplesFolder, path)).size, 0)).toBeLessThan(4_000_000);
});

describe.each(ids)('sample %s', (id) => {
  const folder = join(samplesFolder, id);
  const { files, kind, target, rows, sizeBytes, businessMetric, breakages = [], importOptions, suggestedSplit, source } = about(id);

  it('names itself, its licence and its source', () => {
    expect(about(id).id).toBe(id);
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toMatch(/WITHOUT WARRANTY OF ANY KIND/i);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`scripts/samples/make.ts ${id}`);
    expect(source).toMatch(/\d+\.\d+/);
  });

  it('has the rows and bytes that it claims', async () => {
    const paths = (await listFiles(folder)).filter((path) => files.some((root) => path === root || path.startsWith(`${root}/`)));
    expect(paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0)).toBe(sizeBytes);
    expect(kind === 'table' ? readTable(join(folder, files[0]!)).rows.length : paths.length).toBe(rows);
  });

  if (kind !== 'table') {
    it('has equally many files of each class', async () => {
      const counts = new Map<string, number>();
      for (const path of await listFiles(join(folder, files[0]!))) {
        const label = dirname(path);
        expect(label).toBe(basename(label)); // exactly one level of subfolders
        counts.set(label, (counts.get(label) ?? 0) + 1);
      }
      expect(counts.size).toBeGreaterThan(1);
      expect(new Set(counts.values()).size).toBe(1);
    });
    return;
  }

  it('names only columns that it has', () => {
    const { header } = readTable(join(folder, files[0]!));
    const named = [
      target,
      ...breakages.map((breakage) => breakage.column),
      ...Object.keys(importOptions?.types ?? {}),
      ...(suggestedSplit.kind === 'temporal' ? [suggestedSplit.timeColumn] : []),
      ...(businessMetric ? [businessMetric.timeColumn, businessMetric.valueColumn ?? target, ...businessMetric.dimensions] : []),
    ];
    expect(named.filter((column) => !header.includes(column))).toEqual([]);
  });

  if (businessMetric) {
    it('has a business metric that the advise stage takes', () => {
      expect(() => metricDefinition.parse({ ...businessMetric, title: businessMetric.title.zh, dataset: id })).not.toThrow();
    });
  }
});

it('keeps the 11 missing values of churn as empty cells, and its class balance', () => {
  const { header, rows } = readTable(join(samplesFolder, 'churn/churn.csv'));
  expect(header).toHaveLength(20);
  expect(rows.filter((row) => row[header.indexOf('total_charges')] === '')).toHaveLength(11);
  expect(rows.flat().filter((cell) => cell === '')).toHaveLength(11);
  expect(rows.filter((row) => row[header.indexOf('churn')] === 'Yes')).toHaveLength(1869);
});

it('keeps customers, orders and dates of the orders', () => {
  const { header, rows } = readTable(join(samplesFolder, 'orders/orders.csv'));
  const column = (name: string): string[] => rows.map((row) => row[header.indexOf(name)]!);
  expect(new Set(column('Customer ID')).size).toBe(793);
  expect(new Set(column('Order ID')).size).toBe(5009);
  const dates = column('Order Date').toSorted();
  expect([dates[0], dates.at(-1)]).toEqual(['2014-01-03', '2017-12-30']);
});

it('gives poems of both dynasties the same forms and the same set of characters', async () => {
  const forms: Record<string, string[]> = { tang: [], song: [] };
  const root = join(samplesFolder, 'poems/texts');
  for (const path of await listFiles(root)) {
    const [title, ...lines] = readFileSync(join(root, path), 'utf8').trimEnd().split('\n');
    const verses = lines
      .join('')
      .split(/[，。]/)
      .filter((verse) => verse !== '');
    forms[dirname(path)]!.push(`${verses[0]!.length}x${verses.length}`);
    // GB 2312: both bytes above A0.  Glyphs outside it are how one typist differed from the other.
    for (const glyph of title + lines.join(''))
      expect(
        iconv.encode(glyph, 'gbk').every((byte) => byte > 0xa0),
        `${glyph} in ${path}`,
      ).toBe(true);
  }
  expect(forms.tang!.toSorted()).toEqual(forms.song!.toSorted());
  expect(new Set(forms.tang)).toEqual(new Set(['5x4', '5x8', '7x4', '7x8']));
});

it('has clothes that decode to 28 × 28 grey pixels', async () => {
  const root = join(samplesFolder, 'fashion/images');
  for (const path of await listFiles(root)) {
    const { width, height, channels } = await sharp(join(root, path)).metadata();
    expect([width, height, channels]).toEqual([28, 28, 1]);
  }
});

function readTable(file: string): { header: string[]; rows: string[][] } {
  const [header, ...rows] = parse(readFileSync(file, 'utf8')) as [string[], ...string[][]];
  return { header, rows };
}
