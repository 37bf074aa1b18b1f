// A finished model over rows of a dataset version.
import { readFile } from 'node:fs/promises';
import type { ModelInput } from '../../../../../src-shared/domain/features.ts';
import type { Column } from '../../../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { columnFeed, type ImageSize, type RawTable, type TensorLike } from '../../../3-features/api.ts';
import { openDuck } from '../table/duck.ts';
import { joinAnswers, type ModelAnswers } from './modelAnswers.ts';
import { ModelSession } from './modelSession.ts';
import type { ScoreRows } from '../order.ts';
import { historyOfInputs, readWithHistory } from '../table/history.ts';
import { rawKind } from '../table/readTable.ts';

export interface Scores extends ModelAnswers {
  /** Number in the dataset version of each answered row. */
  rowNumbers: Int32Array;
  classes: string[];
}

const rowsPerFeed = 4096;

/** Errors: MK_MODEL_UNREADABLE, MK_PREDICT_COLUMN_MISSING. */
export async function scoreRows(modelFile: string, { dataset, rows }: ScoreRows, pause: (done: number) => Promise<void>): Promise<Scores> {
  const model = await ModelSession.open(await readFile(modelFile));
  try {
    using duck = await openDuck();
    const wanted = rows ? new Uint8Array(dataset.rows) : null;
    rows?.forEach((row) => (wanted![row] = 1));
    const table = await readWithHistory(
      duck.connection,
      dataset.file,
      {
        columns: inputColumns(model.signature.inputs, dataset.columns, dataset.file),
        images: imageInputs(model.signature.inputs),
        keep: (row) => wanted === null || wanted[row] === 1,
        capacity: rows?.length ?? dataset.rows,
        pause: async () => pause(0),
      },
      historyOfInputs(model.signature.inputs),
    );
    const answers = await scoreTable(model, table, pause);
    return { ...answers, rowNumbers: table.rowNumbers, classes: model.signature.classes };
  } finally {
    await model.release();
  }
}

/** The model's columns as this data has them, under the type that the model was trained with; those of history, which are made of others, too. */
export function inputColumns(inputs: readonly ModelInput[], columns: readonly Column[], where: string): Column[] {
  return inputs.flatMap(({ name, type, required, history }) => {
    if (history || columns.some((column) => column.name === name)) return [{ name, type }];
    if (required) throw new ModelkeepError('MK_PREDICT_COLUMN_MISSING', { column: name, file: where });
    return [];
  });
}

export function imageInputs(inputs: readonly ModelInput[]): Map<string, ImageSize> {
  return new Map(
    inputs.flatMap(({ name, type, shape }) =>
      type === 'image' ? [[name, { height: shape[0]!, width: shape[1]!, channels: shape[2] === 1 ? 1 : 3 }] as const] : [],
    ),
  );
}

export async function scoreTable(model: ModelSession, table: RawTable, pause: (done: number) => Promise<void>): Promise<ModelAnswers> {
  const parts: ModelAnswers[] = [];
  for (let start = 0; start < table.rows; start += rowsPerFeed) {
    const batch = Int32Array.from({ length: Math.min(rowsPerFeed, table.rows - start) }, (_, at) => start + at);
    parts.push(await model.answerAll(tableFeeds(model.signature.inputs, table, batch), batch.length));
    await pause(start + batch.length);
  }
  return joinAnswers(parts);
}

/** Rows of a table by place, as a model takes them. */
export function tableFeeds(inputs: readonly ModelInput[], table: RawTable, rows: Int32Array): Record<string, TensorLike> {
  return Object.fromEntries(inputs.map((input) => [input.name, feedOf(input, table, rows)]));
}

/** A column that the data does not have is missing in every row (only columns that were so in training may be absent). */
function feedOf(input: ModelInput, table: RawTable, rows: Int32Array): ReturnType<typeof columnFeed> {
  const column = table.columns.get(input.name);
  return column ? columnFeed(column, rows) : missingFeed(input, rows.length);
}

export function missingFeed({ type }: Pick<ModelInput, 'type'>, rows: number): ReturnType<typeof columnFeed> {
  const dims = [rows, 1];
  switch (rawKind(type)) {
    case 'float32':
      return { type: 'float32', data: new Float32Array(rows).fill(NaN), dims };
    case 'float64':
      return { type: 'float64', data: new Float64Array(rows).fill(NaN), dims };
    case 'string':
      return { type: 'string', data: Array.from({ length: rows }, () => ''), dims };
    case 'uint8':
      throw new Error('an image input is always required');
  }
}
