import type { TensorLike } from '../../../3-features/api.ts';

/** What a model says about some rows. */
export interface ModelAnswers {
  /** Class names, of several labels a JSON array of their names, or values. */
  prediction: string[] | Float32Array;
  /** Row-major [rows, classes or labels]; null for numbers. */
  probabilities: Float32Array | null;
  /** From where to where the number is with the model's coverage; null where the model does not say. */
  lower: Float32Array | null;
  upper: Float32Array | null;
  /** Row-major [rows, classes], 1 where the class is in; null where the model does not say. */
  set: Uint8Array | null;
}

export function joinAnswers(parts: readonly ModelAnswers[]): ModelAnswers {
  if (parts.length === 1) return parts[0]!;
  const joined = (pick: (each: ModelAnswers) => Float32Array | null): Float32Array | null =>
    parts[0] && pick(parts[0]) ? concat(parts.map((each) => pick(each)!)) : null;
  const isText = Array.isArray(parts[0]?.prediction);
  return {
    prediction: isText
      ? parts.flatMap((each) => each.prediction as string[])
      : concat(parts.map((each) => each.prediction as Float32Array)),
    probabilities: joined((each) => each.probabilities),
    lower: joined((each) => each.lower),
    upper: joined((each) => each.upper),
    set: parts[0]?.set ? Uint8Array.from(parts.flatMap((each) => [...each.set!])) : null,
  };
}

/** Rows `start` to `start + count` of every feed. */
export function sliceFeeds(feeds: Record<string, TensorLike>, start: number, count: number): Record<string, TensorLike> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => {
      const cells = data.length / dims[0]!;
      return [name, { type, data: data.slice(start * cells, (start + count) * cells), dims: [count, ...dims.slice(1)] }];
    }),
  );
}

function concat(arrays: Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of arrays) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
