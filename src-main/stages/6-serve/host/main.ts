// Inference host: a child of the gateway that loads one model version, once, and answers frames until it is retired.
// Sessions that are created and released over and over leak, so a host never loads a second model.
import { connect } from 'node:net';
import { catalogue, type ErrorCode, type ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { FrameLink } from '../wire/frameLink.ts';
import { answerHead, kinds, readRequest, type AnswerMeta, type ModelToServe, type RequestKind } from '../wire/messages.ts';
import { errorBody, v2ErrorBody } from '../protocol/answers.ts';
import { Predictor, type PredictAnswer } from './predictor.ts';

const socketPath = process.argv.find((word) => word.startsWith('--socket='))?.slice('--socket='.length) ?? '';
const endedByGateway = (): never => process.exit(0);
const socket = connect(socketPath).on('close', endedByGateway).on('error', endedByGateway);
let predictor: Predictor | null = null;

const kindOf: Record<number, RequestKind> = { [kinds.named]: 'named', [kinds.v2]: 'v2', [kinds.grpc]: 'grpc' };
const noTiming = { queueUs: 0, inputUs: 0, inferUs: 0, outputUs: 0 };

const link = new FrameLink(socket, (id, frameKind, payload) => {
  const kind = kindOf[frameKind]!;
  const { requestId, jsonBytes, withinMs, body } = readRequest(payload);
  const deadlineAt = withinMs === null ? null : performance.now() + withinMs;
  void predictor!.answer({ kind, requestId, jsonBytes, deadlineAt, body, onProgress: () => link.send(id, kinds.progress) }).then(
    ({ meta, body: answer, jsonBytes: answerJsonBytes, timing }) => send(id, 200, answerJsonBytes, meta, answer, timing),
    (error: unknown) => sendError(id, kind, requestId, error),
  );
});

function send(id: number, status: number, jsonBytes: number | null, meta: AnswerMeta, body: Buffer, timing: PredictAnswer['timing']): void {
  const metaBytes = Buffer.from(JSON.stringify(meta));
  const head = answerHead(status, jsonBytes, metaBytes.length, meta.rows, { ...timing, runs: predictor!.takeRuns() });
  link.send(id, kinds.answer, head, metaBytes, body);
}

/** Of gRPC too the body is JSON: the gateway, which speaks it, makes the trailers. */
function sendError(id: number, kind: RequestKind, requestId: string, error: unknown): void {
  const { code, params } = describe(error);
  const body = (kind === 'named' ? errorBody : v2ErrorBody)(code, params, requestId);
  send(id, catalogue[code].http, null, { rows: 0, prediction: null, warnings: 0, error: { code, params } }, body, noTiming);
}

function describe(error: unknown): { code: ErrorCode; params: ErrorParams } {
  if (isModelkeepError(error)) return { code: error.code, params: error.params };
  console.error(error);
  return { code: 'MK_SERVE_RUN_FAILED', params: { field: predictor?.endpoint ?? '' } };
}

const server = serveWorker(
  {
    load: async (model: ModelToServe) => {
      predictor = await Predictor.load(model);
      return predictor.info;
    },
  },
  { watchParentAfterMs: 0 },
);
setInterval(() => server.emit('memory', { rssBytes: process.memoryUsage.rss() }), 2000).unref();
