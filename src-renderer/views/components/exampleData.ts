// Invented figures for the component page only; every panel there is labelled as an example. Deterministic, so that pictures compare.

/** Repeatable noise between −1 and 1. */
export function noise(index: number): number {
  const wave = Math.sin(index * 127.1 + 311.7) * 43758.5453;
  return (wave - Math.floor(wave)) * 2 - 1;
}

const dayMs = 86_400_000;
/** 1 Nov 2026, local midnight. */
export const firstDay = new Date(2026, 10, 1).getTime();
export const day = (number: number): number => firstDay + (number - 1) * dayMs;

export const spark = (count: number, rise = 0): number[] =>
  Array.from({ length: count }, (_, index) => 10 + noise(index + count) * 2 + rise * index);

export const histogramEdges = Array.from({ length: 19 }, (_, index) => 18 + (index * (122 - 18)) / 18);
export const histogramShares = [
  0.012, 0.03, 0.068, 0.058, 0.04, 0.05, 0.07, 0.095, 0.117, 0.106, 0.09, 0.072, 0.055, 0.043, 0.035, 0.028, 0.018, 0.013,
];
export const histogramReference = [
  0.012, 0.031, 0.08, 0.07, 0.042, 0.05, 0.068, 0.1, 0.132, 0.118, 0.09, 0.07, 0.053, 0.042, 0.033, 0.025, 0.016, 0.008,
];

export const lossPoints = Array.from({ length: 36 }, (_, index) => ({
  step: index * 100,
  epoch: index + 1,
  trainLoss: 0.27 + 0.32 * Math.exp(-index / 6) + noise(index) * 0.006,
  validationLoss: 0.325 + 0.26 * Math.exp(-index / 5) + Math.max(0, index - 26) * 0.001 + noise(index + 50) * 0.004,
  elapsedMs: index * 900,
  memoryBytes: 240e6 + index * 1e6,
}));

export const manyPoints = Array.from({ length: 20_000 }, (_, index): [number, number] => [
  index,
  5 + noise(index) + (index > 12_000 && index < 12_040 ? 14 : 0),
]);

export const reliabilityBins = Array.from({ length: 8 }, (_, index) => {
  const predicted = 0.06 + index * 0.12;
  const observed = Math.min(0.98, Math.max(0.02, predicted + noise(index) * 0.03));
  return { predicted, observed, low: Math.max(0, observed - 0.05), high: Math.min(1, observed + 0.05), rows: 1200 - index * 110 };
});

export const candidates = [
  { name: 'Stack of 4, greedy', category: 1, auc: 0.861, low: 0.856, high: 0.866, missing: 0, fit: null, state: 'best' },
  { name: 'GBDT leaf-wise #23', category: 2, auc: 0.858, low: 0.853, high: 0.863, missing: 0.002, fit: 41_000, state: '' },
  { name: 'MLP 256 × 3 #31', category: 3, auc: 0.855, low: 0.85, high: 0.86, missing: 0.046, fit: 128_000, state: 'training' },
  { name: 'Logistic L2 #6', category: 5, auc: 0.846, low: 0.84, high: 0.851, missing: 0.124, fit: 6000, state: '' },
  { name: 'k-nearest #6', category: 6, auc: 0.832, low: 0.826, high: 0.838, missing: 0.734, fit: 4000, state: 'same' },
  { name: 'Champion churn v14', category: 8, auc: 0.849, low: 0.844, high: 0.854, missing: 0, fit: null, state: 'reference' },
] as const;

export interface ExampleRow {
  id: string;
  at: number;
  charges: number | null;
  region: string;
  note: string;
}

const regions = ['Guangdong', 'Zhejiang', 'Sichuan', '北京', 'Hebei'];

/** A million rows that are made when they are asked for. */
export async function exampleRows({
  offset,
  limit,
  sort,
}: {
  offset: number;
  limit: number;
  sort: { descending: boolean } | null;
}): Promise<{ rows: ExampleRow[]; total: number }> {
  const total = 1_000_000;
  const rows = Array.from({ length: Math.min(limit, total - offset) }, (_, index): ExampleRow => {
    const row = sort?.descending ? total - 1 - offset - index : offset + index;
    return {
      id: `C-${String(row).padStart(7, '0')}`,
      at: firstDay + row * 60_000,
      charges: row % 9 === 4 ? null : Math.round((70 + noise(row) * 50) * 100) / 100,
      region: regions[row % regions.length] ?? '',
      note: row % 7 === 3 ? '' : `row ${row}`,
    };
  });
  return { rows, total };
}
