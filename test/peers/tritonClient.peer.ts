// Triton's and KServe's own clients, unmodified, against a served model of ours: HTTP and gRPC, every element type, errors, statistics, repository.
import { join } from 'node:path';
import { openTestServe } from '../../src-main/testing/serveBench.ts';
import { churnModel, everyTypeModel } from '../../src-main/testing/serveModels.ts';
import { preparePython } from '../fixtures/python.ts';
import { jsonLines } from './jsonLines.ts';
import type { Peer, PeerResult } from './peer.ts';

const clients = [
  { script: 'tritonClient.py', name: 'tritonclient 2.73.0', packages: ['tritonclient[http,grpc]==2.73.0', 'numpy==2.4.6'] },
  { script: 'kserveClient.py', name: 'kserve 0.21.0', packages: ['kserve==0.21.0'] },
];

export const peer: Peer = {
  name: 'triton-client',
  about: 'tritonclient (HTTP, gRPC) and the KServe client, unmodified, against served models',
  run,
};

interface Check {
  check: string;
  ok: boolean;
  detail: string;
}

async function run(): Promise<PeerResult> {
  await using t = await openTestServe({}, { serveControl: true });
  await t.registry.add('churn', 1, churnModel());
  await t.registry.add('types', 3, everyTypeModel());
  t.registry.aliases.set('churn@champion', 1).set('types@champion', 3);
  const deploy = (name: string): ReturnType<typeof t.serve.deploy> =>
    t.serve.deploy({ endpoint: name, model: name, alias: 'champion', storeInputs: true, reason: '' }, t.bench.caller);
  await deploy('churn');
  const { url, grpcAddress } = await deploy('types');

  const result: PeerResult = {
    name: peer.name,
    peer: clients.map(({ name }) => name).join(', '),
    passed: 0,
    failed: 0,
    skipped: 0,
    notes: [],
  };
  for (const { script, name, packages } of clients) {
    const python = await preparePython(packages);
    const checks = (await jsonLines(python, [join(import.meta.dirname, script), url!.replace('http://', ''), grpcAddress!], [])) as Check[];
    result.passed += checks.filter(({ ok }) => ok).length;
    const failed = checks.filter(({ ok }) => !ok);
    result.failed += failed.length;
    result.notes.push(`${name}: ${checks.length - failed.length} of ${checks.length} checks`);
    for (const { check, detail } of failed) result.notes.push(`  ${check}: ${detail}`);
  }

  // What they asked is stored like any other request.
  const { requests } = await t.serve.requests({ endpoint: 'types', only: 'all', limit: 200 });
  const stored = requests.filter(({ status }) => status === 200).length;
  result.notes.push(`${requests.length} requests of these clients are stored, ${stored} of them answered`);
  if (stored > 0) result.passed++;
  else result.failed++;
  return result;
}
