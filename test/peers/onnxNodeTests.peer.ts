// Every operator test that ONNX itself ships, opsets 11 to 23: does it parse, get its shapes, and give the stored numbers?
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readModel, type TensorData } from '../../src-main/compiler/index.ts';
import { onnxRuntime } from '../../src-main/compiler/tests/runtimes.ts';
import { judgedByRuntimeBecause, runNodeTest, type Outcome } from './onnxNodeTestsCase.ts';
import { nodeTests, suites, type NodeTest } from './onnxNodeTestsSuites.ts';
import type { Peer, PeerResult } from './peer.ts';

export const peer: Peer = {
  name: 'onnx-node-tests',
  about: "ONNX's stored operator tests (opsets 11 to 23) through import, shapes and the reference interpreter",
  run,
};

interface Row {
  matched: number;
  failed: number;
  unclaimed: number;
  opsets: Set<number>;
}

async function run(): Promise<PeerResult> {
  const table = new Map<string, Row>();
  const failures: string[] = [];
  const judged: string[] = [];
  const reasons = new Map<string, number>();
  const count = (outcome: Outcome, opset: number): void => {
    const row = table.get(outcome.operator) ?? { matched: 0, failed: 0, unclaimed: 0, opsets: new Set() };
    table.set(outcome.operator, row);
    row[outcome.state]++;
    if (outcome.state === 'matched') row.opsets.add(opset);
    if (outcome.state === 'unclaimed') reasons.set(outcome.reason, (reasons.get(outcome.reason) ?? 0) + 1);
  };
  for (const suite of suites) {
    // An "expanded" case is an operator's body as a graph of others; it counts for the operator.
    const operators = new Map<string, string>();
    for await (const test of nodeTests(suite)) {
      const base = test.name.replace(/_expanded.*$/, '');
      if ('reason' in test) {
        count({ state: 'unclaimed', operator: operators.get(base) ?? 'types', reason: test.reason }, suite.opset);
        continue;
      }
      const operator = operators.get(base) ?? mainOperator(test.model);
      operators.set(base, operator);
      const stated = judgedByRuntimeBecause(test);
      if (stated !== undefined) {
        const outputs = await runtimeOutputs(test).catch(() => undefined);
        judged.push(`judged by ONNX Runtime: ${test.suite} ${test.name}: ${stated}`);
        if (outputs) test.outputs = outputs;
        else {
          count({ state: 'unclaimed', operator, reason: stated }, suite.opset);
          continue;
        }
      }
      const outcome = runNodeTest(test, operator);
      count(outcome, suite.opset);
      if (outcome.state === 'failed') failures.push(`${suite.version} ${test.name} (${operator}, ${outcome.stage}): ${outcome.reason}`);
    }
  }
  const rows = [...table].toSorted(([a], [b]) => (a < b ? -1 : 1));
  // docs/operators.md tells how many cases each operator passed.
  await writeFile(join(import.meta.dirname, 'onnxNodeTests.json'), countsText(rows));
  const sum = (key: 'matched' | 'failed' | 'unclaimed'): number => rows.reduce((total, [, row]) => total + row[key], 0);
  return {
    name: peer.name,
    peer: `onnx ${suites.map((each) => each.version).join(', ')} (stored outputs)`,
    passed: sum('matched'),
    failed: sum('failed'),
    skipped: sum('unclaimed'),
    notes: [
      'operator: matched / failed / not claimed (suites by opset)',
      ...rows.map(([name, row]) => `${name}: ${row.matched} / ${row.failed} / ${row.unclaimed} (${[...row.opsets].join(', ') || '–'})`),
      ...failures.map((each) => `FAILED ${each}`),
      ...judged,
      ...[...reasons]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 60)
        .map(([reason, times]) => `not claimed, ${times}: ${reason}`),
    ],
  };
}

function countsText(rows: readonly (readonly [string, Row])[]): string {
  const lines = rows
    .filter(([, { matched, failed }]) => matched + failed > 0)
    .map(
      ([name, { matched, failed, opsets }]) =>
        `  "${name}": { "matched": ${matched}, "failed": ${failed}, "opsets": [${[...opsets].join(', ')}] }`,
    );
  return `{\n${lines.join(',\n')}\n}\n`;
}

async function runtimeOutputs({ model, inputs, outputs }: NodeTest): Promise<TensorData[]> {
  const { graph } = readModel(model);
  const session = await onnxRuntime.createSession(model);
  const feeds = graph.inputs.map(({ name }, at) => {
    const { dtype, data, shape } = inputs[at]!;
    return [name, onnxRuntime.tensor(dtype as 'float32', data as Float32Array, shape)];
  });
  const results = await session.run(Object.fromEntries(feeds) as never, Object.fromEntries(graph.outputs.map(({ name }) => [name, null])));
  await session.release();
  return graph.outputs.map(({ name }, at) => ({ ...outputs[at]!, shape: results[name]!.dims, data: results[name]!.data }) as TensorData);
}

/** The operator that a test is about: its last node. */
function mainOperator(model: Uint8Array): string {
  try {
    return readModel(model).graph.nodes.at(-1)?.opType ?? 'none';
  } catch {
    return 'types';
  }
}
