// A finished model beside rows that it was not trained on: what judging and explaining start from.
import { readFile } from 'node:fs/promises';
import type { Column, ColumnType } from '../../../../../src-shared/domain/table.ts';
import { targetColumns } from '../../../../../src-shared/domain/target.ts';
import { allRows, targetAt, type RawTable, type Target } from '../../../3-features/api.ts';
import { spread } from '../../explanation/rowScorer.ts';
import { splitOf, truthOf, type TrainedOn } from './compareModels.ts';
import { openDuck } from '../table/duck.ts';
import { ModelSession } from './modelSession.ts';
import { historyOfInputs, readWithHistory } from '../table/history.ts';
import { imageInputs, inputColumns } from './scoreRows.ts';

export interface ModelOnRows {
  modelFile: string;
  trainedOn: TrainedOn;
  seed: number;
}

export interface TestRows {
  model: ModelSession;
  /** Columns of the model, and others that were wished for. */
  table: RawTable;
  /** Of each row of the table in the dataset version. */
  rowNumbers: Int32Array;
  /** Truth of each row of the table. */
  target: Target;
  /** Places in the table of the test rows; all but the extra row. */
  rows: Int32Array;
  /** Place in the table of the row that was asked for by number. */
  asked: number | null;
}

export interface TestRowWishes {
  /** Test rows at most, evenly over all. */
  most: number;
  /** Further columns: of these types and not the target. */
  types?: readonly ColumnType[];
  /** One more row, by number in the dataset version; null where there is no such row. */
  row?: number;
}

/** Runs `work` on the model and its test rows. Errors: MK_MODEL_UNREADABLE, MK_PREDICT_COLUMN_MISSING, those of splitting. */
export async function onTestRows<T>(
  { modelFile, trainedOn }: ModelOnRows,
  { most, types = [], row }: TestRowWishes,
  work: (rows: TestRows) => Promise<T>,
): Promise<T> {
  const model = await ModelSession.open(await readFile(modelFile));
  try {
    using duck = await openDuck();
    const { dataset } = trainedOn;
    const whole = await truthOf(duck, trainedOn);
    const wanted = new Uint8Array(dataset.rows);
    for (const each of spread((await splitOf(duck, trainedOn)).test, most)) wanted[each] = 1;
    const isTest = row === undefined || wanted[row] === 1;
    if (row !== undefined && row < dataset.rows) wanted[row] = 1;
    const table = await readWithHistory(
      duck.connection,
      dataset.file,
      {
        columns: [...inputColumns(model.signature.inputs, dataset.columns, 'the dataset'), ...further(model, trainedOn, types)],
        images: imageInputs(model.signature.inputs),
        keep: (each) => wanted[each] === 1,
        capacity: wanted.reduce((sum, each) => sum + each, 0),
      },
      historyOfInputs(model.signature.inputs),
    );
    const place = row === undefined ? -1 : table.rowNumbers.indexOf(row);
    return await work({
      model,
      table,
      rowNumbers: table.rowNumbers,
      target: targetAt(whole, table.rowNumbers),
      rows: allRows(table.rows).filter((each) => isTest || each !== place),
      asked: place < 0 ? null : place,
    });
  } finally {
    await model.release();
  }
}

function further(model: ModelSession, { dataset, spec }: TrainedOn, types: readonly ColumnType[]): Column[] {
  const known = new Set(model.signature.inputs.map(({ name }) => name));
  const target = targetColumns(spec.target);
  return dataset.columns.filter(({ name, type }) => !known.has(name) && !target.includes(name) && types.includes(type));
}
