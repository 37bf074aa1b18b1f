import { Worker } from 'node:worker_threads';
import type { TrainingWorker } from '../../../compiler/index.ts';

/** A thread for `GradientTrainer`. It ends when `end` is called, or with this process. */
export function startGradientThread(): TrainingWorker {
  const here = import.meta.url;
  const thread = new Worker(new URL(here.endsWith('.ts') ? './gradientThread.ts' : './gradientThread.js', here));
  return {
    post: (message) => thread.postMessage(message),
    onMessage: (listener) => thread.on('message', listener),
    onEnd: (listener) => {
      let told = false;
      const tell = (reason: string): void => {
        if (!told) listener(reason);
        told = true;
      };
      thread.on('error', (error) => tell(error.message));
      thread.on('exit', (code) => tell(`exit code ${code}`));
    },
    end: async () => {
      await thread.terminate();
    },
  };
}
