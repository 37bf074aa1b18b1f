// The time budget of a training run is kept: random tables of all shapes, several budgets each, wall time from the request to the end of its job.
import type { Column } from '../../src-shared/domain/table.ts';
import { counterRandom } from '../../src-main/platform/random.ts';
import { FeatureService } from '../../src-main/stages/3-features/api.ts';
import { ModelWork, TrainService } from '../../src-main/stages/4-train/api.ts';
import { TestData, type TestCell } from '../../src-main/stages/4-train/testData.ts';
import { openTestBench } from '../../src-main/testing/testBench.ts';
import type { Campaign } from './run.ts';

const mostOverrun = 1.05;

interface Outcome {
  table: string;
  budgetS: number;
  /** Wall time over budget; null when the run failed. */
  ratio: number | null;
  candidates: number;
  models: number;
  best: string | null;
}

export const campaign: Campaign = {
  name: 'time-budget',
  about: 'runs keep their time budget and always leave a model: --tables 50 --budgets 5,20,60 --seed 1',
  run: async ({ tables = '50', budgets = '5,20,60', seed = '1' }) => {
    await using bench = await openTestBench();
    const { db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, caller } = bench;
    const data = new TestData(bench);
    const labels = { labelsOf: () => Promise.reject(new Error('no labels here')) };
    const inspector = new ModelWork({ blobs, startWorker, labels });
    const features = new FeatureService({ db, audit, clock, emit, data: data.service, inspector });
    const train = new TrainService({ db, blobs, jobs, audit, clock, ids, emit, startWorker, folder, data: data.service, labels, features });
    const outcomes: Outcome[] = [];
    for (let at = 0; at < Number(tables); at++) {
      const { name, columns, rows } = randomTable(Number(seed), at);
      const dataset = await data.rows(`table-${at}`, columns, rows);
      for (const budgetS of budgets.split(',').map(Number)) {
        const startedMs = performance.now();
        const { runId, jobId } = await train.start(
          {
            dataset,
            target: { kind: 'column', column: 'y' },
            timeBudgetMs: budgetS * 1000,
            seed: at + 1,
            search: { method: 'tpe', maxCandidates: 10_000 },
          },
          caller,
        );
        const job = await jobs.wait(jobId);
        const ratio = (performance.now() - startedMs) / (budgetS * 1000);
        const { candidates, bestCandidateId } = train.get({ runId });
        outcomes.push({
          table: name,
          budgetS,
          ratio: job.state === 'done' ? Number(ratio.toFixed(3)) : null,
          candidates: candidates.length,
          models: candidates.filter(({ sha256 }) => sha256 !== null).length,
          best: candidates.find(({ id }) => id === bestCandidateId)?.learner ?? null,
        });
        console.error(JSON.stringify(outcomes.at(-1)), job.state === 'done' ? '' : JSON.stringify(job.error));
      }
    }
    const late = outcomes.filter(({ ratio }) => ratio === null || ratio > mostOverrun);
    const ratios = outcomes.flatMap(({ ratio }) => (ratio === null ? [] : [ratio])).sort((a, b) => a - b);
    return {
      passed: late.length === 0 && outcomes.every(({ models }) => models > 0),
      runs: outcomes.length,
      withoutModel: outcomes.filter(({ models }) => models === 0).length,
      median: ratios[ratios.length >> 1],
      largest: ratios.at(-1),
      late,
    };
  },
};

/** 40 to 40,000 rows, 2 to 60 columns of mixed types with missing cells; two classes, several, or a number that some columns decide. */
function randomTable(seed: number, at: number): { name: string; columns: Column[]; rows: TestCell[][] } {
  const random = counterRandom(seed, at * 10_000_000);
  const rowCount = Math.round(40 * 1000 ** random.next());
  const width = 2 + Math.floor(58 * random.next() ** 2);
  const classes = [0, 0, 2, 2, 2, 4, 12][random.integer(7)]!;
  const kinds = Array.from({ length: width }, () => random.integer(6));
  const missing = Array.from({ length: width }, () => (random.next() < 0.3 ? random.next() * 0.4 : 0));
  const levels = Array.from({ length: width }, () => 2 + Math.floor(60 * random.next() ** 3));
  const weights = Array.from({ length: width }, () => (random.next() < 0.4 ? random.normal() : 0));
  const columns = kinds.map((kind, column): Column => ({
    name: `x${column}`,
    type: kind < 3 ? 'number' : kind < 5 ? 'category' : 'integer',
  }));
  const rows = Array.from({ length: rowCount }, (_, row) => {
    let score = 0;
    const cells = kinds.map((kind, column): TestCell => {
      const z = random.normal();
      const level = random.integer(levels[column]!);
      score += weights[column]! * (kind < 3 ? Math.sin(z) + z / 2 : kind < 5 ? Math.cos(level) : (level % 3) - 1);
      if (random.next() < missing[column]!) return null;
      return kind < 3 ? z : kind < 5 ? `level ${level}` : level;
    });
    score += 0.5 * random.normal();
    // Every class has rows, also in the smallest table.
    const own = row < classes * 4 ? row % classes : Math.min(classes - 1, Math.max(0, Math.floor((score + 1.5) * (classes / 3))));
    return [...cells, classes === 0 ? score : `class ${own}`];
  });
  const name = `${rowCount} × ${width}, ${classes === 0 ? 'number' : `${classes} classes`}`;
  return { name, columns: [...columns, { name: 'y', type: classes === 0 ? 'number' : 'category' }], rows };
}
