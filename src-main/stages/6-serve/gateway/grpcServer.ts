// gRPC of the serving host: service inference.GRPCInferenceService, unary calls over bare node:http2. The gateway reads the name and version at
// the front of a request and no more; the host reads the rest.
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Ids } from '../../../platform/random.ts';
import { readTarget } from '../grpc/inferMessage.ts';
import { UnaryCall, type ByteBudget } from '../grpc/unaryCall.ts';
import type { Gateway } from './gateway.ts';
import { GrpcMethods } from './grpcMethods.ts';
import { listenOnLoopback } from './listen.ts';
import type { Repository } from './repository.ts';

export interface GrpcLimits {
  messageBytes: number;
  /** The whole message must be there by then. */
  requestWithinMs: number;
  /** A connection without traffic ends after so long. */
  idleMs: number;
  connections: number;
  /** Calls of one connection at a time. */
  streams: number;
  /** Keep-alive pings of a connection without a call in between. */
  idlePings: number;
  /** Unread messages of all calls together. */
  unreadBytes: number;
}

export const defaultGrpcLimits: GrpcLimits = {
  messageBytes: 16 * 1024 * 1024,
  requestWithinMs: 30_000,
  idleMs: 300_000,
  connections: 1024,
  streams: 256,
  idlePings: 60,
  unreadBytes: 256 * 1024 * 1024,
};

const service = '/inference.GRPCInferenceService/';

export class GrpcServer {
  readonly #gateway: Gateway;
  readonly #methods: GrpcMethods;
  readonly #ids: Ids;
  readonly #limits: GrpcLimits;
  readonly #onFault: (error: unknown) => void;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #budget: ByteBudget;

  constructor(
    gateway: Gateway,
    repository: Repository,
    ids: Ids,
    onFault: (error: unknown) => void,
    limits: GrpcLimits = defaultGrpcLimits,
  ) {
    this.#gateway = gateway;
    this.#methods = new GrpcMethods(gateway, repository);
    this.#ids = ids;
    this.#limits = limits;
    this.#onFault = onFault;
    this.#budget = { used: 0, limit: limits.unreadBytes };
    this.#server = createServer({
      settings: {
        maxConcurrentStreams: limits.streams,
        initialWindowSize: 1024 * 1024,
        maxHeaderListSize: 16 * 1024,
      },
      maxSessionMemory: 64,
      unknownProtocolTimeout: 5000,
    });
    this.#server.maxConnections = limits.connections;
    this.#server.on('session', (session) => this.#watch(session));
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => this.#handle(stream, headers));
    // Bytes that are no HTTP/2: the connection ends, the server goes on.
    this.#server.on('sessionError', () => {});
    this.#server.on('unknownProtocol', (socket) => socket.destroy());
  }

  /** Loopback only. Error: MK_PORT_IN_USE. Resolves with the port. */
  listen(port: number, retryForMs = 3000): Promise<number> {
    return listenOnLoopback(this.#server, port, retryForMs);
  }

  /** No new connection; calls that run are answered. */
  close(): void {
    this.#server.close();
    for (const session of this.#sessions) session.close();
  }

  #watch(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    let pings = 0;
    session.on('close', () => this.#sessions.delete(session));
    session.on('error', () => {});
    session.on('stream', () => (pings = 0));
    session.on('ping', () => {
      if (++pings > this.#limits.idlePings) session.destroy(undefined, 11); // ENHANCE_YOUR_CALM
    });
    session.setTimeout(this.#limits.idleMs, () => {
      session.close();
      setTimeout(() => session.destroy(), 10_000).unref(); // a caller that does not read its answer
    });
    session.setLocalWindowSize(4 * 1024 * 1024);
  }

  #handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    if (headers[':method'] !== 'POST' || !/^application\/grpc(\+proto)?(;|$)/.test(String(headers['content-type'] ?? ''))) {
      stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
      stream.close();
      return;
    }
    const call = new UnaryCall(stream, headers, this.#ids.next('req'));
    const method = call.path.startsWith(service) ? call.path.slice(service.length) : null;
    if (method !== 'ModelInfer' && (method === null || !this.#methods.has(method)))
      return this.#fail(call, new ModelkeepError('MK_SERVE_ROUTE_UNKNOWN', { field: call.path.slice(0, 200) }));
    const { messageBytes, requestWithinMs: withinMs } = this.#limits;
    call.read({ messageBytes, withinMs, budget: this.#budget }, (error, message) => {
      if (error) return this.#fail(call, error);
      if (message === null) return; // the caller has gone: nothing was asked
      try {
        if (method === 'ModelInfer') this.#infer(call, message);
        else
          void this.#methods.answer(method, message).then(
            (answer) => call.answer(answer),
            (failure: unknown) => this.#fail(call, failure),
          );
      } catch (failure) {
        this.#fail(call, failure);
      }
    });
  }

  #infer(call: UnaryCall, message: Buffer): void {
    const { modelName, modelVersion } = readTarget(message);
    const ticket = this.#gateway.admit({
      endpoint: modelName,
      kind: 'grpc',
      requestId: call.requestId,
      arrivedAt: call.arrivedAt,
      pinnedVersion: modelVersion === '' ? null : modelVersion,
      deadlineAt: call.deadlineAt(),
    });
    call.onGone(() => this.#gateway.cancel(ticket));
    this.#gateway.infer(ticket, message, null, (answer) => {
      if (answer.error) this.#fail(call, answer.error);
      else call.answer(answer.body, { 'x-model-version': String(answer.version) });
    });
  }

  #fail(call: UnaryCall, error: unknown): void {
    if (isModelkeepError(error)) return call.fail(error.code, error.params);
    this.#onFault(error);
    call.fail('MK_INTERNAL', { operation: 'request', detail: 'see the log' });
  }
}
