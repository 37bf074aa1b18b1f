// Models as the product exports them, in a bare onnxruntime for Python: raw columns in, the same answers out.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VersionRef } from '../../src-shared/domain/names.ts';
import type { ImportOptions } from '../../src-shared/domain/table.ts';
import { decodeImage, FeatureService } from '../../src-main/stages/3-features/api.ts';
import { ModelWork, TrainService } from '../../src-main/stages/4-train/api.ts';
import { TestData } from '../../src-main/stages/4-train/testData.ts';
import { openTestBench, type TestBench } from '../../src-main/testing/testBench.ts';
import { fetchDataset } from '../fixtures/fetch.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';

/** Of probabilities, and of values in standard deviations. */
const tolerance = 1e-6;
const samples = join(import.meta.dirname, '../../resources/samples');

export const peer: Peer = {
  name: 'onnx-parity',
  about: 'exported models on raw columns of real datasets, against onnxruntime for Python',
  run,
};

interface Case {
  name: string;
  target: string;
  /** What is imported. */
  file: string;
  options?: ImportOptions;
  /** How Python reads the same rows. */
  question(dataset: VersionRef, data: TestData, bench: TestBench): Promise<Record<string, unknown>>;
}

async function cases(): Promise<Case[]> {
  const csv =
    (file: string, more: object = {}): Case['question'] =>
    async () => ({ reader: 'csv', data: file, ...more });
  const identifiers = ['Row ID', 'Order ID', 'Customer ID', 'Customer Name', 'Product ID'];
  const types = { ...Object.fromEntries(identifiers.map((name) => [name, 'identifier' as const])), 'Postal Code': 'category' as const };
  const churn = join(samples, 'churn/churn.csv');
  const orders = join(samples, 'orders/orders.csv');
  const bank = await fetchDataset('bankSmall');
  return [
    { name: 'churn: numbers and categories, some missing', target: 'churn', file: churn, question: csv(churn) },
    { name: 'orders: dates, regression', target: 'Profit', file: orders, options: { types }, question: csv(orders) },
    {
      name: 'orders: English product names as text, 17 classes',
      target: 'Sub-Category',
      file: orders,
      options: { types: { ...types, 'Product Name': 'text' } },
      question: csv(orders),
    },
    {
      name: 'bank: booleans as words are categories',
      target: 'y',
      file: bank.path,
      options: { delimiter: ';', types: { default: 'category', housing: 'category', loan: 'category' } },
      question: csv(bank.path, { delimiter: ';' }),
    },
    { name: 'poems: Chinese text', target: 'class', file: join(samples, 'poems/texts'), question: poemFiles },
    { name: 'clothes: pictures', target: 'class', file: join(samples, 'fashion/images'), question: clothesPixels },
  ];
}

async function run(): Promise<PeerResult> {
  const python = await preparePython();
  await using bench = await openTestBench();
  const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, caller } = bench;
  const data = new TestData(bench);
  const labels = { labelsOf: () => Promise.reject(new Error('no labels here')) };
  const features = new FeatureService({
    db,
    audit,
    clock,
    emit,
    data: data.service,
    inspector: new ModelWork({ blobs, startWorker, labels }),
  });
  const train = new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data: data.service, labels, features });

  const questions: Record<string, unknown>[] = [];
  for (const [at, each] of (await cases()).entries()) {
    const dataset = await data.import(`set-${at}`, each.file, each.options);
    const { runId, jobId } = await train.start({ dataset, target: { kind: 'column', column: each.target }, timeBudgetMs: 20_000 }, caller);
    const job = await jobs.wait(jobId);
    if (job.state !== 'done') throw new Error(`${each.name}: ${JSON.stringify(job.error)}`);
    // The simplest and the deepest: a linear model and a perceptron.
    for (const learner of ['linear', 'mlp']) {
      const { sha256 } = train.get({ runId }).candidates.find((candidate) => candidate.learner === learner)!;
      const { prediction, probabilities } = await train.score(sha256!, dataset);
      const expected = { prediction: [...prediction], ...(probabilities ? { probabilities: [...probabilities] } : {}) };
      questions.push({
        name: `${each.name} (${learner})`,
        model: blobs.path(sha256!),
        expected,
        ...(await each.question(dataset, data, bench)),
      });
    }
  }
  const [greeting, ...answers] = (await jsonLines(python, [join(import.meta.dirname, 'onnxParity.py')], questions)) as [
    { version: string },
    ...{ name: string; rows: number; difference: number; changed: number }[],
  ];
  const failed =
    answers.filter(({ difference, changed }) => !(difference <= tolerance) || changed > 0).length + (questions.length - answers.length);
  const notes = answers.map(
    ({ name, rows, difference, changed }) =>
      `${name}: ${rows} rows, largest difference ${difference.toExponential(1)}${changed ? `, ${changed} other answers` : ''}`,
  );
  return {
    name: peer.name,
    peer: `onnxruntime ${greeting.version} (Python)`,
    passed: questions.length - failed,
    failed,
    skipped: 0,
    notes,
  };
}

/** Their paths, in the order of the rows. */
async function poemFiles(dataset: VersionRef, data: TestData): Promise<Record<string, unknown>> {
  const rows = await data.service.query(dataset, 'SELECT path FROM {table}');
  return { reader: 'texts', data: join(samples, 'poems/texts'), files: rows.map((row) => row['path']) };
}

/** Resizing is before the model by contract (here none is needed): Python gets pixels. */
async function clothesPixels(dataset: VersionRef, data: TestData, bench: TestBench): Promise<Record<string, unknown>> {
  const rows = await data.service.query(dataset, 'SELECT path FROM {table}');
  const images = await Promise.all(
    rows.map(async (row) =>
      decodeImage(await readFile(join(samples, 'fashion/images', String(row['path']))), { width: 28, height: 28, channels: 1 }),
    ),
  );
  const file = join(bench.folder, 'pixels.bin');
  await writeFile(file, Buffer.concat(images.map((image) => image!)));
  return { reader: 'pixels', data: file };
}
