// Errors as gRPC says them: a canonical code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html), a message, and google.rpc.Status
// with details (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto) in `grpc-status-details-bin`.
import { catalogue, describeError, type ErrorCode, type ErrorParams } from '../../../../src-shared/errors/catalogue.ts';
import { ProtobufWriter } from './protobufWriter.ts';

export const grpcCodes = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

const codeOfHttp: Record<number, number> = {
  403: grpcCodes.permissionDenied,
  404: grpcCodes.notFound,
  405: grpcCodes.unimplemented,
  408: grpcCodes.deadlineExceeded,
  409: grpcCodes.failedPrecondition,
  429: grpcCodes.resourceExhausted,
  499: grpcCodes.cancelled,
  500: grpcCodes.internal,
  503: grpcCodes.unavailable,
  504: grpcCodes.deadlineExceeded,
};

export function grpcCodeOf(code: ErrorCode): number {
  if (code === 'MK_SERVE_ROUTE_UNKNOWN' || code === 'MK_SERVE_ENCODING') return grpcCodes.unimplemented;
  if (code === 'MK_SERVE_BODY_TOO_LARGE') return grpcCodes.resourceExhausted;
  return codeOfHttp[catalogue[code].http] ?? grpcCodes.invalidArgument;
}

/** Trailers must stay below 8 KiB for the clients built on gRPC's C core. */
const maxMessageBytes = 500;
const maxDetailBytes = 200;

export interface ErrorTrailers {
  'grpc-status': string;
  'grpc-message': string;
  'grpc-status-details-bin': string;
}

/** Status, message and details: ErrorInfo with our code and parameters, BadRequest naming field and row, RetryInfo where it helps, RequestInfo. */
export function errorTrailers(code: ErrorCode, params: ErrorParams, requestId: string): ErrorTrailers {
  const { message, hint } = describeError(code, params);
  const status = grpcCodeOf(code);
  const text = cut(`${message} ${hint}`, maxMessageBytes);
  const info = new ProtobufWriter().string(1, code).string(2, 'modelkeep');
  for (const [key, value] of Object.entries(params))
    info.message(3, new ProtobufWriter().string(1, key).string(2, cut(String(value), maxDetailBytes)));
  const details = new ProtobufWriter().varint(1, status).string(2, text).message(3, any('ErrorInfo', info));
  if (status === grpcCodes.invalidArgument && params['field'] !== undefined) {
    const { field, row } = params;
    const path = cut(row === undefined ? String(field) : `${field}[${row}]`, maxDetailBytes);
    details.message(
      3,
      any('BadRequest', new ProtobufWriter().message(1, new ProtobufWriter().string(1, path).string(2, text).string(3, code))),
    );
  }
  if (code === 'MK_SERVE_OVERLOADED' || code === 'MK_SERVE_NOT_READY')
    details.message(3, any('RetryInfo', new ProtobufWriter().message(1, new ProtobufWriter().varint(1, 1))));
  details.message(3, any('RequestInfo', new ProtobufWriter().string(1, requestId)));
  return {
    'grpc-status': String(status),
    'grpc-message': percentEncode(text),
    'grpc-status-details-bin': details.finish().toString('base64').replace(/=+$/, ''),
  };
}

function any(type: string, value: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().string(1, `type.googleapis.com/google.rpc.${type}`).message(2, value);
}

/** The first bytes of its UTF-8, whole characters. */
function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return whole.toString(); // lone surrogates are replaced, as they are below
  let end = bytes - 3;
  while ((whole[end]! & 0xc0) === 0x80) end--;
  return `${whole.toString('utf8', 0, end)}…`;
}

/** Headers hold printable ASCII: the rest, and %, as the bytes of UTF-8. */
function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text))
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}
