// One import in a workspace of its own, in a process of its own, for `bench import`: prints the seconds from the start of the job to its end.
import { DataService } from '../../src-main/stages/1-data/api.ts';
import { openTestBench } from '../../src-main/testing/testBench.ts';

const [file, memoryMb] = process.argv.slice(2) as [string, string];
await using bench = await openTestBench();
const { db, blobs, jobs, audit, clock, emit, startWorker, workspace } = bench;
bench.add(
  new DataService({ db, blobs, jobs, audit, clock, emit, startWorker, scratch: workspace.tmp, jobMemoryMb: () => Number(memoryMb) }),
);
const started = performance.now();
const { state, error } = await jobs.wait(jobs.start('data.import', { files: [file], name: 'bench', options: {} }, bench.caller).id);
if (state !== 'done') throw new Error(`the import ${state}: ${JSON.stringify(error)}`);
console.log((performance.now() - started) / 1000);
