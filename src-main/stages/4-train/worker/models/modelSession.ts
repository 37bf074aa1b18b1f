import { InferenceSession, Tensor } from '../../../../platform/onnxRuntime.ts';
import { modelSignature, type ModelSignature } from '../../../../../src-shared/domain/features.ts';
import { isModelkeepError, ModelkeepError } from '../../../../../src-shared/errors/modelkeepError.ts';
import { readModel } from '../../../../compiler/index.ts';
import { batches, Preprocessing, type TensorLike } from '../../../3-features/api.ts';
import { signatureKey } from '../../exportModel.ts';
import { joinAnswers, sliceFeeds, type ModelAnswers } from './modelAnswers.ts';

const rowsPerRun = { wide: 256, narrow: 4096 };

/** A finished model, loaded as any user of the file would load it. */
export class ModelSession {
  readonly signature: ModelSignature;
  readonly #session: InferenceSession;
  readonly #preprocessing: Preprocessing;

  /** Errors: MK_MODEL_UNREADABLE, MK_FEATURES_PREPROCESSOR. */
  static async open(bytes: Uint8Array): Promise<ModelSession> {
    try {
      const signature = modelSignature.parse(JSON.parse(readModel(bytes).metadata[signatureKey] ?? 'null'));
      const preprocessing = await Preprocessing.open(signature.inputs);
      const session = await InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 });
      return new ModelSession(signature, session, preprocessing);
    } catch (error) {
      if (isModelkeepError(error)) throw error;
      throw new ModelkeepError(
        'MK_MODEL_UNREADABLE',
        { reason: error instanceof Error ? error.message.slice(0, 200) : String(error) },
        { cause: error },
      );
    }
  }

  private constructor(signature: ModelSignature, session: InferenceSession, preprocessing: Preprocessing) {
    this.signature = signature;
    this.#session = session;
    this.#preprocessing = preprocessing;
  }

  /** `feeds` hold plain text. Any number of rows, in batches; fewer rows to a batch where texts are long or rows are pictures. */
  async answerAll(feeds: Record<string, TensorLike>, rows: number): Promise<ModelAnswers> {
    const { inputs } = this.signature;
    const wide = inputs.some(({ type }) => type === 'text' || type === 'image');
    const texts = inputs.flatMap(({ name, type }) => (type === 'text' ? [feeds[name]!.data as string[]] : []));
    const lengthAt = (row: number): number => Math.max(0, ...texts.map((column) => column[row]!.length));
    const parts: ModelAnswers[] = [];
    for (const [start, end] of batches(rows, wide ? rowsPerRun.wide : rowsPerRun.narrow, lengthAt))
      parts.push(await this.answer(end - start === rows ? feeds : sliceFeeds(feeds, start, end - start)));
    return joinAnswers(parts);
  }

  async answer(feeds: Record<string, TensorLike>): Promise<ModelAnswers> {
    const result = await this.#session.run(
      Object.fromEntries(
        Object.entries(this.#preprocessing.feeds(feeds)).map(([name, { type, data, dims }]) => [
          name,
          new Tensor(type, data as never, dims),
        ]),
      ),
    );
    return {
      prediction: this.#predictions(result['prediction']!),
      probabilities: numbers(result['probabilities']),
      lower: numbers(result['lower']),
      upper: numbers(result['upper']),
      set: (result['set']?.data as Uint8Array | undefined) ?? null,
    };
  }

  #predictions({ data, dims }: Tensor): string[] | Float32Array {
    const { task, classes } = this.signature;
    if (task !== 'multilabel') return data as unknown as string[] | Float32Array;
    return Array.from({ length: dims[0]! }, (_, row) => {
      const flags = (data as Uint8Array).subarray(row * classes.length, (row + 1) * classes.length);
      return JSON.stringify(classes.filter((__, label) => flags[label] === 1));
    });
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function numbers(output: Tensor | undefined): Float32Array | null {
  return (output?.data as Float32Array | undefined) ?? null;
}
