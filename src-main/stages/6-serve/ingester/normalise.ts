// A journal record as it is stored: JSON that a person, a search and the monitor can read, whatever the protocol was.
import { isUtf8 } from 'node:buffer';
import type { JournalRecord } from '../journal/record.ts';
import { decodeBinaryBody } from './decodeBinaryBody.ts';
import { decodeInferRequest, decodeInferResponse } from './decodeProtobuf.ts';

export interface StoredBodies {
  input: string | null;
  output: string | null;
  /** What is searched: `column: value` of inputs and answers, cut to `maxSearchCharacters`. */
  text: string;
}

/** Longer texts are searchable up to here. An index of every substring costs about 1 µs a character. */
export const maxSearchCharacters = 4096;
/** A body that is no JSON is kept up to here, as text. */
const maxRawCharacters = 16_384;

export function normalise({ facts, input, output }: JournalRecord): StoredBodies {
  const protobuf = facts.encoding === 'protobuf';
  const inputValue = parseBody(input, (body) => (protobuf ? decodeInferRequest(body) : parseJsonBody(body, facts.inputJsonBytes)));
  // An error is JSON whatever the request was.
  const outputValue = parseBody(output, (body) =>
    protobuf && facts.status === 200 ? decodeInferResponse(body) : parseJsonBody(body, facts.outputJsonBytes),
  );
  const wrapped = wrapInput(inputValue, facts.protocol);
  const parts: string[] = [facts.id];
  if (facts.error) parts.push(facts.error.code);
  collectText(wrapped, '', parts, { left: maxSearchCharacters });
  collectText(answersOf(outputValue), '', parts, { left: 1024 });
  return {
    input: wrapped === undefined ? null : JSON.stringify(wrapped),
    output: outputValue === undefined ? null : JSON.stringify(outputValue),
    text: parts.join('\n'),
  };
}

/** One object of named columns becomes the only row, so that readers meet one shape. */
function wrapInput(value: unknown, protocol: 'named' | 'v2'): unknown {
  if (protocol === 'v2' || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const object = value as Record<string, unknown>;
  return Array.isArray(object['rows']) || 'unreadable' in object ? value : { rows: [value] };
}

function parseJsonBody(body: Buffer, jsonBytes: number | null): unknown {
  return jsonBytes === null ? JSON.parse(body.toString()) : decodeBinaryBody(body, jsonBytes);
}

function parseBody(bytes: Uint8Array, decode: (body: Buffer) => unknown): unknown {
  if (bytes.length === 0) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decode(buffer);
  } catch {
    return {
      unreadable: isUtf8(buffer)
        ? buffer.toString().slice(0, maxRawCharacters).toWellFormed()
        : `base64:${buffer.toString('base64', 0, maxRawCharacters)}`,
    };
  }
}

/** Of an answer, what the model said; the names and versions around it are columns of their own. */
function answersOf(output: unknown): unknown {
  if (typeof output !== 'object' || output === null) return output;
  const { predictions, outputs, error } = output as Record<string, unknown>;
  return predictions ?? outputs ?? error ?? output;
}

function isTensor(value: unknown): value is { name: string; data: unknown[] } {
  const { name, data } = value as { name?: unknown; data?: unknown };
  return typeof value === 'object' && typeof name === 'string' && Array.isArray(data);
}

function collectText(value: unknown, key: string, parts: string[], budget: { left: number }): void {
  if (budget.left <= 0 || value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const each of value) collectText(each, key, parts, budget);
  } else if (isTensor(value)) {
    collectText(value.data, value.name, parts, budget); // a tensor reads like a column of that name
  } else if (typeof value === 'object') {
    for (const [name, each] of Object.entries(value)) collectText(each, name, parts, budget);
  } else {
    const text = `${key}: ${String(value)}`.slice(0, budget.left).replaceAll('\0', '');
    parts.push(text.toWellFormed());
    budget.left -= text.length + 1;
  }
}
