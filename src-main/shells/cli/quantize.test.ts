import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InferenceSession, Tensor } from '../../platform/onnxRuntime.ts';
import type { ModelVariant } from '../../../src-shared/domain/modelVariant.ts';
import { callIn, type Called } from './testCli.ts';

const churn = new URL('../../../resources/samples/churn/churn.csv', import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...argv: string[]): Promise<Called> => callIn(folder, argv);

/** Answers of a model file to rows of text, as anyone with ONNX Runtime would get them. */
async function probabilities(file: string, header: readonly string[], rows: readonly (readonly string[])[]): Promise<Float32Array> {
  const session = await InferenceSession.create(readFileSync(file));
  try {
    const feeds = session.inputMetadata.map((input) => {
      const cells = rows.map((row) => row[header.indexOf(input.name)]!);
      const isText = input.isTensor && input.type === 'string';
      return [input.name, isText ? new Tensor('string', cells, [rows.length, 1]) : new Tensor('float32', cells.map((cell) => (cell === '' ? NaN : Number(cell))), [rows.length, 1])] as const; // prettier-ignore
    });
    return (await session.run(Object.fromEntries(feeds)))['probabilities']!.data as Float32Array;
  } finally {
    await session.release();
  }
}

test(
  'a trained network is exported in int8: smaller, told with its loss, and answering alike in ONNX Runtime',
  { timeout: 400_000 },
  async () => {
    const lines = readFileSync(churn, 'utf8').split('\n').slice(0, 1201);
    const table = join(folder, 'table.csv');
    writeFileSync(table, lines.join('\n'));
    expect((await run('data', 'import', table, '--name', 'churn', '--json')).status).toBe(0);
    const trained = await run('train', '--data', 'churn', '--target', 'churn', '--learner', 'mlp', '--learner', 'boosting', '--time-budget', '240s', '--max-candidates', '3', '--json'); // prettier-ignore
    expect([trained.status, trained.stderr]).toEqual([0, expect.anything()]);
    const { candidates } = JSON.parse(trained.stdout) as { candidates: { id: string; learner: string }[] };
    for (const learner of ['mlp', 'boosting']) {
      const { id } = candidates.find((each) => each.learner === learner)!;
      expect((await run('models', 'register', id, '--name', learner, '--json')).status).toBe(0);
    }

    const [float, int8, ranged] = ['float.onnx', 'int8.onnx', 'ranged.onnx'].map((name) => join(folder, name)) as [string, string, string];
    expect((await run('models', 'export', 'mlp', '--output', float, '--json')).status).toBe(0);
    const dynamic = await run('models', 'export', 'mlp:1', '--output', int8, '--quantize', 'dynamic', '--json');
    expect(dynamic.status).toBe(0);
    const { variant } = JSON.parse(dynamic.stdout) as { variant: ModelVariant };
    expect(variant).toMatchObject({ kind: 'dynamic', originalBytes: statSync(float).size, sizeBytes: statSync(int8).size, rows: 240 });
    expect(variant.sizeBytes).toBeLessThan(variant.originalBytes);

    const cells = lines.slice(1).map((line) => line.split(','));
    const [before, after] = [
      await probabilities(float, lines[0]!.split(','), cells),
      await probabilities(int8, lines[0]!.split(','), cells),
    ];
    const apart = before.map((each, at) => Math.abs(each - after[at]!));
    expect(Math.max(...apart)).toBeGreaterThan(0);
    expect(Math.max(...apart)).toBeLessThan(0.1);

    const told = await run('models', 'export', 'mlp', '--output', ranged, '--quantize', 'static', '--sample', table);
    expect(told).toMatchObject({ status: 0, stderr: '' });
    for (const words of ['products in 8-bit integers, static', 'still float', '1024 rows of table.csv', 'ms of one row', 'auc'])
      expect(told.stdout).toContain(words);
    const after3 = await probabilities(ranged, lines[0]!.split(','), cells);
    expect(Math.max(...before.map((each, at) => Math.abs(each - after3[at]!)))).toBeLessThan(0.2);

    const trees = await run('models', 'export', 'boosting', '--output', join(folder, 'x.onnx'), '--quantize', 'dynamic', '--json');
    expect(trees.status).not.toBe(0);
    expect(JSON.parse(trees.stdout)).toMatchObject({ error: { code: 'MK_REGISTRY_NOTHING_TO_QUANTIZE' } });
    expect((await run('models', 'export', 'mlp', '--output', int8, '--quantize', 'dynamic', '--sample', table)).status).toBe(2);
    expect((await run('audit', 'list', '--json')).stdout).toContain('registry.quantize');
  },
);
