import { stepNames, type CompiledGradients, type RuntimeTensor, type Runtime } from '../index.ts';
import { onnxRuntime, testRandom } from './runtimes.ts';

/** Random weights, rows, targets and masks for every input of a gradient graph. Integers of data lie in [1, `integersBelow`). */
export function randomFeeds(
  { graph, targets, batchSize }: CompiledGradients,
  seed: number,
  { integersBelow = 2, runtime = onnxRuntime }: { integersBelow?: number; runtime?: Runtime } = {},
): Record<string, RuntimeTensor> {
  const random = testRandom(seed);
  const entries = graph.inputs.map(({ name, dtype, shape }): [string, RuntimeTensor] => {
    const sizes = shape!.map(Number);
    const length = sizes.reduce((product, size) => product * size, 1);
    const filled = <A extends { [at: number]: number | bigint; fill(value: never): A }>(array: A, value: () => number | bigint): A => {
      for (let at = 0; at < length; at++) array[at] = value();
      return array;
    };
    const target = targets.find((each) => each.name === name);
    const integer = (): number =>
      target?.classCount ? Math.floor(random() * target.classCount) : 1 + Math.floor(random() * (integersBelow - 1));
    const data =
      name === stepNames.rowShares
        ? new Float32Array(length).fill(1 / batchSize)
        : dtype === 'int64'
          ? filled(new BigInt64Array(length), () => BigInt(integer()))
          : dtype === 'int32'
            ? filled(new Int32Array(length), integer)
            : dtype === 'bool'
              ? filled(new Uint8Array(length), () => Number(random() < 0.75))
              : filled(new Float32Array(length), () => random() - 0.5);
    return [name, runtime.tensor(dtype as 'float32', data as never, sizes)];
  });
  return Object.fromEntries(entries);
}

/** Loss, gradients and states, by name. */
export async function runGradients(
  { bytes, graph }: CompiledGradients,
  feeds: Readonly<Record<string, RuntimeTensor>>,
  runtime: Runtime = onnxRuntime,
): Promise<Record<string, readonly number[]>> {
  const session = await runtime.createSession(bytes);
  const results = await session.run(feeds, Object.fromEntries(graph.outputs.map(({ name }) => [name, null])));
  await session.release();
  return Object.fromEntries(graph.outputs.map(({ name }) => [name, Array.from(results[name]!.data as Float32Array)]));
}
