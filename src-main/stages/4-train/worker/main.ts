// The train worker: one process for one piece of work on models. It may block and it may be killed.
import { setImmediate } from 'node:timers/promises';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { compareModels, judgeModel, type CompareOrder, type JudgeOrder } from './models/compareModels.ts';
import { adviseThreshold, evaluateModel, type ThresholdOrder } from './models/evaluateModel.ts';
import { explainModel, type ExplainOrder } from './models/explainModel.ts';
import {
  counterfactual,
  explainColumn,
  explainRow,
  type CounterfactualOrder,
  type EffectOrder,
  type ReasonsOrder,
} from './models/explainRows.ts';
import { inspect } from './table/inspect.ts';
import type { InspectOrder, ScoreRows, TrainOrder } from './order.ts';
import { predictFile, type PredictOrder } from './models/predictFile.ts';
import { quantizeModel, type QuantizeOrder } from './models/quantizeModel.ts';
import { scoreRows } from './models/scoreRows.ts';
import type { ModelOnRows } from './models/testRows.ts';
import { trainRun, type RunWishes } from './run/trainRun.ts';

const wishes: RunWishes = { stop: false, pause: false, addedMs: 0 };

const server = serveWorker({
  train: (order: TrainOrder, { signal, progress }) =>
    trainRun(order, wishes, { signal, progress, emit: (event: string, data: unknown) => server.emit(event, data) }),
  /** `train` then ends with what it has, waits, goes on, or gets more time. */
  wish: (changed: Partial<RunWishes>) => {
    Object.assign(wishes, changed);
  },
  inspect: ({ dataset, target, labels, forecast }: InspectOrder) => inspect(dataset, target, labels, forecast),
  explain: (order: ExplainOrder) => explainModel(order),
  score: ({ modelFile, source }: { modelFile: string; source: ScoreRows }, { signal }) => scoreRows(modelFile, source, pauseUnless(signal)),
  compare: (order: CompareOrder, { signal }) => compareModels(order, pauseUnless(signal)),
  judge: (order: JudgeOrder, { signal }) => judgeModel(order, pauseUnless(signal)),
  evaluate: (order: ModelOnRows, { signal }) => evaluateModel(order, pauseUnless(signal)),
  threshold: (order: ThresholdOrder, { signal }) => adviseThreshold(order, pauseUnless(signal)),
  explainRow: (order: ReasonsOrder, { signal }) => explainRow(order, pauseUnless(signal)),
  explainColumn: (order: EffectOrder, { signal }) => explainColumn(order, pauseUnless(signal)),
  counterfactual: (order: CounterfactualOrder, { signal }) => counterfactual(order, pauseUnless(signal)),
  quantize: (order: QuantizeOrder, { signal }) => quantizeModel(order, pauseUnless(signal)),
  predict: (order: PredictOrder, { signal, progress }) =>
    predictFile(order, async (rows) => {
      progress(null, { key: 'predict.rows', params: { rows } });
      await pauseUnless(signal)();
    }),
});

function pauseUnless(signal: AbortSignal): () => Promise<void> {
  return async () => {
    await setImmediate();
    if (signal.aborted) throw new ModelkeepError('MK_JOB_CANCELLED');
  };
}
