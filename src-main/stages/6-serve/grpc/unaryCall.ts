// One unary call over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): one message in, one message or an error out.
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { gunzip, inflate } from 'node:zlib';
import type { ErrorCode, ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { errorTrailers } from './status.ts';

/** u8 "is compressed" and u32 length, big-endian. */
const prefixBytes = 5;
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Bytes of unread messages in memory, all calls together. */
export interface ByteBudget {
  used: number;
  limit: number;
}

export interface ReadLimits {
  messageBytes: number;
  withinMs: number;
  budget: ByteBudget;
}

export class UnaryCall {
  readonly path: string;
  readonly arrivedAt = performance.now();
  readonly requestId: string;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, requestId: string) {
    this.#stream = stream;
    this.#headers = headers;
    this.requestId = requestId;
    this.path = String(headers[':path'] ?? '');
  }

  /** Called at most once, when the caller resets the call or its connection ends before it has its answer. */
  onGone(gone: () => void): void {
    this.#stream.once('close', () => {
      if (!this.#stream.writableFinished) gone();
    });
  }

  /** On the clock of `performance.now`; null when the caller states none. Error: MK_SERVE_BAD_HTTP. */
  deadlineAt(): number | null {
    const stated = this.#headers['grpc-timeout'];
    if (stated === undefined) return null;
    const parts = /^(\d{1,8})([HMSmun])$/.exec(String(stated));
    if (!parts)
      throw new ModelkeepError('MK_SERVE_BAD_HTTP', {
        problem: 'its grpc-timeout is no number of at most 8 digits with a unit',
        field: 'grpc-timeout',
      });
    return this.arrivedAt + Number(parts[1]) * unitMs[parts[2]!]!;
  }

  /** The message. Errors: MK_SERVE_BODY_TOO_LARGE as soon as it is known, MK_SERVE_TIMEOUT, MK_SERVE_OVERLOADED, MK_SERVE_ENCODING,
   *  MK_SERVE_NOT_PROTOBUF for a frame that is none; null when the caller went away. */
  read({ messageBytes, withinMs, budget }: ReadLimits, done: (error: ModelkeepError | null, message: Buffer | null) => void): void {
    const stream = this.#stream;
    const received = new Received();
    let settled = false;
    const late = setTimeout(() => settle(new ModelkeepError('MK_SERVE_TIMEOUT', { limitMs: withinMs }), null), withinMs);
    const settle = (error: ModelkeepError | null, message: Buffer | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(late);
      budget.used -= received.length;
      done(error, message);
    };
    stream.on('data', (chunk: Buffer) => {
      if (settled) return;
      budget.used += chunk.length;
      received.add(chunk);
      if (budget.used > budget.limit) return settle(new ModelkeepError('MK_SERVE_OVERLOADED', { field: 'gRPC' }), null);
      const announced = received.length < prefixBytes ? 0 : received.bytes.readUInt32BE(1);
      if (announced > messageBytes || received.length > messageBytes + prefixBytes) settle(tooLarge(messageBytes), null);
    });
    stream.once('end', () => {
      if (stream.aborted) return settle(null, null);
      this.#unframe(received.bytes, messageBytes, settle);
    });
    stream.once('close', () => settle(null, null));
  }

  answer(message: Buffer, headers: Record<string, string> = {}): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    const prefix = Buffer.alloc(prefixBytes);
    prefix.writeUInt32BE(message.length, 1);
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-request-id': this.requestId, ...headers },
      { waitForTrailers: true },
    );
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    if (message.length < 65_536) stream.end(Buffer.concat([prefix, message]));
    else {
      stream.write(prefix);
      stream.end(message);
    }
  }

  fail(code: ErrorCode, params: ErrorParams): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-accept-encoding': 'identity,deflate,gzip',
        'x-request-id': this.requestId,
        ...errorTrailers(code, params, this.requestId),
      },
      { endStream: true },
    );
    // What is still being sent is not read to its end.
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #unframe(framed: Buffer, messageBytes: number, settle: (error: ModelkeepError | null, message: Buffer | null) => void): void {
    const wrong = (problem: string): void => settle(new ModelkeepError('MK_SERVE_NOT_PROTOBUF', { problem, position: 0 }), null);
    if (framed.length < prefixBytes) return wrong(`${framed.length} bytes are no gRPC frame`);
    const announced = framed.readUInt32BE(1);
    const message = framed.subarray(prefixBytes);
    if (announced !== message.length) return wrong(`its frame announces ${announced} bytes, ${message.length} came`);
    if (framed[0] === 0) return settle(null, message);
    if (framed[0] !== 1) return wrong(`its frame begins with ${framed[0]}`);
    const encoding = String(this.#headers['grpc-encoding'] ?? 'identity');
    if (encoding !== 'gzip' && encoding !== 'deflate')
      return settle(new ModelkeepError('MK_SERVE_ENCODING', { found: encoding.slice(0, 40), field: 'grpc-encoding' }), null);
    (encoding === 'gzip' ? gunzip : inflate)(message, { maxOutputLength: messageBytes }, (error, plain) => {
      if (!error) settle(null, plain);
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') settle(tooLarge(messageBytes), null);
      else wrong(`it cannot be decompressed as ${encoding}`);
    });
  }
}

/** Chunks joined in a buffer that doubles: a message in a million tiny ones costs no more than one in few. */
class Received {
  #buffer: Buffer = Buffer.alloc(0);
  length = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  add(chunk: Buffer): void {
    if (this.length === 0) this.#buffer = chunk;
    else {
      if (this.#buffer.length - this.length < chunk.length) {
        const larger = Buffer.allocUnsafe(Math.max(64 * 1024, 2 * (this.length + chunk.length)));
        this.#buffer.copy(larger, 0, 0, this.length);
        this.#buffer = larger;
      }
      chunk.copy(this.#buffer, this.length);
    }
    this.length += chunk.length;
  }
}

function tooLarge(limitBytes: number): ModelkeepError {
  return new ModelkeepError('MK_SERVE_BODY_TOO_LARGE', { limit: `${Math.round(limitBytes / 1024 / 1024)} MiB`, field: 'message' });
}
