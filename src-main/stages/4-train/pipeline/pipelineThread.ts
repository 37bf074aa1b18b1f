// A thread that fills batches: reads rows, decodes images, augments. It ends when it is told to, and leaves no scratch file.
import { parentPort, workerData } from 'node:worker_threads';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { batchAugmenter } from '../../../compiler/index.ts';
import { PipelinePart } from './PipelinePart.ts';
import type { FromPipelineThread, PipelineThreadData, ToPipelineThread } from './pipelineMessages.ts';

const port = parentPort!;
const { part: settings, batch, stop } = workerData as PipelineThreadData;
const post = (message: FromPipelineThread): void => port.postMessage(message);

function failure(error: unknown): FromPipelineThread {
  return isModelkeepError(error)
    ? { kind: 'failed', code: error.code, params: { ...error.params }, reason: error.message }
    : { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
}

let part: PipelinePart | undefined;
try {
  const augment = batchAugmenter(batch);
  const opened = await PipelinePart.open({ ...settings, stopped: () => Atomics.load(stop, 0) !== 0 });
  part = opened;
  const answer = async (message: Exclude<ToPipelineThread, { kind: 'stop' }>): Promise<void> => {
    if (message.kind === 'augment') augment(message.into, message.rows, message.key);
    else await opened.load(message.rows, message.fileRows, message.into, message.key);
  };
  let working: Promise<void> = Promise.resolve();
  port.on('message', (message: ToPipelineThread) => {
    working = working.then(async () => {
      if (message.kind === 'stop') return end();
      try {
        await answer(message);
        post({ kind: 'done' });
      } catch (error) {
        post(failure(error));
      }
    });
  });
  post({ kind: 'ready', rowCount: opened.rowCount });
} catch (error) {
  post(failure(error));
  end();
}

function end(): void {
  part?.[Symbol.dispose]();
  port.close();
}
