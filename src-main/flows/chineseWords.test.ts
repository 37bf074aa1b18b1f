// A table of Chinese reviews, from the file to the answers over HTTP: words by a dictionary stand before the model everywhere.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fetchDataset } from '../../test/fixtures/fetch.ts';
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import type { Job } from '../../src-shared/domain/job.ts';
import type { Client } from '../../src-shared/rpc/client.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { encodeModel, readModel } from '../compiler/index.ts';
import { counterRandom } from '../platform/random.ts';
import { http } from '../testing/serveBench.ts';
import { TestCore } from '../testing/testCore.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const rowsUsed = 12_000;

let bench: TestCore;
let folder: string;
let client: Client;

beforeAll(async () => {
  bench = await TestCore.open();
  ({ folder, client } = bench);
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

const finish = (jobId: string): Promise<Job> => bench.finish(jobId);

/** Each review once, in an order of chance. */
async function reviews(): Promise<[text: string, mood: string][]> {
  const { path } = await fetchDataset('reviewsChinese');
  const of = (file: string, mood: string): [string, string][] =>
    [...new Set(readFileSync(join(path, file), 'utf8').split('\n'))]
      .map((line): [string, string] => [line.trim(), mood])
      .filter(([text]) => text.length > 3);
  return counterRandom(1, 0)
    .shuffle([...of('neg.txt', 'bad'), ...of('pos.txt', 'good')])
    .slice(0, rowsUsed);
}

const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n');

test('words of Chinese are found alike in training, files, reasons and requests, and tell as much as characters do', async () => {
  const { call } = client;
  const file = join(folder, 'reviews.csv');
  writeFileSync(file, csv([['text', 'mood'], ...(await reviews())]));
  await finish((await call('data.import', { files: [file], name: 'reviews' })).jobId);
  const dataset = { name: 'reviews', version: 1 };
  const target = { kind: 'column' as const, column: 'mood' };
  const { spec } = await call('features.propose', { dataset, target });
  expect(spec.rules).toContainEqual(expect.objectContaining({ column: 'text', unit: 'word', words: 'jieba', maxFeatures: 3000 }));

  const byCharacters: FeatureSpec = {
    ...spec,
    rules: spec.rules.map((rule) => (rule.kind === 'textNgrams' ? { ...rule, unit: 'character', words: 'unicode' } : rule)),
  };
  const run = async (using: FeatureSpec): Promise<Result<'train.get'>> => {
    const { runId, jobId } = await call('train.start', { dataset, target, spec: using, learners: ['linear'], search: { method: 'portfolio', maxCandidates: 1 }, ensemble: false, timeBudgetMs: 60_000, registerAs: 'mood' }); // prettier-ignore
    await finish(jobId);
    return call('train.get', { runId });
  };
  const [words, characters] = [await run(spec), await run(byCharacters)];
  const bestOf = (each: Result<'train.get'>): Result<'train.get'>['candidates'][number] =>
    each.candidates.find(({ id }) => id === each.bestCandidateId)!;
  for (const [name, { test: found }] of Object.entries({ words: bestOf(words), characters: bestOf(characters) }))
    process.stdout.write(`${name}: AUC ${found.auc!.value.toFixed(4)} (${found.auc!.low!.toFixed(4)}–${found.auc!.high!.toFixed(4)}), log loss ${found.logLoss!.value.toFixed(4)}\n`); // prettier-ignore
  expect(bestOf(words).test.auc!.value).toBeGreaterThan(bestOf(characters).test.auc!.value - 0.005);
  expect(bestOf(words).parity).toBeLessThanOrEqual(1e-6);

  // The file says what stands before it.
  const { preprocessor } = words.signature!.inputs[0]!;
  expect(preprocessor).toMatchObject({ name: 'jieba-wasm', version: '2.4.0' });
  expect(characters.signature!.inputs[0]).not.toHaveProperty('preprocessor');
  const model = join(folder, 'mood.onnx');
  await call('registry.export', { name: 'mood', version: 1, file: model });
  const { metadata } = readModel(readFileSync(model));
  expect(JSON.parse(metadata['modelkeep.preprocessing']!)).toMatchObject([
    { input: 'text', ...preprocessor, how: expect.stringMatching(/HMM/) },
  ]);

  // A file, the named rows and the tensors: one answer each, and the same.
  const texts = ['质量很好，很喜欢！', '太差了，千万别买', '買了T恤，非常失望😀', 'nice café 值得', '', '👍🏽', '一'.repeat(5000), ...(await reviews()).slice(-40).map(([text]) => text)]; // prettier-ignore
  const [input, output] = [join(folder, 'new.csv'), join(folder, 'answers.csv')];
  writeFileSync(input, csv([['text', 'n'], ...texts.map((text, at) => [text, String(at)])]));
  await finish((await call('registry.predict', { name: 'mood', version: 1, input, output })).jobId);
  const inFile = (parse(readFileSync(output, 'utf8'), { columns: true }) as Record<string, string>[]).map((row) => Math.fround(Number(row['probability_good']))); // prettier-ignore
  await call('registry.setAlias', { name: 'mood', alias: 'champion', version: 1, reason: 'words' });
  const { predictUrl, v2Url } = await call('serve.deploy', { endpoint: 'mood', model: 'mood' });
  const named = await http(predictUrl!, { rows: texts.map((text) => ({ text })) });
  const tensors = await http(`${v2Url!}/infer`, {
    inputs: [{ name: 'text', shape: [texts.length, 1], datatype: 'BYTES', data: texts }],
  });
  const classes = words.signature!.classes;
  const good = classes.indexOf('good');
  const served = (named.body.predictions as { probabilities: Record<string, number> }[]).map(({ probabilities }) =>
    Math.fround(probabilities['good']!),
  );
  const outputs = tensors.body.outputs as { name: string; data: number[] }[];
  const flat = outputs.find(({ name }) => name === 'probabilities')!.data;
  expect(inFile).toHaveLength(texts.length);
  expect(served).toEqual(inFile);
  expect(texts.map((_, at) => Math.fround(flat[at * classes.length + good]!))).toEqual(inFile);
  for (const [at, text] of texts.entries()) {
    const { reasons, answer } = await call('train.explainRow', { candidateId: bestOf(words).id, choice: { cells: { text } } });
    if (at >= 8) break;
    expect(answer).toBe(inFile[at]! >= 0.5 ? 'good' : 'bad');
    // People see the text as it was written.
    for (const { cell } of reasons) expect(cell).toBe(text === '' ? null : text);
  }
});

test('a model whose words come from another version is refused by name, and says what to do', async () => {
  const { call } = client;
  const model = readModel(readFileSync(join(folder, 'mood.onnx')));
  const signature = JSON.parse(model.metadata['modelkeep.signature']!) as { inputs: { preprocessor: { version: string } }[] };
  signature.inputs[0]!.preprocessor.version = '1.0.0';
  const metadata = { ...model.metadata, 'modelkeep.signature': JSON.stringify(signature) };
  const { ModelSession } = await import('../stages/4-train/worker/models/modelSession.ts');
  await expect(ModelSession.open(encodeModel(model.graph, { producer: 'modelkeep', metadata }))).rejects.toMatchObject({
    code: 'MK_FEATURES_PREPROCESSOR',
    params: { column: 'text', needed: expect.stringMatching(/^jieba-wasm@1\.0\.0/) },
  });
  expect((await call('registry.version', { name: 'mood', version: 1 })).signature.inputs[0]!.preprocessor!.version).toBe('2.4.0');
});
