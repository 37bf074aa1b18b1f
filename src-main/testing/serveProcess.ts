// A core with the serving stage only, as a process of its own that a test can kill: node serveProcess.ts FOLDER ONNX SIGNATURE.
// Prints one line of JSON with the endpoint's address once it answers.
import { readFileSync } from 'node:fs';
import { ServeService } from '../stages/6-serve/api.ts';
import { openTestBench } from './testBench.ts';
import { TestRegistry } from './serveBench.ts';

const [folder, onnx, signature] = process.argv.slice(2) as [string, string, string];
const bench = await openTestBench({ folder });
const registry = new TestRegistry(bench);
await registry.add('m', 1, { bytes: new Uint8Array(readFileSync(onnx)), signature: JSON.parse(readFileSync(signature, 'utf8')) });
registry.aliases.set('m@champion', 1);
const { db, audit, clock, emit, startWorker, workspace } = bench;
const serve = new ServeService({
  db,
  audit,
  clock,
  emit,
  startWorker,
  models: registry,
  folders: { workspace: workspace.folder, journal: workspace.journal, run: workspace.run },
  settings: () => ({ servePort: 0, serveGrpcPort: 0, serveControl: false, requestRetentionDays: 30 }),
});
await serve.resume();
const [known] = await serve.list();
const endpoint =
  known ?? (await serve.deploy({ endpoint: 'm', model: 'm', alias: 'champion', storeInputs: true, reason: '' }, bench.caller));
console.log(JSON.stringify({ url: endpoint.predictUrl, state: endpoint.state }));
process.on('message', (message) => {
  if (message !== 'close') return;
  void serve.close().then(async () => {
    await bench[Symbol.asyncDispose]();
    process.exit(0);
  });
});
