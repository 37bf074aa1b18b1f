// From the bytes of a request to the bytes of its answer.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Reference } from '../../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { firstPrediction, namedAnswer, v2Answer, type Answered, type OutputColumn } from '../protocol/answers.ts';
import { flagUnusual, type Flags } from '../protocol/flags.ts';
import { planInputs, type InputColumn, type InputPlan } from '../protocol/inputPlan.ts';
import { parseNamedRows, type PendingImage } from '../protocol/namedRows.ts';
import { parseV2Request } from '../protocol/v2Request.ts';
import { parseInferRequest } from '../grpc/inferRequest.ts';
import { inferResponse } from '../grpc/inferResponse.ts';
import { countColumns } from '../statistics/countColumns.ts';
import type { Timing } from '../statistics/endpointStatistics.ts';
import type { AnswerMeta, LoadedModelInfo, ModelToServe, RequestKind } from '../wire/messages.ts';
import { Batcher } from './batcher.ts';
import { LoadedModel } from './loadedModel.ts';

/** Rows of one request. */
export const maxRows = 10_000;

export interface PredictRequest {
  kind: RequestKind;
  requestId: string;
  jsonBytes: number | null;
  /** See BatchTask. */
  deadlineAt: number | null;
  body: Buffer;
  onProgress(): void;
}

export interface PredictAnswer {
  meta: AnswerMeta;
  body: Buffer;
  jsonBytes: number | null;
  timing: Omit<Timing, 'runs'>;
}

export class Predictor {
  readonly endpoint: string;
  readonly info: LoadedModelInfo;
  readonly #served: ModelToServe;
  readonly #model: LoadedModel;
  readonly #plan: InputPlan;
  readonly #batcher: Batcher;
  readonly #reference: Reference | null;

  private constructor(served: ModelToServe, model: LoadedModel, reference: Reference | null) {
    this.endpoint = served.endpoint;
    this.info = model.info;
    this.#served = served;
    this.#model = model;
    this.#plan = planInputs(served.signature);
    this.#batcher = new Batcher(model, model.info);
    this.#reference = reference;
  }

  static async load(served: ModelToServe): Promise<Predictor> {
    const reference = served.storeInputs ? null : await readReference(served);
    return new Predictor(served, await LoadedModel.load(served), reference);
  }

  /** Errors: those of parseNamedRows, parseV2Request and parseInferRequest, MK_SERVE_IMAGE_INVALID, MK_SERVE_DEADLINE; anything else is a
   *  fault of the model. */
  answer(request: PredictRequest): Promise<PredictAnswer> {
    return request.kind === 'named' ? this.#answerNamed(request) : this.#answerTensors(request);
  }

  /** Runs of the graph since the last call. */
  takeRuns(): Timing['runs'] {
    return this.#batcher.takeRuns();
  }

  async #answerNamed(request: PredictRequest): Promise<PredictAnswer> {
    const arrivedAt = performance.now();
    const { rows, columns, images } = parseNamedRows(this.#plan, request.body, maxRows);
    if (images.length > 0) await this.#decodeImages(columns, images);
    const flags = flagUnusual(this.#plan, columns, rows);
    const readAt = performance.now();
    const { answered, spent } = await this.#predict(request, rows, columns);
    const ranAt = performance.now();
    const body = namedAnswer(answered, this.#served.signature, flags);
    return { meta: this.#meta(answered, columns, flags), body, jsonBytes: null, timing: timingOf(arrivedAt, readAt, ranAt, spent) };
  }

  async #answerTensors(request: PredictRequest): Promise<PredictAnswer> {
    const arrivedAt = performance.now();
    const { kind, body, jsonBytes } = request;
    const { outputNames } = this.#model;
    const { rows, columns, id, outputs } =
      kind === 'grpc'
        ? parseInferRequest(this.#plan, outputNames, body, maxRows)
        : parseV2Request(this.#plan, outputNames, body, jsonBytes, maxRows);
    const flags = flagUnusual(this.#plan, columns, rows);
    const readAt = performance.now();
    const { answered, spent } = await this.#predict(request, rows, columns);
    const ranAt = performance.now();
    const answer =
      kind === 'grpc'
        ? { body: inferResponse(answered, outputs, id, flags.total), jsonBytes: null }
        : v2Answer(answered, outputs, id, flags.total);
    return { meta: this.#meta(answered, columns, flags), ...answer, timing: timingOf(arrivedAt, readAt, ranAt, spent) };
  }

  #predict(
    { requestId, deadlineAt, onProgress }: PredictRequest,
    rows: number,
    columns: readonly InputColumn[],
  ): Promise<{ answered: Answered; spent: { queueUs: number; inferUs: number } }> {
    const { endpoint, model, version } = this.#served;
    return new Promise((resolve, reject) => {
      this.#batcher.add({
        rows,
        columns,
        deadlineAt,
        onProgress,
        done: (error: unknown, outputs: OutputColumn[] | null, spent) => {
          if (outputs) resolve({ answered: { endpoint, model, version, requestId, rows, outputs }, spent });
          else reject(error instanceof Error ? error : new Error(String(error)));
        },
      });
    });
  }

  #meta(answered: Answered, columns: readonly InputColumn[], flags: Flags): AnswerMeta {
    const meta: AnswerMeta = {
      rows: answered.rows,
      prediction: firstPrediction(answered, this.#served.signature),
      warnings: flags.total,
      error: null,
    };
    if (this.#reference) meta.counts = countColumns(this.#reference, this.#served.signature, columns, answered.outputs, answered.rows);
    return meta;
  }

  async #decodeImages(columns: readonly InputColumn[], images: readonly PendingImage[]): Promise<void> {
    const { decodeImage } = await import('../../3-features/api.ts'); // only where there are images: its library is large
    for (const { row, input, bytes } of images) {
      const planned = this.#plan.inputs[input]!;
      const [height, width, channels] = planned.input.shape as [number, number, 1 | 3];
      const pixels = await decodeImage(bytes, { width, height, channels });
      if (!pixels)
        throw new ModelkeepError('MK_SERVE_IMAGE_INVALID', {
          row,
          field: planned.input.name,
          found: `${bytes.length} bytes that are no whole image`,
          expected: planned.expected,
        });
      (columns[input]!.data as Uint8Array).set(pixels, row * pixels.length);
    }
  }
}

function timingOf(arrivedAt: number, readAt: number, ranAt: number, spent: { queueUs: number; inferUs: number }): PredictAnswer['timing'] {
  return { ...spent, inputUs: (readAt - arrivedAt) * 1000, outputUs: (performance.now() - ranAt) * 1000 };
}

async function readReference({ reference }: ModelToServe): Promise<Reference | null> {
  if (!reference) return null;
  const bytes = await readFile(reference.path).catch((error: unknown) => {
    throw new ModelkeepError('MK_BLOB_MISSING', { sha256: reference.sha256 }, { cause: error });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== reference.sha256)
    throw new ModelkeepError('MK_BLOB_CORRUPT', { sha256: reference.sha256 });
  return JSON.parse(bytes.toString()) as Reference;
}
