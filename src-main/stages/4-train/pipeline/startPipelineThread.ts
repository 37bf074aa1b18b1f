import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '../../../../src-shared/errors/catalogue.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { FromPipelineThread, PipelineThreadData, ToPipelineThread } from './pipelineMessages.ts';

/** The host's side of a pipeline thread. */
export interface PipelineThread {
  readonly rowCount: number;
  /** One at a time. Throws what the thread throws, and MK_TRAIN_PIPELINE_ENDED. */
  ask(message: Exclude<ToPipelineThread, { kind: 'stop' }>): Promise<void>;
  /**
   * Resolves when the thread is gone, which is after the image or the 2,048 rows that it works on. It is never terminated:
   * libvips and DuckDB then call back into a thread that is no more, and the whole process aborts.
   */
  stop(): Promise<void>;
}

/** Resolves when the file is open. Throws what `PipelinePart.open` throws; then no thread is left. */
export async function startPipelineThread(data: PipelineThreadData): Promise<PipelineThread> {
  const here = import.meta.url;
  const worker = new Worker(new URL(here.endsWith('.ts') ? './pipelineThread.ts' : './pipelineThread.js', here), { workerData: data });
  let waiting: PromiseWithResolvers<FromPipelineThread> | undefined;
  let ended: ModelkeepError | undefined;
  const end = (reason: string, cause?: unknown): void => {
    ended ??= new ModelkeepError('MK_TRAIN_PIPELINE_ENDED', { reason }, { cause });
    waiting?.reject(ended);
    waiting = undefined;
  };
  const gone = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      end(`exit code ${code}`);
      resolve();
    });
  });
  worker.on('error', (error: Error) => end(error.message, error));
  worker.on('message', (message: FromPipelineThread) => {
    waiting?.resolve(message);
    waiting = undefined;
  });
  const answer = async (): Promise<FromPipelineThread> => {
    if (ended) throw ended;
    waiting = Promise.withResolvers<FromPipelineThread>();
    const message = await waiting.promise;
    if (message.kind === 'failed')
      throw message.code === undefined
        ? new ModelkeepError('MK_TRAIN_PIPELINE_ENDED', { reason: message.reason })
        : new ModelkeepError(message.code as ErrorCode, message.params);
    return message;
  };
  const ready = await answer().catch(async (error: unknown) => {
    await gone;
    throw error;
  });
  return {
    rowCount: (ready as Extract<FromPipelineThread, { kind: 'ready' }>).rowCount,
    async ask(message) {
      const answered = answer();
      worker.postMessage(message);
      await answered;
    },
    async stop() {
      worker.postMessage({ kind: 'stop' } satisfies ToPipelineThread);
      await gone;
    },
  };
}
