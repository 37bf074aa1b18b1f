// Clipped row gradients against torch.func.vmap in float64, and what privacy costs against Opacus' accountant.
import { join } from 'node:path';
import { compileTraining, initialWeights, privacySpent, Trainer, type FloatArray, type Runtime } from '../../src-main/compiler/index.ts';
import { renyiOrders } from '../../src-main/compiler/privacy/rdpAccountant.ts';
import { onnxRuntime, referenceRuntime, testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { comparedModels, type ComparedModel, type RowData } from './compiler/models.ts';
import { jsonLines } from './jsonLines.ts';
import { prepareOpacus } from './opacus.ts';
import type { Peer, PeerResult } from './peer.ts';

export const peer: Peer = {
  name: 'privacy',
  about: 'clipped row gradients against torch.func.vmap in float64, privacy accounts against Opacus',
  run,
};

/** Of the largest number in a tensor, or of a hundredth of the largest of all. */
const limits = { float64: 1e-9, float32: 1e-5 };
const models = ['mlp', 'cnn', 'transformer', 'tagger'];
/** So large a step that the weights do not blur the gradient in (weight − next weight) / rate. */
const rate = 2 ** 14;

const accounts = [
  { samplingRate: 0.01, noiseMultiplier: 1.1, steps: 10_000, delta: 1e-5 },
  { samplingRate: 256 / 60_000, noiseMultiplier: 1.3, steps: 3510, delta: 1e-5 },
  { samplingRate: 0.1, noiseMultiplier: 4, steps: 500, delta: 1e-6 },
  { samplingRate: 0.001, noiseMultiplier: 0.6, steps: 2000, delta: 1e-5 },
  { samplingRate: 1, noiseMultiplier: 20, steps: 50, delta: 1e-6 },
];

interface Values {
  readonly row: RowData;
  readonly values: readonly number[];
}

async function run(): Promise<PeerResult> {
  const { python, pythonPath } = await prepareOpacus();
  const compared = comparedModels.filter(
    ({ torch, network, loss }) =>
      models.includes(torch.model) && Object.keys(network('float32').state).length === 0 && loss.kind === 'softmaxCrossEntropy',
  );
  const questions = compared.map(question);
  const [greeting, ...answers] = (await jsonLines(
    python,
    [join(import.meta.dirname, 'privacy.py')],
    [...questions.map((each) => each.question), ...accounts.map((each) => ({ ...each, orders: renyiOrders }))],
    { PYTHONPATH: pythonPath },
  )) as [{ torch: string; opacus: string }, ...unknown[]];
  const notes: string[] = [];
  let failed = 0;
  for (const [at, each] of questions.entries()) {
    const { gradients, clipped } = answers[at] as { gradients: Record<string, number[]>; clipped: number };
    const exact = await ourGradients(each, 'float64', referenceRuntime);
    const real = await ourGradients(each, 'float32', onnxRuntime);
    const differences = { float64: worst(each.model, exact.gradients, gradients), float32: worst(each.model, real.gradients, gradients) };
    const fails = !(differences.float64 <= limits.float64 && differences.float32 <= limits.float32) || clipped === 0;
    if (fails) failed++;
    const { rowsTogether, because } = exact.form!;
    notes.push(
      `${fails ? 'FAILED ' : ''}${each.model.name}: ${because ? `row by row (${because.operator})` : `${rowsTogether} rows together`}, ${clipped} of ${each.model.batch} clipped, ` +
        `float64 ${differences.float64.toExponential(1)}, float32 ${differences.float32.toExponential(1)}`,
    );
  }
  for (const [at, each] of accounts.entries()) {
    const { epsilon, byDefault } = answers[questions.length + at] as { epsilon: number; byDefault: number };
    const ours = privacySpent(each).epsilon;
    const difference = Math.abs(ours - epsilon) / epsilon;
    const fails = !(difference <= 1e-9 && ours <= byDefault * (1 + 1e-9));
    if (fails) failed++;
    notes.push(
      `${fails ? 'FAILED ' : ''}ε of q ${each.samplingRate.toPrecision(3)}, σ ${each.noiseMultiplier}, ${each.steps} steps: ${ours.toFixed(4)}, same orders ${difference.toExponential(1)}, Opacus' own orders ${byDefault.toFixed(4)}`,
    );
  }
  const total = questions.length + accounts.length;
  return {
    name: peer.name,
    peer: `PyTorch ${greeting.torch}, Opacus ${greeting.opacus}`,
    passed: total - failed,
    failed,
    skipped: 0,
    notes,
  };
}

interface Question {
  readonly model: ComparedModel;
  readonly weights: Record<string, FloatArray>;
  readonly data: Record<string, Values>;
  readonly clipNorm: number;
  readonly question: unknown;
}

function question(model: ComparedModel): Question {
  const random = testRandom(11);
  const draw = (row: RowData): Values => ({
    row,
    values: Array.from({ length: model.batch * row.shape.reduce((count, dim) => count * dim, 1) }, () =>
      row.below === undefined ? random() * 2 - 1 : Math.floor(random() * row.below),
    ),
  });
  const data = Object.fromEntries(
    Object.entries({ ...model.inputs, targets: model.targets as RowData }).map(([name, row]) => [name, draw(row)]),
  );
  const network = model.network('float32');
  const weights = initialWeights(network.parameterShapes, 5, network.schemes);
  const named = (name: string): string => model.rename?.(name) ?? name;
  const clipNorm = 0.5;
  return {
    model,
    weights,
    data,
    clipNorm,
    question: {
      ...model.torch,
      weights: Object.fromEntries(
        Object.entries(network.parameterShapes).map(([name, shape]) => [named(name), { shape, data: Array.from(weights[name]!) }]),
      ),
      data: Object.fromEntries(
        Object.entries(data).map(([name, { row, values }]) => [
          name,
          { shape: [model.batch, ...row.shape], data: values, integer: row.below !== undefined },
        ]),
      ),
      rows: model.batch,
      clipNorm,
      // torch.func has no rule for LSTM either.
      vmap: model.torch.model !== 'tagger',
    },
  };
}

async function ourGradients({ model, weights, data, clipNorm }: Question, dtype: 'float32' | 'float64', runtime: Runtime) {
  const network = model.network(dtype);
  const compiled = compileTraining({
    ...network,
    forward: network.graph,
    loss: model.loss,
    optimizer: { kind: 'sgd' },
    batchSize: model.batch,
    privacy: { clipNorm, noiseMultiplier: 0 },
  });
  const float = (values: readonly number[]): FloatArray => (dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values));
  const { targets, ...inputs } = data;
  const trainer = await Trainer.create({
    runtime,
    compiled,
    data: {
      rowCount: model.batch,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, { row, values }]) => [
          name,
          row.below === undefined ? float(values) : BigInt64Array.from(values, BigInt),
        ]),
      ),
      targets: Int32Array.from(targets!.values),
    },
    weights: Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, float(Array.from(values))])),
    learningRate: rate,
    seed: 1,
    nowMs: () => 0,
  });
  await trainer.runOnce(1);
  const after = trainer.weights();
  await trainer.release();
  const gradients = Object.fromEntries(
    Object.entries(weights).map(([name, before]) => [name, Array.from(before, (each, at) => (each - after[name]![at]!) / rate)]),
  );
  return { form: compiled.rowGradients, gradients };
}

function worst(model: ComparedModel, found: Record<string, number[]>, expected: Record<string, number[]>): number {
  const largest = (values: readonly number[]): number => values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  const overall = Math.max(...Object.values(expected).map(largest));
  return Math.max(
    ...Object.entries(found).map(([name, values]) => {
      const theirs = expected[model.rename?.(name) ?? name]!;
      return largest(values.map((each, at) => each - theirs[at]!)) / Math.max(largest(theirs), overall / 100);
    }),
  );
}
