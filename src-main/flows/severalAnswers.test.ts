// Models whose answer is more than one cell, from the file to the answers over HTTP and to what is said of them once the truth is known.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Job } from '../../src-shared/domain/job.ts';
import type { TrainRequest } from '../../src-shared/domain/training.ts';
import type { Client } from '../../src-shared/rpc/client.ts';
import { counterRandom } from '../platform/random.ts';
import { http } from '../testing/serveBench.ts';
import { TestCore } from '../testing/testCore.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

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

async function served(
  name: string,
  rows: readonly string[],
  target: TrainRequest['target'],
): Promise<{ predictUrl: string; v2Url: string }> {
  const { call } = client;
  const file = join(folder, `${name}.csv`);
  writeFileSync(file, `${rows.join('\n')}\n`);
  await finish((await call('data.import', { files: [file], name })).jobId);
  const { jobId } = await call('train.start', {
    dataset: { name, version: 1 },
    target,
    learners: ['baseline', 'linear'],
    search: { method: 'portfolio', maxCandidates: 2 },
    ensemble: false,
    timeBudgetMs: 60_000,
    registerAs: name,
  });
  await finish(jobId);
  await call('registry.setAlias', { name, alias: 'champion', version: 1, reason: 'first' });
  const { predictUrl, v2Url } = await call('serve.deploy', { endpoint: name, model: name });
  return { predictUrl: predictUrl!, v2Url: v2Url! };
}

interface Answer {
  prediction: unknown;
  probability?: number;
  probabilities?: Record<string, number>;
}

test('several labels: requests, files and tensors name the same labels, and the truth that comes later is held against them', async () => {
  const { call } = client;
  const random = counterRandom(3);
  const rows = Array.from({ length: 400 }, () => {
    const [a, b] = [random.normal(), random.normal()];
    const tags = [...(a > 0.3 ? ['red'] : []), ...(b > 0 ? ['green'] : []), ...(a + b < -0.5 ? ['blue, dark'] : [])];
    return { a, b, tags };
  });
  const { predictUrl, v2Url } = await served(
    'tags',
    ['a,b,tags', ...rows.map(({ a, b, tags }) => `${a},${b},"${tags.join('|') || '|'}"`)],
    { kind: 'delimited', column: 'tags', separator: '|' },
  );
  const version = await call('registry.version', { name: 'tags', version: 1 });
  expect(version).toMatchObject({ signature: { task: 'multilabel', classes: ['blue, dark', 'green', 'red'] } });

  const asked = [[2, 2], [-2, -2], [2, -2], [0, 0]]; // prettier-ignore
  const named = await http(predictUrl, { rows: asked.map(([a, b]) => ({ a, b })) });
  const answers = named.body['predictions'] as Answer[];
  expect(answers.slice(0, 3).map(({ prediction }) => prediction)).toEqual([['green', 'red'], ['blue, dark'], ['red']]);
  for (const { prediction, probabilities, probability } of answers) {
    expect(probability).toBeUndefined();
    expect(Object.keys(probabilities!).filter((name) => probabilities![name]! >= 0.5)).toEqual(prediction);
  }

  const [input, output] = [join(folder, 'new.csv'), join(folder, 'answers.csv')];
  writeFileSync(input, ['a,b', ...asked.map((row) => row.join(','))].join('\n'));
  await finish((await call('registry.predict', { name: 'tags', version: 1, input, output })).jobId);
  const inFile = parse(readFileSync(output, 'utf8'), { columns: true }) as Record<string, string>[];
  expect(inFile.map((row) => JSON.parse(row['prediction']!) as string[])).toEqual(answers.map(({ prediction }) => prediction));
  expect(Object.keys(inFile[0]!)).toEqual(['prediction', 'probability_blue, dark', 'probability_green', 'probability_red']);

  const tensors = await http(`${v2Url}/infer`, {
    inputs: ['a', 'b'].map((name, at) => ({ name, shape: [4, 1], datatype: 'FP32', data: asked.map((row) => row[at]) })),
  });
  const outputs = tensors.body['outputs'] as { name: string; datatype: string; shape: number[]; data: unknown[] }[];
  expect(outputs[0]).toMatchObject({ name: 'prediction', datatype: 'BOOL', shape: [4, 3] });
  expect(outputs[0]!.data.slice(0, 3)).toEqual([false, true, true]);

  const openapi = await http(`${new URL(predictUrl).origin}/openapi.json`, undefined);
  expect(JSON.stringify(openapi.body)).toContain(
    '"prediction":{"type":"array","items":{"type":"string","enum":["blue, dark","green","red"]}}',
  );

  // Forty requests, by both protocols, and what was true of their rows.
  const later = rows.slice(0, 40);
  const truth: { requestId: string; row: number; truth: string }[] = [];
  for (const [at, { a, b, tags }] of later.entries()) {
    const { body } =
      at % 2 === 0
        ? await http(predictUrl, { rows: [{ a, b }] })
        : await http(`${v2Url}/infer`, { inputs: [a, b].map((value, column) => ({ name: 'ab'[column], shape: [1, 1], datatype: 'FP32', data: [value] })) }); // prettier-ignore
    const requestId = (body['requestId'] ?? (body['parameters'] as { request_id: string }).request_id) as string;
    truth.push({ requestId, row: 0, truth: tags.length === 1 ? tags[0]! : JSON.stringify(tags) });
  }
  await expect(call('monitor.truth', { endpoint: 'tags', rows: [{ ...truth[0]!, truth: '["purple"]' }] })).rejects.toMatchObject({
    code: 'MK_MONITOR_TRUTH_CLASS',
    params: { found: 'purple' },
  });
  await vi.waitFor(async () => expect((await call('monitor.truth', { endpoint: 'tags', rows: truth })).matched).toBe(40), { timeout: 20_000, interval: 500 }); // prettier-ignore
  const { performance, prediction } = await call('monitor.evaluate', { endpoint: 'tags' });
  expect(performance).toMatchObject({ metric: 'averagePrecision', labelled: 40 });
  expect(performance!.current!.value).toBeGreaterThan(0.8);
  // Subsets are counted as they stand, and fall into the bins that training had.
  expect(prediction!.reference.values).toContain('["green","red"]');
  expect(prediction!.shares[prediction!.reference.values!.indexOf('["green","red"]')]).toBeGreaterThan(0.1);
});

test('a ranking: a score for each row, larger for what comes first', async () => {
  const random = counterRandom(4);
  const rows: string[] = [];
  for (let query = 0; query < 40; query++)
    for (let row = 0; row < 8; row++) {
      const [match, noise] = [random.normal(), random.normal()];
      rows.push(`q${query},${match},${noise},${Math.max(0, Math.round(match + 0.3 * random.normal() + 0.5))}`);
    }
  const { predictUrl } = await served('search', ['query_id,match,noise,grade', ...rows], {
    kind: 'ranking',
    column: 'grade',
    group: 'query_id',
  });
  const { body } = await http(predictUrl, { rows: [-2, 0, 2].map((match) => ({ match, noise: 0 })) });
  const [last, middle, first] = (body['predictions'] as Answer[]).map(({ prediction }) => prediction as number);
  expect(first).toBeGreaterThan(middle!);
  expect(middle).toBeGreaterThan(last!);
  const { signature, test: judged } = await client.call('registry.version', { name: 'search', version: 1 });
  expect(signature.inputs.map(({ name }) => name).sort()).toEqual(['match', 'noise']);
  expect(judged.ndcg10!.value).toBeGreaterThan(0.8);
});
