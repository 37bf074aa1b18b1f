// HTTP of the serving host: bare node:http, because a framework in front of the model costs more than the model does.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { catalogue, type ErrorCode, type ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { isModelkeepError, ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import type { Ids } from '../../../platform/random.ts';
import { errorBody, v2ErrorBody } from '../protocol/answers.ts';
import { parseJson } from '../protocol/jsonScan.ts';
import { statisticsJson } from '../statistics/endpointStatistics.ts';
import { describeEndpoint, listEndpoints, modelConfig, modelMetadata, serverFacts } from './descriptions.ts';
import type { Gateway } from './gateway.ts';
import { parametersRefused } from './grpcMethods.ts';
import { listenOnLoopback } from './listen.ts';
import { openApi } from './openapi.ts';
import { readBody } from './readBody.ts';
import type { Repository } from './repository.ts';
import { RequestGuard } from './requestGuard.ts';
import { isV2, methodOf, routeOf, type ControlRoute, type Route } from './routes.ts';

export interface ServerLimits {
  bodyBytes: number;
  headersWithinMs: number;
  requestWithinMs: number;
  idleMs: number;
  connections: number;
}

export const defaultServerLimits: ServerLimits = {
  bodyBytes: 16 * 1024 * 1024,
  headersWithinMs: 10_000,
  requestWithinMs: 30_000,
  idleMs: 65_000,
  connections: 2048,
};

const maxControlBytes = 64 * 1024;

export class GatewayServer {
  readonly #gateway: Gateway;
  readonly #repository: Repository;
  readonly #ids: Ids;
  readonly #limits: ServerLimits;
  readonly #onFault: (error: unknown) => void;
  readonly #server: Server;
  #guard = new RequestGuard(0);
  #port = 0;

  constructor(
    gateway: Gateway,
    repository: Repository,
    ids: Ids,
    onFault: (error: unknown) => void,
    limits: ServerLimits = defaultServerLimits,
  ) {
    this.#onFault = onFault;
    this.#gateway = gateway;
    this.#repository = repository;
    this.#ids = ids;
    this.#limits = limits;
    this.#server = createServer(
      {
        keepAlive: true,
        keepAliveTimeout: limits.idleMs,
        headersTimeout: limits.headersWithinMs,
        requestTimeout: limits.requestWithinMs,
        connectionsCheckingInterval: Math.min(1000, limits.headersWithinMs),
        maxHeaderSize: 16 * 1024,
        noDelay: true,
      },
      (request, response) => this.#handle(request, response),
    );
    this.#server.maxConnections = limits.connections;
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket as Socket));
    this.#server.on('upgrade', (_request, socket) => socket.destroy());
  }

  /** Loopback only. Error: MK_PORT_IN_USE. Resolves with the port. */
  async listen(port: number, retryForMs = 3000): Promise<number> {
    this.#port = await listenOnLoopback(this.#server, port, retryForMs);
    this.#guard = new RequestGuard(this.#port);
    return this.#port;
  }

  get port(): number {
    return this.#port;
  }

  /** No new connection; those that are idle end. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const arrivedAt = performance.now();
    const requestId = this.#ids.next('req');
    const target = request.url ?? '/';
    const v2 = isV2(target);
    try {
      this.#guard.check(request.headers);
      if (!target.startsWith('/')) throw new ModelkeepError('MK_SERVE_BAD_HTTP', { problem: 'the address must be a path', field: 'url' });
      const route = routeOf(target);
      if (!route) throw new ModelkeepError('MK_SERVE_ROUTE_UNKNOWN', { field: target.slice(0, 200) });
      const method = request.method ?? 'GET';
      const wanted = methodOf[route.kind];
      if (method !== wanted && !(method === 'HEAD' && wanted === 'GET')) {
        response.setHeader('allow', wanted === 'GET' ? 'GET, HEAD' : wanted);
        throw new ModelkeepError('MK_SERVE_METHOD', { found: method, expected: wanted, field: 'method' });
      }
      if (route.kind === 'predict')
        this.#infer(request, response, { kind: 'named', endpoint: route.endpoint, version: null, requestId, arrivedAt });
      else if (route.kind === 'infer')
        this.#infer(request, response, { kind: 'v2', endpoint: route.endpoint, version: route.version, requestId, arrivedAt });
      else if (route.kind === 'repositoryIndex' || route.kind === 'modelLoad' || route.kind === 'modelUnload') {
        this.#guard.checkBody(request.headers);
        this.#control(route, request, response, requestId);
      } else {
        request.resume();
        void this.#describe(route, response).catch((error: unknown) => this.#refuse(request, response, requestId, v2, error));
      }
    } catch (error) {
      this.#refuse(request, response, requestId, v2, error);
    }
  }

  #infer(
    request: IncomingMessage,
    response: ServerResponse,
    {
      kind,
      endpoint,
      version,
      requestId,
      arrivedAt,
    }: { kind: 'named' | 'v2'; endpoint: string; version: string | null; requestId: string; arrivedAt: number },
  ): void {
    this.#guard.checkBody(request.headers);
    const jsonBytes = kind === 'v2' ? binaryHeader(request.headers['inference-header-content-length']) : null;
    const ticket = this.#gateway.admit({ endpoint, kind, requestId, arrivedAt, pinnedVersion: version });
    readBody(request, this.#limits.bodyBytes, (error, body) => {
      if (error) {
        this.#gateway.refuse(ticket, error);
        this.#refuse(request, response, requestId, kind === 'v2', error);
      } else if (body === null) this.#gateway.abandon(ticket);
      else
        this.#gateway.infer(ticket, body, jsonBytes, (answer) => {
          if (answer.error) this.#refuse(request, response, requestId, kind === 'v2', answer.error);
          else if (!response.destroyed) {
            const headers: (string | number)[] = [
              'content-type',
              answer.jsonBytes === null ? 'application/json' : 'application/octet-stream',
              'content-length',
              answer.body.length,
            ];
            if (answer.jsonBytes !== null) headers.push('inference-header-content-length', answer.jsonBytes);
            headers.push('x-request-id', requestId, 'x-model-version', answer.version, 'cache-control', 'no-store');
            response.writeHead(answer.status, headers as unknown as string[]);
            response.end(answer.body);
          }
        });
    });
  }

  /** The repository extension. Its bodies are small objects, or empty. */
  #control(route: ControlRoute, request: IncomingMessage, response: ServerResponse, requestId: string): void {
    readBody(request, maxControlBytes, (error, body) => {
      if (body === null && error === null) return;
      void (async () => {
        if (error) throw error;
        const asked = body!.length === 0 ? {} : (parseJson(body!).value as { ready?: unknown; parameters?: object } | null);
        if (route.kind === 'repositoryIndex') {
          const entries = await this.#repository.index();
          return this.#json(response, 200, asked?.ready === true ? entries.filter(({ state }) => state === 'READY') : entries);
        }
        if (route.kind === 'modelLoad') {
          if (Object.keys(asked?.parameters ?? {}).length > 0) throw parametersRefused();
          await this.#repository.load(route.endpoint);
        } else await this.#repository.unload(route.endpoint);
        return this.#json(response, 200, {});
      })().catch((failure: unknown) => this.#refuse(request, response, requestId, true, failure));
    });
  }

  async #describe(route: Exclude<Route, { kind: 'predict' | 'infer' } | ControlRoute>, response: ServerResponse): Promise<void> {
    const gateway = this.#gateway;
    const url = `http://127.0.0.1:${this.#port}`;
    switch (route.kind) {
      case 'live':
        return this.#json(response, 200, { live: true });
      case 'ready':
        return this.#json(response, gateway.ready ? 200 : 503, { ready: gateway.ready });
      case 'serverMetadata':
        return this.#json(response, 200, serverFacts);
      case 'modelReady': {
        const ready = gateway.isReady(route.endpoint, route.version);
        return this.#json(response, ready ? 200 : 503, { name: route.endpoint, ready });
      }
      case 'modelMetadata':
        return this.#json(response, 200, modelMetadata(gateway.described(route.endpoint, route.version)));
      case 'modelConfig':
        return this.#json(response, 200, modelConfig(gateway.described(route.endpoint, route.version), gateway.batchRows(route.endpoint)));
      case 'modelStatistics':
      case 'allStatistics': {
        const counted =
          route.kind === 'modelStatistics' ? gateway.statistics(route.endpoint, route.version) : gateway.statistics(null, null);
        const models = counted.map(({ endpoint, version, statistics }) => statisticsJson(endpoint, version, statistics));
        return this.#json(response, 200, { model_stats: models });
      }
      case 'endpoint':
        return this.#json(response, 200, describeEndpoint(gateway.described(route.endpoint, null), gateway.report(route.endpoint), url));
      case 'endpoints':
        return this.#json(
          response,
          200,
          listEndpoints(gateway.reports(), (name) => gateway.described(name, null), url),
        );
      case 'openapi':
        return this.#json(response, 200, openApi(gateway.served(), url));
      case 'metrics': {
        const text = await gateway.metrics.text();
        response.writeHead(200, { 'content-type': gateway.metrics.contentType, 'content-length': Buffer.byteLength(text) });
        response.end(text);
        return;
      }
    }
  }

  #json(response: ServerResponse, status: number, value: object): void {
    const body = Buffer.from(JSON.stringify(value));
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, requestId: string, v2: boolean, error: unknown): void {
    if (response.headersSent || response.destroyed) return;
    const { code, params } = describe(error);
    if (code === 'MK_INTERNAL') this.#onFault(error);
    const body = (v2 ? v2ErrorBody : errorBody)(code, params, requestId);
    if (code === 'MK_SERVE_OVERLOADED' || code === 'MK_SERVE_NOT_READY') response.setHeader('retry-after', '1');
    // What is still being sent is not read to its end: the connection goes, unless little is left.
    const announced = Number(request.headers['content-length'] ?? (request.headers['transfer-encoding'] ? Number.POSITIVE_INFINITY : 0));
    if (!request.complete && announced > 64 * 1024) response.setHeader('connection', 'close');
    response.writeHead(catalogue[code].http, {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-request-id': requestId,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(body);
    request.resume();
  }

  /** Bytes that are no HTTP, headers that are too long, requests that never end. */
  #onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
    const code: ErrorCode = timedOut ? 'MK_SERVE_TIMEOUT' : 'MK_SERVE_BAD_HTTP';
    const params: ErrorParams = timedOut
      ? { limitMs: this.#limits.requestWithinMs }
      : { problem: error.code === 'HPE_HEADER_OVERFLOW' ? 'its headers are too long' : 'it cannot be read' };
    const body = errorBody(code, params, this.#ids.next('req'));
    const status = catalogue[code].http;
    socket.end(
      `HTTP/1.1 ${status} ${timedOut ? 'Request Timeout' : 'Bad Request'}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
    );
  }
}

function binaryHeader(value: string | string[] | undefined): number | null {
  if (value === undefined) return null;
  const bytes = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(bytes))
    throw new ModelkeepError('MK_SERVE_TENSOR', {
      field: 'Inference-Header-Content-Length',
      expected: 'a number of bytes',
      found: String(value).slice(0, 40),
    });
  return bytes;
}

function describe(error: unknown): { code: ErrorCode; params: ErrorParams } {
  if (isModelkeepError(error)) return { code: error.code, params: error.params };
  return { code: 'MK_INTERNAL', params: { operation: 'request', detail: 'see the log' } };
}
