// One model version in ONNX Runtime: verified, tried out, and run in chunks.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from '../../../platform/onnxRuntime.ts';
import type { ModelSignature } from '../../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Preprocessing } from '../../3-features/api.ts';
import type { OutputColumn } from '../protocol/answers.ts';
import type { ColumnData, InputColumn } from '../protocol/inputPlan.ts';
import type { LoadedModelInfo, ModelToServe } from '../wire/messages.ts';
import { missingColumns, sampleColumns } from './sampleColumns.ts';

const warmUpRuns = 20;
/** A chunk should not hold up what came meanwhile for longer. */
const longestChunkMs = 50;
const largestChunkRows = 256;

export class LoadedModel {
  readonly signature: ModelSignature;
  readonly outputNames: readonly string[];
  readonly info: LoadedModelInfo;
  readonly #session: InferenceSession;
  readonly #preprocessing: Preprocessing | null;

  private constructor(signature: ModelSignature, session: InferenceSession, preprocessing: Preprocessing | null, info: LoadedModelInfo) {
    this.signature = signature;
    this.#session = session;
    this.#preprocessing = preprocessing;
    this.outputNames = outputNamesOf(signature, session);
    this.info = info;
  }

  /**
   * Reads the blob, checks it against its hash and its signature, and runs it until it is warm. `onRun` is called after every run.
   * Errors: MK_BLOB_MISSING, MK_BLOB_CORRUPT, MK_FEATURES_PREPROCESSOR, MK_SERVE_LOAD_FAILED, MK_SERVE_SIGNATURE_MISMATCH.
   */
  static async load(model: ModelToServe, onRun: () => void = () => {}): Promise<LoadedModel> {
    const bytes = await readVerified(model.path, model.sha256);
    const failed = (error: unknown): ModelkeepError =>
      new ModelkeepError('MK_SERVE_LOAD_FAILED', { model: model.model, version: model.version, reason: reasonOf(error) }, { cause: error });
    const preprocessing = await preprocessingOf(model.signature.inputs);
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1, // with more, p99 rose from 0.7 to 4 ms under contention
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 4,
      });
    } catch (error) {
      throw failed(error);
    }
    checkSignature(model, session);
    const loaded = new LoadedModel(model.signature, session, preprocessing, {
      rowMs: 0,
      chunkMs: 0,
      chunkRows: 1,
      batchable: false,
      rssBytes: 0,
    });
    try {
      Object.assign(loaded.info, await loaded.#warmUp(onRun));
    } catch (error) {
      throw failed(error);
    }
    return loaded;
  }

  /** Runs the rows, with texts as callers send them, at once. Throws what ONNX Runtime throws. */
  async run(columns: readonly InputColumn[], rows: number): Promise<OutputColumn[]> {
    const feeds: Record<string, Tensor> = {};
    this.signature.inputs.forEach((input, index) => {
      const { data, dims } = columns[index]!;
      const cut = this.#preprocessing?.of(input.name);
      feeds[input.name] = new Tensor(input.onnxType, (cut ? (data as string[]).map(cut) : data) as never, [rows, ...dims]);
    });
    const outputs = await this.#session.run(feeds, this.outputNames);
    return this.outputNames.map((name) => {
      const { type, data, dims } = outputs[name]!;
      return { name, onnxType: type as OutputColumn['onnxType'], dims: dims.slice(1), data: data as ColumnData };
    });
  }

  async #warmUp(onRun: () => void): Promise<LoadedModelInfo> {
    const { inputs } = this.signature;
    const timed = async (columns: InputColumn[], rows: number): Promise<number> => {
      const start = performance.now();
      await this.run(columns, rows);
      onRun();
      return performance.now() - start;
    };
    const one = sampleColumns(inputs, 1);
    const times: number[] = [];
    for (let run = 0; run < warmUpRuns; run++) times.push(await timed(one, 1));
    await timed(missingColumns(inputs, 1), 1);
    const rowMs = median(times);
    const batchable = await this.#followsRows(inputs);
    onRun();
    let chunkRows = batchable ? Math.max(1, Math.min(largestChunkRows, Math.floor(longestChunkMs / rowMs))) : 1;
    let chunkMs = rowMs;
    for (; chunkRows > 1; chunkRows = Math.ceil(chunkRows / 4)) {
      const columns = sampleColumns(inputs, chunkRows);
      chunkMs = Math.min(await timed(columns, chunkRows), await timed(columns, chunkRows));
      if (chunkMs <= longestChunkMs) break;
    }
    return { rowMs, chunkMs, chunkRows, batchable, rssBytes: process.memoryUsage.rss() };
  }

  /** Whether two rows give two answers in every output. A model with a fixed batch size refuses the second row. */
  async #followsRows(inputs: ModelSignature['inputs']): Promise<boolean> {
    try {
      const outputs = await this.#session.run(
        Object.fromEntries(
          sampleColumns(inputs, 2).map(({ data, dims }, index) => [
            inputs[index]!.name,
            new Tensor(inputs[index]!.onnxType, data as never, [2, ...dims]),
          ]),
        ),
        this.outputNames,
      );
      return this.outputNames.every((name) => outputs[name]!.dims[0] === 2);
    } catch {
      return false;
    }
  }
}

/** Loaded only for models that need it: that code and the dictionary are large. */
async function preprocessingOf(inputs: ModelSignature['inputs']): Promise<Preprocessing | null> {
  if (!inputs.some(({ preprocessor }) => preprocessor)) return null;
  const { Preprocessing } = await import('../../3-features/api.ts');
  return Preprocessing.open(inputs);
}

async function readVerified(path: string, sha256: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ModelkeepError('MK_BLOB_MISSING', { sha256 }, { cause: error });
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new ModelkeepError('MK_BLOB_CORRUPT', { sha256 });
  return bytes;
}

function checkSignature({ model, version, signature }: ModelToServe, session: InferenceSession): void {
  const mismatch = (field: string, problem: string): ModelkeepError =>
    new ModelkeepError('MK_SERVE_SIGNATURE_MISMATCH', { model, version, field, problem });
  const typeOf = (metadata: InferenceSession['inputMetadata'], name: string): string | null => {
    const found = metadata.find((each) => each.name === name);
    return found ? (found.isTensor ? found.type : 'no tensor') : null;
  };
  for (const { name, onnxType } of signature.inputs) {
    const type = typeOf(session.inputMetadata, name);
    if (type !== onnxType) throw mismatch(name, `${onnxType} in the signature, ${type ?? 'absent'} in the file`);
  }
  const known = new Set(signature.inputs.map((input) => input.name));
  for (const name of session.inputNames) if (!known.has(name)) throw mismatch(name, 'absent in the signature');
  for (const { name, onnxType } of signature.outputs) {
    const type = typeOf(session.outputMetadata, name);
    if (type !== onnxType) throw mismatch(name, `${onnxType} in the signature, ${type ?? 'absent'} in the file`);
  }
}

function outputNamesOf(signature: ModelSignature, session: InferenceSession): readonly string[] {
  return signature.outputs.length > 0 ? signature.outputs.map(({ name }) => name) : session.outputNames;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
