import type { CompiledGradients } from '../../compileGradients.ts';
import { elementCount } from '../../onnx/graph.ts';
import type { SharedMemory } from '../../../kernels/webAssembly.ts';
import { assistMessage, dismiss, helpMessage, type TrainingWorker } from './workerPart.ts';

/** Below this many numbers passes end before a thread that is told by a message is there. */
const fewestNumbers = 2 ** 20;

/** How many `helpers` of a `GradientTrainer` gain: where the graph runs on several threads of the runtime and the model is not small. */
export function usefulHelpers(
  { parameters }: Pick<CompiledGradients, 'parameters'>,
  { workers, threads }: { readonly workers: number; readonly threads: number },
): number {
  const numbers = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return workers === 0 && PassHelper.gains(numbers) ? threads - 1 : 0;
}

/**
 * A thread that takes part in the passes over parameters and gradients only: for trainings whose graph runs on several threads of the
 * runtime, which do nothing meanwhile. Without it, and when it ends by itself, passes give the same bits and take longer.
 */
export class PassHelper {
  readonly #worker: TrainingWorker;
  readonly #gone: Promise<void>;
  #ended = false;

  constructor(worker: TrainingWorker, passes: SharedMemory) {
    this.#worker = worker;
    this.#gone = new Promise((resolve) => {
      worker.onEnd(() => {
        this.#ended = true;
        resolve();
      });
    });
    worker.post(assistMessage(passes));
  }

  /** Whether passes over vectors of so many numbers gain. */
  static gains(numbers: number): boolean {
    return numbers >= fewestNumbers;
  }

  /** The run of the graph is over, passes begin. */
  help(round: number): void {
    if (!this.#ended) this.#worker.post(helpMessage(round));
  }

  async release(): Promise<void> {
    dismiss(this.#worker);
    await this.#gone;
  }
}
