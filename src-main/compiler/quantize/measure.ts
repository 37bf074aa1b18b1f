import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Graph } from '../onnx/graph.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { Runtime, RuntimeTensor } from '../run/runtime.ts';
import { valuesToCalibrate, withOutputs, type ActivationRange } from './quantizeStatic.ts';

type Feeds = Readonly<Record<string, RuntimeTensor>>;

/** How far a quantised model is from the one it was made of, on sample rows. */
export interface QuantizationReport {
  readonly rowCount: number;
  /** Share of the rows whose largest output is the same (the sign, for a single output). */
  readonly agreement: number;
  /** Of the differences of single numbers. */
  readonly largestDifference: number;
  readonly meanDifference: number;
  readonly originalBytes: number;
  readonly quantizedBytes: number;
}

/** Ranges of the values that `quantizeStatic` needs, over sample batches. Throws MK_COMPILER_RANGE_NOT_FINITE when a batch gives a value that has no range. */
export async function measureRanges(
  runtime: Runtime,
  graph: Graph,
  batches: readonly Feeds[],
  leastWeights?: number,
): Promise<Record<string, ActivationRange>> {
  const names = valuesToCalibrate(graph, leastWeights === undefined ? {} : { leastWeights });
  const inputs = new Set(graph.inputs.map((each) => each.name));
  const computed = names.filter((name) => !inputs.has(name));
  const ranges: Record<string, ActivationRange> = {};
  const session = await runtime.createSession(encodeModel(withOutputs(graph, computed), { producer: 'modelkeep' }));
  try {
    for (const feeds of batches) {
      const results = computed.length > 0 ? await session.run(feeds, Object.fromEntries(computed.map((name) => [name, null]))) : {};
      for (const name of names) {
        const data = (results[name] ?? feeds[name])!.data as Float32Array;
        let { low, high } = ranges[name] ?? { low: 0, high: 0 };
        for (const each of data) {
          if (each < low) low = each;
          if (each > high) high = each;
        }
        if (!Number.isFinite(low) || !Number.isFinite(high) || data.some(Number.isNaN))
          throw new ModelkeepError('MK_COMPILER_RANGE_NOT_FINITE', { tensor: name });
        ranges[name] = { low, high };
      }
    }
  } finally {
    await session.release();
  }
  return ranges;
}

/** Runs both models on the sample batches and compares the float output `output` [rows, outputs]. */
export async function compareQuantized(
  runtime: Runtime,
  original: Graph,
  quantized: Graph,
  batches: readonly Feeds[],
  output: string,
): Promise<QuantizationReport> {
  const [before, after] = [original, quantized].map((graph) => encodeModel(graph, { producer: 'modelkeep' })) as [Uint8Array, Uint8Array];
  const [first, second] = await Promise.all([runtime.createSession(before), runtime.createSession(after)]);
  try {
    let [rowCount, agreeing, largest, total, count] = [0, 0, 0, 0, 0];
    for (const feeds of batches) {
      const [expected, actual] = await Promise.all([first.run(feeds, { [output]: null }), second.run(feeds, { [output]: null })]);
      const [left, right] = [expected[output]!.data as Float32Array, actual[output]!.data as Float32Array];
      const rows = expected[output]!.dims[0]!;
      const width = left.length / rows;
      for (let row = 0; row < rows; row++) agreeing += Number(winner(left, row, width) === winner(right, row, width));
      left.forEach((each, at) => {
        const difference = Math.abs(each - right[at]!);
        largest = Math.max(largest, difference);
        total += difference;
      });
      rowCount += rows;
      count += left.length;
    }
    return {
      rowCount,
      agreement: agreeing / rowCount,
      largestDifference: largest,
      meanDifference: total / count,
      originalBytes: before.length,
      quantizedBytes: after.length,
    };
  } finally {
    await Promise.all([first.release(), second.release()]);
  }
}

function winner(values: Float32Array, row: number, width: number): number {
  if (width === 1) return Math.sign(values[row]!);
  let best = 0;
  for (let at = 1; at < width; at++) if (values[row * width + at]! > values[row * width + best]!) best = at;
  return best;
}
