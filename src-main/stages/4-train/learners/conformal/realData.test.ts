// Coverage on a real table, as its rows come: no distribution was chosen here.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { counterRandom } from '../../../../platform/random.ts';
import { linearLearner } from '../linear/linearLearner.ts';
import type { FitData, LabelledMatrix, LearnerTask } from '../learner.ts';
import { testControl } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { fitInterval, intervalsOf } from './intervals.ts';
import { fitSet, setsOf } from './sets.ts';

const churn = join(import.meta.dirname, '../../../../../resources/samples/churn/churn.csv');
const within = 0.02;
const splits = 4;

interface Row {
  cells: number[];
  payment: number;
  total: number;
}

/** Length of the contract, monthly charges and services; rows without a total (new customers) are left out. */
async function rowsOf(): Promise<Row[]> {
  const [head, ...lines] = (await readFile(churn, 'utf8')).trim().split('\n');
  const names = head!.split(',');
  const records = lines.map((line) => Object.fromEntries(line.split(',').map((cell, at) => [names[at]!, cell])));
  const payments = [...new Set(records.map((each) => each['payment_method']!))].sort();
  const flags = ['Month-to-month', 'One year', 'Two year', 'Fiber optic', 'DSL'];
  return records
    .filter((each) => Number(each['total_charges']) > 0)
    .map((each) => ({
      cells: [
        Number(each['tenure']) / 30,
        Number(each['monthly_charges']) / 100,
        Number(each['senior_citizen']),
        ...flags.map((flag) => Number(each['contract'] === flag || each['internet_service'] === flag)),
      ],
      payment: payments.indexOf(each['payment_method']!),
      total: Number(each['total_charges']),
    }));
}

function labelled(rows: readonly Row[], target: LabelledMatrix['target']): LabelledMatrix {
  const width = rows[0]!.cells.length;
  return { features: { rows: rows.length, width, data: Float32Array.from(rows.flatMap(({ cells }) => cells)) }, target };
}

/** Mean over several shuffles of 2,000 rows that train, 2,400 that calibrate, the others judge. */
async function meanCoverage(covered: (train: Row[], calibration: Row[], test: Row[]) => Promise<number>): Promise<number> {
  const rows = await rowsOf();
  let sum = 0;
  for (let split = 0; split < splits; split++) {
    const shuffled = counterRandom(split + 1).shuffle([...rows]);
    sum += await covered(shuffled.slice(0, 2000), shuffled.slice(2000, 4400), shuffled.slice(4400));
  }
  return sum / splits;
}

async function predictions(task: LearnerTask, train: LabelledMatrix, parts: LabelledMatrix[]): Promise<Float32Array[]> {
  const columns: FitData['columns'] = Array.from({ length: train.features.width }, (_, at) => ({ name: `x${at}`, kind: 'number' }));
  const fitted = await linearLearner.fit({ task, columns, train }, { l1Ratio: 0, lambda: 1e-4 }, testControl());
  return Promise.all(parts.map(({ features }) => fitted.predict(features)));
}

describe('customers of a telephone company', () => {
  it.each(['residual', 'quantiles'] as const)('their total charges lie in the intervals: %s', async (kind) => {
    const objective = kind === 'residual' ? ({ kind: 'squared' } as const) : ({ kind: 'quantile', levels: [0.05, 0.95] } as const);
    const coverage = await meanCoverage(async (...parts) => {
      const [train, calibration, test] = parts.map((rows) =>
        labelled(rows, { kind: 'number', values: Float64Array.from(rows, ({ total }) => total) }),
      ) as [LabelledMatrix, LabelledMatrix, LabelledMatrix];
      const [fitting, judged] = await predictions({ kind: 'number', objective }, train, [calibration, test]);
      const truths = ({ target }: LabelledMatrix): Float64Array => (target as { values: Float64Array }).values;
      const ends = intervalsOf(fitInterval(kind, { outputs: fitting! }, truths(calibration), 0.9), { outputs: judged! });
      return truths(test).filter((value, row) => ends[row * 2]! <= value && value <= ends[row * 2 + 1]!).length / test.features.rows;
    });
    expect(Math.abs(coverage - 0.9)).toBeLessThanOrEqual(within);
  });

  it.each(['lac', 'aps'] as const)('their way of paying is in the sets: %s', async (kind) => {
    const coverage = await meanCoverage(async (...parts) => {
      const [train, calibration, test] = parts.map((rows) =>
        labelled(rows, { kind: 'class', codes: Int32Array.from(rows, ({ payment }) => payment), classes: 4 }),
      ) as [LabelledMatrix, LabelledMatrix, LabelledMatrix];
      const [fitting, judged] = (await predictions({ kind: 'class', classes: 4 }, train, [calibration, test])).map((logits) =>
        softmax(logits, 4, 1),
      );
      const codes = ({ target }: LabelledMatrix): Int32Array => (target as { codes: Int32Array }).codes;
      const sets = setsOf(fitSet(kind, fitting!, codes(calibration), 4, 0.8), judged!, 4);
      return codes(test).filter((code, row) => sets[row * 4 + code] === 1).length / test.features.rows;
    });
    expect(Math.abs(coverage - 0.8)).toBeLessThanOrEqual(within);
  });
});
