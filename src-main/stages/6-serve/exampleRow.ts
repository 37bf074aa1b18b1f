// A row as a caller would send it, made from what training saw.
import type { ModelInput, ModelSignature } from '../../../src-shared/domain/features.ts';
import { isoFromEpochDays } from './protocol/epochDays.ts';
import { isDate, isImage } from './protocol/inputPlan.ts';

type ExampleCell = string | number | boolean | null;

export function exampleRow({ inputs }: ModelSignature): Record<string, ExampleCell> {
  return Object.fromEntries(inputs.map((input) => [input.name, exampleCell(input)]));
}

/** One line for a shell. */
export function curlCommand(predictUrl: string, signature: ModelSignature): string {
  const body = JSON.stringify({ rows: [exampleRow(signature)] }).replaceAll("'", "'\\''");
  return `curl -s -H 'content-type: application/json' -d '${body}' '${predictUrl}'`;
}

function exampleCell(input: ModelInput): ExampleCell {
  const middle = input.range ? (input.range.min + input.range.max) / 2 : null;
  if (isImage(input)) return 'iVBORw0KGgo… (base64)';
  if (isDate(input)) return isoFromEpochDays(Math.round(middle ?? 20_000));
  if (input.onnxType === 'string') return input.categories?.[0] ?? (input.type === 'text' ? 'some text' : 'value');
  if (input.type === 'boolean' || input.onnxType === 'bool') return true;
  if (middle === null) return 0;
  return input.type === 'integer' ? Math.round(middle) : Number(middle.toPrecision(4));
}
