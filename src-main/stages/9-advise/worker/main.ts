// The program that judges series; a process of its own because a long series takes seconds of computing.
import { serveWorker } from '../../../platform/workerMain.ts';
import { forecast } from './forecast.ts';
import { judge, type Judgement } from './judge.ts';
import type { Period } from './rules.ts';

serveWorker({
  judge: ({ values, period }: { values: (number | null)[]; period: Period }, { signal, progress }): Promise<Judgement> =>
    judge(values, { period, forecast, signal, onProgress: progress }),
});
