import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileTraining, encodeModel, Trainer, type FloatArray, type Graph } from '../index.ts';
import { importModel } from '../1-parse/import/importModel.ts';
import { onnxRuntime, testRandom } from '../tests/runtimes.ts';
import { forwardOf, withWeights, type TrainableChoice } from './forwardOf.ts';

const folder = join(import.meta.dirname, '../../../test/fixtures/onnx');
const rowCount = 16;
const tokens = 6;
const random = testRandom(9);
// What a row looks like tells its class, row number modulo classes: by brightness, or by the largest number.
const pictures = { x: Float32Array.from({ length: rowCount * 144 }, (_, at) => random() - 0.5 + (Math.floor(at / 144) % 5)) };
const series = { x: Float32Array.from({ length: rowCount * 15 }, () => random() * 2 - 1) };
const vectors = { x: Float32Array.from({ length: rowCount * 4 }, (_, at) => random() - 0.5 + Number(Math.floor(at / 4) % 4 === at % 4)) };
const sentences = {
  ids: BigInt64Array.from({ length: rowCount * tokens }, () => BigInt(Math.floor(random() * 20))),
  mask: BigInt64Array.from({ length: rowCount * tokens }, (_, at) => (at % tokens === 0 || random() < 0.7 ? 1n : 0n)),
};

const cases: readonly [name: string, inputs: Record<string, Float32Array | BigInt64Array>, classCount: number, choice?: TrainableChoice][] =
  [
    ['convolutions-opset11', pictures, 5],
    ['convolutions-opset11', pictures, 5, { statistics: 'update' }],
    ['convolutions-opset18-dynamo', pictures, 5],
    ['encoder-opset11', sentences, 3],
    ['encoder-opset17', sentences, 3],
    ['encoder-opset23-dynamo', sentences, 3],
    ['recurrent-opset14', series, 2],
    ['looping-opset17', vectors, 4],
  ];

it.each(cases)(
  'fine-tunes %s, and the exported model gives what training gave',
  async (name, inputs, classCount, choice = {}) => {
    const model = importModel(readFileSync(join(folder, `${name}.onnx`)), { bindings: { tokens } });
    const { graph, parameters, state, bindings, weights } = forwardOf(model, choice);
    const compiled = compileTraining({
      forward: graph,
      parameters,
      state,
      bindings,
      loss: { kind: 'softmaxCrossEntropy' },
      optimizer: { kind: 'adam' },
      batchSize: 8,
    });
    // Sizes are bound: nothing is left to work out in each step.
    expect(stepOperators(compiled.graph)).not.toContain('ConstantOfShape');
    const targets = Int32Array.from({ length: rowCount }, (_, at) => at % classCount);
    const trainer = await Trainer.create({
      runtime: onnxRuntime,
      compiled,
      data: { rowCount, inputs, targets },
      weights,
      learningRate: 2e-2,
      seed: 1,
      nowMs: () => performance.now(),
    });
    const losses: number[] = [];
    for await (const run of trainer.train({ epochs: 30 })) losses.push(...run.losses);
    const trained = trainer.weights();
    await trainer.release();
    // The looping network squeezes its logits into a narrow band.
    const fall = name.startsWith('looping') ? 0.99 : 0.9;
    expect(losses.at(-1)!).toBeLessThan(losses[0]! * fall);

    const served = withWeights(model, trained as Record<string, FloatArray>);
    const session = await onnxRuntime.createSession(encodeModel(served.graph, { producer: 'test' }));
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([input, data]) => {
        const shape = served.graph.inputs.find((each) => each.name === input)!.shape!.slice(1);
        const dtype = data instanceof Float32Array ? 'float32' : 'int64';
        return [input, onnxRuntime.tensor(dtype, data, [rowCount, ...shape.map((dim) => (dim === 'tokens' ? tokens : Number(dim)))])];
      }),
    );
    const { logits } = await session.run(feeds, { logits: null });
    await session.release();
    const loss = crossEntropy(logits!.data as Float32Array, targets, classCount);
    // Running statistics lag behind those of the last batches.
    if (choice.statistics !== 'update') expect(loss).toBeLessThan(losses[0]! * ((1 + fall) / 2));
    expect(loss).toBeGreaterThan(0);
  },
  60_000,
);

function crossEntropy(logits: Float32Array, targets: Int32Array, classCount: number): number {
  let sum = 0;
  for (const [row, target] of targets.entries()) {
    const scores = [...logits.subarray(row * classCount, (row + 1) * classCount)];
    sum += Math.log(scores.reduce((total, each) => total + Math.exp(each), 0)) - scores[target]!;
  }
  return sum / targets.length;
}

function stepOperators(graph: Graph): string[] {
  return graph.nodes.flatMap((node) =>
    Object.values(node.attributes).flatMap((each) => (each.kind === 'graph' ? each.value.nodes.map((inner) => inner.opType) : [])),
  );
}
