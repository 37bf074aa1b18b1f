// Customer churn of a telecommunications company: wa_churn of the R package modeldata, every row and column.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackPinned } from './pinnedPackages.ts';
import { pins } from './pins.ts';
import { readLazyLoad } from './rData.ts';
import { csv, type SampleContent } from './sampleFolder.ts';

const README = `# Telco customer churn

\`churn.csv\`: 7,043 customers × 20 columns, comma-separated, UTF-8, header row. \`churn\` (Yes 1,869 · No 5,174) says who left
within the last month; 11 customers in their first month have no \`total_charges\` yet and keep the empty cell.
\`female\`, \`senior_citizen\`, \`partner\`, \`dependents\`, \`phone_service\` and \`paperless_billing\` are 1 or 0.

Source: data set \`wa_churn\` of the R package **modeldata** 1.1.0 (Debian package r-cran-modeldata 1.1.0-1), which took it from
IBM Watson Analytics sample data: a fictional company. No value, row or column was changed; it was only written as CSV.
Licence: MIT, © 2019 Max Kuhn, RStudio (LICENSE).

Breaking it: no broken file is bundled. The demo sends real rows and, as \`sample.json\` says under \`breakages\`, drops
\`monthly_charges\` from a part of them or sends it in cents, as a changed billing system would.

Written by \`scripts/samples/make.ts churn\`.
`;

export async function makeChurn(): Promise<SampleContent> {
  const folder = await unpackPinned(pins.modeldata);
  const frame = readLazyLoad(join(folder, 'usr/lib/R/site-library/modeldata/data/Rdata'), 'wa_churn');
  const columns = [...frame.values()];
  const rows = columns[0]!.length;
  const missing = columns.flat().filter((value) => value === null).length;
  if (rows !== 7043 || columns.length !== 20 || missing !== 11)
    throw new Error(`wa_churn is ${rows} × ${columns.length} with ${missing} missing`);
  return {
    about: {
      id: 'churn',
      title: { en: 'Telco customer churn', zh: '电信客户流失' },
      description: {
        en: 'Which customers are about to leave? Contracts, services and bills of 7,043 customers of a fictional telephone company.',
        zh: '哪些客户即将流失？一家虚构电信公司 7,043 位客户的合同、服务与账单。',
      },
      files: ['churn.csv'],
      kind: 'table',
      target: 'churn',
      task: 'binary',
      suggestedSplit: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 },
      breakages: [
        {
          kind: 'missing',
          column: 'monthly_charges',
          fraction: 0.4,
          reason: {
            en: 'The billing system stops sending the monthly charge for four of ten customers.',
            zh: '计费系统对十位客户中的四位不再传送月费。',
          },
        },
        {
          kind: 'scaled',
          column: 'monthly_charges',
          factor: 100,
          fraction: 1,
          reason: { en: 'The billing system starts to send cents instead of dollars.', zh: '计费系统改用美分而非美元。' },
        },
      ],
      rows,
      licence: 'MIT',
      source:
        'wa_churn of R package modeldata 1.1.0 (Debian r-cran-modeldata 1.1.0-1), from IBM Watson Analytics sample data; a fictional company',
    },
    files: new Map([
      [
        'churn.csv',
        csv(
          [...frame.keys()],
          Array.from({ length: rows }, (_, row) => columns.map((column) => column[row]!)),
        ),
      ],
      ['README.md', README],
      ['LICENSE', readFileSync(join(folder, 'usr/share/doc/r-cran-modeldata/copyright'), 'utf8')],
    ]),
  };
}
