// The product's own training as a person would start it, on the rows to learn from; its best model then answers the test rows.
import { FeatureService } from '../../../src-main/stages/3-features/api.ts';
import { ModelWork, TrainService } from '../../../src-main/stages/4-train/api.ts';
import { TestData } from '../../../src-main/stages/4-train/testData.ts';
import { openTestBench } from '../../../src-main/testing/testBench.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import type { AutomlTable } from './tables.ts';

export interface Answered {
  seconds: number;
  /** Probabilities by class, or numbers, row by row. */
  answers: (number | number[])[];
  classes: string[] | null;
  version: string;
}

export interface OurAutoml extends AsyncDisposable {
  answer(table: AutomlTable, budgetS: number): Promise<Answered>;
}

export async function openOurAutoml(): Promise<OurAutoml> {
  const bench = await openTestBench();
  const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, caller } = bench;
  const data = new TestData(bench);
  const labels = { labelsOf: () => Promise.reject(new Error('no labels here')) };
  const inspector = new ModelWork({ blobs, startWorker, labels });
  const features = new FeatureService({ db, audit, clock, emit, data: data.service, inspector });
  const train = new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data: data.service, labels, features });
  let count = 0;
  return {
    async answer({ train: learnFrom, test, target }, budgetS) {
      const stem = `set-${count++}`;
      const dataset = await data.import(`${stem}-train`, learnFrom);
      const asked = await data.import(`${stem}-test`, test);
      const startedMs = performance.now();
      const { runId, jobId } = await train.start(
        {
          dataset,
          target: { kind: 'column', column: target },
          timeBudgetMs: budgetS * 1000,
          // Peers hold nothing back for a report; we hold back as little as the product allows.
          holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.05 },
          search: { method: 'tpe', maxCandidates: 10_000 },
          seed: 1,
        },
        caller,
      );
      const job = await jobs.wait(jobId);
      const seconds = (performance.now() - startedMs) / 1000;
      if (job.state !== 'done') throw new Error(JSON.stringify(job.error));
      const run = train.get({ runId });
      const { sha256 } = run.candidates.find(({ id }) => id === run.bestCandidateId)!;
      const { prediction, probabilities } = await train.score(sha256!, asked);
      const classes = run.signature!.classes;
      const answers = probabilities
        ? Array.from({ length: prediction.length }, (_, row) =>
            Array.from(probabilities.subarray(row * classes.length, (row + 1) * classes.length)),
          )
        : Array.from(prediction, Number);
      return { seconds, answers, classes: probabilities ? classes : null, version: packageJson.version };
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}
