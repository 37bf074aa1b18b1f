// Messages that are no ModelInferRequest, or nearly one: good ones that were damaged in the ways that a hostile or broken client would find.
// Not part of the product.
import { ProtobufWriter } from '../stages/6-serve/grpc/protobufWriter.ts';

/** A good request for `churnModel` with `rows` rows, raw or typed. */
export function churnRequest({
  name = 'churn',
  version = '',
  rows = 2,
  raw = true,
}: { name?: string; version?: string; rows?: number; raw?: boolean } = {}): Buffer {
  const numbers = (value: number): Buffer => {
    const bytes = Buffer.alloc(4 * rows);
    for (let row = 0; row < rows; row++) bytes.writeFloatLE(value + row, 4 * row);
    return bytes;
  };
  const text = Buffer.from('高级');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const texts = Buffer.concat(Array.from({ length: rows }, () => [length, text]).flat());
  const tensors = [
    { name: 'tenure', datatype: 'FP32', bytes: numbers(7) },
    { name: 'plan', datatype: 'BYTES', bytes: texts },
    { name: 'active', datatype: 'FP32', bytes: numbers(0) },
  ];
  const request = new ProtobufWriter().string(1, name).string(2, version).string(3, 'fuzz');
  for (const tensor of tensors) {
    const written = new ProtobufWriter().string(1, tensor.name).string(2, tensor.datatype).packedVarints(3, [rows, 1]);
    if (!raw) {
      const contents = new ProtobufWriter();
      if (tensor.datatype === 'BYTES') for (let row = 0; row < rows; row++) contents.bytesAlways(8, text);
      else contents.bytesAlways(6, tensor.bytes);
      written.message(5, contents);
    }
    request.message(5, written);
  }
  if (raw) for (const { bytes } of tensors) request.bytesAlways(7, bytes);
  return request.finish();
}

/** Repeatable: the same seed gives the same messages. */
export class GrpcFuzz {
  #state: number;
  readonly #good = [churnRequest(), churnRequest({ raw: false }), churnRequest({ rows: 300 }), churnRequest({ version: '1', rows: 1 })];

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): { kind: string; bytes: Buffer } {
    const kinds = Object.keys(this.#makers);
    const kind = kinds[this.#below(kinds.length)]!;
    return { kind, bytes: this.#makers[kind]!() };
  }

  readonly #makers: Record<string, () => Buffer> = {
    flippedBits: () => {
      const bytes = Buffer.from(this.#oneGood());
      for (let flips = 1 + this.#below(8); flips > 0; flips--) bytes[this.#below(bytes.length)]! ^= 1 << this.#below(8);
      return bytes;
    },
    flippedAtTheFront: () => {
      const bytes = Buffer.from(this.#oneGood());
      for (let flips = 1 + this.#below(4); flips > 0; flips--) bytes[this.#below(Math.min(60, bytes.length))] = this.#below(256);
      return bytes;
    },
    truncated: () => {
      const bytes = this.#oneGood();
      return bytes.subarray(0, this.#below(bytes.length));
    },
    random: () => Buffer.from(Array.from({ length: this.#below(600) }, () => this.#below(256))),
    namedRandom: () => Buffer.concat([named(), Buffer.from(Array.from({ length: this.#below(400) }, () => this.#below(256)))]),
    spliced: () => {
      const [a, b] = [this.#oneGood(), this.#oneGood()];
      return Buffer.concat([a.subarray(0, this.#below(a.length)), b.subarray(this.#below(b.length))]);
    },
    twice: () => Buffer.concat([this.#oneGood(), this.#oneGood()]),
    hugeLength: () => {
      const field = 1 + this.#below(8);
      const length = [0x7fff_ffff, 0xffff_ffff, 2 ** 40, 2 ** 53][this.#below(4)]!;
      return Buffer.concat([named(), Buffer.of((field << 3) | 2), varint(BigInt(length)), Buffer.alloc(this.#below(50))]);
    },
    endlessNumber: () => Buffer.concat([named(), Buffer.of(0x08), Buffer.alloc(8 + this.#below(20), 0xff)]),
    deepNesting: () => {
      const field = [4, 5, 6][this.#below(3)]!;
      let inner: Buffer = Buffer.alloc(0);
      for (let depth = 200 + this.#below(800); depth > 0; depth--) {
        const prefix = Buffer.concat([Buffer.of((field << 3) | 2), varint(BigInt(inner.length))]);
        inner = Buffer.concat([prefix, inner]);
      }
      return Buffer.concat([named(), inner]);
    },
    groups: () => Buffer.concat([named(), Buffer.alloc(1 + this.#below(500), (5 << 3) | 3)]),
    manyTensors: () => Buffer.concat([named(), repeated(Buffer.of((5 << 3) | 2, 0), 1 + this.#below(20_000))]),
    manyRawContents: () => Buffer.concat([named(), repeated(Buffer.of((7 << 3) | 2, 0), 1 + this.#below(20_000))]),
    manyParameters: () => Buffer.concat([named(), repeated(Buffer.of((4 << 3) | 2, 0), 1 + this.#below(20_000))]),
    manyEmptyTexts: () => {
      const contents = repeated(Buffer.of((8 << 3) | 2, 0), 1 + this.#below(50_000));
      return this.#oneTensor('plan', 'BYTES', [1 + this.#below(20_000), 1], contents);
    },
    hugeShape: () => {
      const shape = [
        [2n ** 40n, 1n],
        [10_000n, 2n ** 50n],
        [-1n, 1n],
        [0n, 1n],
        [2n ** 63n - 1n, 2n ** 63n - 1n],
        Array<bigint>(40).fill(1n),
      ];
      return this.#oneTensor('tenure', 'FP32', shape[this.#below(shape.length)]!, Buffer.of((6 << 3) | 2, 4, 0, 0, 128, 63));
    },
    wrongDatatype: () => {
      const datatype = ['FP16', 'BF16', 'INT8', 'UINT64', 'BOOL', 'BYTES', 'FP128', ''][this.#below(8)]!;
      return this.#oneTensor('tenure', datatype, [1, 1], Buffer.of(((1 + this.#below(9)) << 3) | 2, 4, 1, 2, 3, 4));
    },
    brokenPackedNumbers: () => this.#oneTensor('tenure', 'INT16', [3, 1], Buffer.of((2 << 3) | 2, 4, 0xff, 0xff, this.#below(256), 0x80)),
    unpackedNumbers: () => this.#oneTensor('tenure', 'FP32', [1, 1], Buffer.of((6 << 3) | 5, 0, 0, 128, this.#below(256))),
    endlessTexts: () =>
      Buffer.concat([
        new ProtobufWriter()
          .string(1, 'churn')
          .message(5, new ProtobufWriter().string(1, 'plan').string(2, 'BYTES').packedVarints(3, [2, 1]))
          .finish(),
        new ProtobufWriter().bytesAlways(7, Buffer.from([0xff, 0xff, 0xff, 0xff, 1, this.#below(256)])).finish(),
      ]),
    otherModel: () => churnRequest({ name: ['nobody', '', '../churn', 'churn\0', '高级'.repeat(500)][this.#below(5)]! }),
    otherVersion: () => churnRequest({ version: ['2', '0', '-1', '1.0', 'x'.repeat(3000)][this.#below(5)]! }),
  };

  #oneTensor(name: string, datatype: string, shape: readonly (number | bigint)[], contents: Buffer): Buffer {
    const tensor = new ProtobufWriter().string(1, name).string(2, datatype).packedVarints(3, shape).bytesAlways(5, contents);
    return new ProtobufWriter().string(1, 'churn').message(5, tensor).finish();
  }

  #oneGood(): Buffer {
    return this.#good[this.#below(this.#good.length)]!;
  }

  /** mulberry32 */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }
}

function named(): Buffer {
  return new ProtobufWriter().string(1, 'churn').finish();
}

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.alloc(bytes.length * times, bytes);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  bytes.push(Number(value));
  return Buffer.from(bytes);
}
