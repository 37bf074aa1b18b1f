// Every gradient rule and one training per family of networks on ONNX Runtime's WebGPU provider, against its CPU provider.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { providerSupport, type MeasuredSupport } from '../../src-main/compiler/gradients/providerSupport.ts';
import { gradients, operatorKey } from '../../src-main/compiler/gradients/index.ts';
import { onnxRuntimeVersion } from '../../src-main/platform/onnxRuntime.ts';
import type { Peer, PeerResult } from './peer.ts';
import { allTasks, titleOf, type Finding, type Task } from './webgpu/tasks.ts';
import { findings } from './webgpu/inChild.ts';

const limit = 1e-4;
/** A GPU's own sine and cosine are right to about 2⁻¹¹ (WebGPU's specification asks for no more), SwiftShader's to 2e-4. */
const looserLimits: Readonly<Record<string, number>> = { 'Sin@7': 5e-4, 'Cos@7': 5e-4 };
const supportFile = join(import.meta.dirname, '../../src-main/compiler/gradients/providerSupport.ts');

export const peer: Peer = {
  name: 'webgpu',
  about: 'gradient rules and trainings on the WebGPU provider (SwiftShader) against the CPU, and what runs where',
  run,
};

async function run(): Promise<PeerResult> {
  const chosen = process.env.MK_PEER_MODEL;
  const tasks = allTasks.filter((task) => !chosen || titleOf(task).includes(chosen));
  const results: (readonly [Task, Finding])[] = [];
  for await (const result of findings(tasks)) {
    results.push(result);
    if (process.stderr.isTTY) process.stderr.write(`\r${results.length}/${tasks.length}`);
  }
  const failures = results.filter((each) => !isEqual(each));
  if (!chosen) await writeSupport(results);
  const differences = results.flatMap(([, { difference }]) => (difference === undefined ? [] : [difference]));
  const backOnCpu = new Set(results.flatMap(([, { cpu }]) => cpu ?? []));
  return {
    name: 'webgpu',
    peer: `ONNX Runtime ${onnxRuntimeVersion} on the CPU`,
    passed: results.length - failures.length,
    failed: failures.length,
    skipped: 0,
    notes: [
      `largest difference ${Math.max(0, ...differences).toExponential(1)}, limit ${limit} (sine and cosine 5e-4)`,
      `computed on the CPU inside some graph: ${[...backOnCpu].toSorted().join(', ') || 'nothing'}`,
      ...results
        .filter(([task]) => task.kind === 'training')
        .map(([task, { difference, error }]) => `${titleOf(task)}: ${error ?? `differs by ${difference!.toExponential(1)}`}`),
      ...failures.map(([task, { error, difference }]) => `FAILED ${titleOf(task)}: ${error ?? `differs by ${difference}`}`),
    ],
  };
}

function isEqual([task, { error, difference }]: readonly [Task, Finding]): boolean {
  return error === undefined && difference! <= ((task.kind === 'sample' && looserLimits[task.operator]) || limit);
}

/** The worst of an operator's samples. */
async function writeSupport(results: readonly (readonly [Task, Finding])[]): Promise<void> {
  const webgpu: Record<string, MeasuredSupport> = {};
  for (const [task, finding] of results) {
    if (task.kind !== 'sample') continue;
    const { domain = '', opType } = gradients[task.operator]!;
    const key = operatorKey(domain, opType);
    const support: MeasuredSupport = !isEqual([task, finding]) ? 'none' : finding.cpu!.length > 0 ? 'cpu' : 'all';
    const order: readonly (MeasuredSupport | undefined)[] = [undefined, 'all', 'cpu', 'none'];
    if (order.indexOf(support) > order.indexOf(webgpu[key])) webgpu[key] = support;
  }
  const table = { ...providerSupport, webgpu };
  const text = await readFile(supportFile, 'utf8');
  const start = text.indexOf(' = {\n', text.indexOf('providerSupport:'));
  const lines = Object.entries(table).map(([provider, operators]) => {
    const entries = Object.entries(operators).toSorted(([left], [right]) => (left < right ? -1 : 1));
    const written = entries.map(([key, support]) => `    ${/^\w+$/.test(key) ? key : `'${key}'`}: '${support}',\n`);
    return written.length === 0 ? `  ${provider}: {},\n` : `  ${provider}: {\n${written.join('')}  },\n`;
  });
  await writeFile(supportFile, `${text.slice(0, start)} = {\n${lines.join('')}};\n`);
}
