// gRPC's own client for Node over messages as bytes, or as objects by the .proto that is shipped: an implementation that is not ours.
// Not part of the product.
import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

const definition = loadSync(join(import.meta.dirname, '../stages/6-serve/grpc/inference.proto'), {
  longs: Number,
  enums: String,
  defaults: true,
});
const service = definition['inference.GRPCInferenceService'] as ServiceDefinition;

export interface GrpcAnswer {
  code: number;
  message: string;
  /** Of trailers and headers together. */
  metadata: Map<string, string | Buffer>;
  bytes: Buffer | null;
}

export class GrpcTestClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    });
  }

  /** The bytes as they are. Never rejects. */
  send(method: string, message: Buffer, { deadlineMs = 20_000 }: { deadlineMs?: number } = {}): Promise<GrpcAnswer> {
    const path = method.startsWith('/') ? method : `/inference.GRPCInferenceService/${method}`;
    const metadata = new Map<string, string | Buffer>();
    const note = (found: Metadata): void => {
      for (const [key, value] of Object.entries(found.getMap())) metadata.set(key, value);
    };
    return new Promise((resolve) => {
      const same = (bytes: Buffer): Buffer => bytes;
      this.#client
        .makeUnaryRequest(
          path,
          same,
          same,
          message,
          new Metadata(),
          { deadline: Date.now() + deadlineMs },
          (error: ServiceError | null, bytes) => {
            if (error) note(error.metadata);
            resolve({ code: error?.code ?? 0, message: error?.details ?? '', metadata, bytes: error ? null : (bytes ?? null) });
          },
        )
        .on('metadata', note);
    });
  }

  /** Objects by the .proto. Rejects with the ServiceError. */
  // Answers are read by tests that know what they asked for.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async call(method: string, request: object = {}): Promise<any> {
    const answer = await this.send(method, encode(method, request));
    if (!answer.bytes) throw Object.assign(new Error(answer.message), { code: answer.code });
    return decode(method, answer.bytes);
  }

  close(): void {
    this.#client.close();
  }
}

export function encode(method: string, request: object): Buffer {
  return (service[method] as MethodDefinition<object, object>).requestSerialize(request);
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function decode(method: string, bytes: Buffer): any {
  return (service[method] as MethodDefinition<object, object>).responseDeserialize(bytes);
}
