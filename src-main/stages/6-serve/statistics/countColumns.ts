// One request in the bins of a reference, without keeping its values.
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import type { Reference } from '../../../../src-shared/domain/training.ts';
import { isLabelAnswer, labelsText, type OutputColumn } from '../protocol/answers.ts';
import type { InputColumn } from '../protocol/inputPlan.ts';
import { ColumnCounter, type Counts } from './counts.ts';

export function countColumns(
  reference: Reference,
  signature: ModelSignature,
  columns: readonly InputColumn[],
  outputs: readonly OutputColumn[],
  rows: number,
): Counts {
  const counted = reference.columns.flatMap((column) => {
    const index = signature.inputs.findIndex((input) => input.name === column.name);
    const input = signature.inputs[index];
    if (!input || columns[index]!.dims.some((dim) => dim !== 1)) return [];
    const counter = new ColumnCounter(column, input.categories);
    const { data } = columns[index]!;
    for (let row = 0; row < rows; row++) counter.add(plain(data[row]!));
    return [counter.counts];
  });
  const prediction = new ColumnCounter(reference.prediction, listedAnswers(signature));
  const output = outputs.find(({ name }) => name === 'prediction');
  if (output)
    for (let row = 0; row < rows; row++)
      prediction.add(isLabelAnswer(signature, output) ? labelsText(signature, output, row) : plain(output.data[row]!));
  return { columns: counted, prediction: prediction.counts };
}

/** All answers that there can be; null where they are numbers, or subsets of labels, which are too many. */
export function listedAnswers({ task, classes }: { task: ModelSignature['task']; classes: readonly string[] }): readonly string[] | null {
  return task === 'multilabel' || classes.length === 0 ? null : classes;
}

function plain(value: string | number | bigint): string | number {
  return typeof value === 'bigint' ? Number(value) : value;
}
