// Inference host: a child of the gateway that loads one model version, once, and answers frames until it is retired.
// Sessions that are created and released over and over leak, so a host never loads a second model.
import { connect } from 'node:net';
import { catalogue, type ErrorCode, type ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { FrameLink } from '../wire/frameLink.ts';
import { answerHead, kinds, readRequest, type AnswerMeta, type ModelToServe } from '../wire/messages.ts';
import { errorBody, v2ErrorBody } from '../protocol/answers.ts';
import { Predictor } from './predictor.ts';

const socketPath = process.argv.find((word) => word.startsWith('--socket='))?.slice('--socket='.length) ?? '';
const endedByGateway = (): never => process.exit(0);
const socket = connect(socketPath).on('close', endedByGateway).on('error', endedByGateway);
let predictor: Predictor | null = null;

const link = new FrameLink(socket, (id, kind, payload) => {
  const { requestId, jsonBytes, body } = readRequest(payload);
  void predictor!
    .answer({ kind: kind === kinds.v2 ? 'v2' : 'named', requestId, jsonBytes, body, onProgress: () => link.send(id, kinds.progress) })
    .then(
      ({ meta, body: answer, jsonBytes: answerJsonBytes }) => send(id, 200, answerJsonBytes, meta, answer),
      (error: unknown) => sendError(id, kind, requestId, error),
    );
});

function send(id: number, status: number, jsonBytes: number | null, meta: AnswerMeta, body: Buffer): void {
  const metaBytes = Buffer.from(JSON.stringify(meta));
  link.send(id, kinds.answer, answerHead(status, jsonBytes, metaBytes.length), metaBytes, body);
}

function sendError(id: number, kind: number, requestId: string, error: unknown): void {
  const { code, params } = describe(error);
  const body = (kind === kinds.v2 ? v2ErrorBody : errorBody)(code, params, requestId);
  send(id, catalogue[code].http, null, { rows: 0, prediction: null, warnings: 0, error: { code, params } }, body);
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
