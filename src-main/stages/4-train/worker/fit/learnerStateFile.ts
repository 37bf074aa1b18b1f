// A learner's state as bytes: four bytes for the length of the JSON, the JSON, then the arrays, each on a multiple of eight.
import type { LearnerState } from '../../learners/learner.ts';

const types = { Float32Array, Float64Array, Int32Array, Uint8Array } as const;
type TypeName = keyof typeof types;

interface Header {
  json: unknown;
  arrays: { name: string; type: TypeName; length: number; offset: number }[];
}

export function encodeLearnerState({ json, arrays }: LearnerState): Uint8Array {
  let offset = 0;
  const entries = Object.entries(arrays).map(([name, array]) => {
    const entry = { name, type: array.constructor.name as TypeName, length: array.length, offset };
    offset += padded(array.byteLength);
    return { entry, array };
  });
  const header = Buffer.from(JSON.stringify({ json, arrays: entries.map(({ entry }) => entry) } satisfies Header));
  const start = padded(4 + header.length);
  const bytes = new Uint8Array(start + offset);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  for (const { entry, array } of entries) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), start + entry.offset);
  }
  return bytes;
}

/** Throws an ordinary Error for bytes that {@link encodeLearnerState} did not write. */
export function decodeLearnerState(bytes: Uint8Array): LearnerState {
  const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const length = new DataView(own.buffer, own.byteOffset).getUint32(0, true);
  const { json, arrays } = JSON.parse(Buffer.from(own.subarray(4, 4 + length)).toString()) as Header;
  const start = own.byteOffset + padded(4 + length);
  return {
    json,
    // Copies: what a learner holds must not keep the whole file alive.
    arrays: Object.fromEntries(
      arrays.map((each) => [each.name, new types[each.type](own.buffer as ArrayBuffer, start + each.offset, each.length).slice()]),
    ),
  };
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
