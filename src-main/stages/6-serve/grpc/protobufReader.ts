// Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) of a message that anybody may have made: it reserves
// nothing, never goes deeper than its caller asks, and every length is checked against what is there.
import { isUtf8 } from 'node:buffer';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export class ProtobufReader {
  readonly #bytes: Buffer;
  /** Where this message begins in the whole one, for errors. */
  readonly #origin: number;
  #at = 0;
  /** Of the field that `next` has found. */
  field = 0;
  wireType = 0;

  constructor(bytes: Buffer, origin = 0) {
    this.#bytes = bytes;
    this.#origin = origin;
  }

  /** Goes to the next field; false at the end. Its value must be read, or skipped, before the next call. Error: MK_SERVE_NOT_PROTOBUF. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.#varint32();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.field === 0) throw this.error('a field has the number 0');
    return true;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  skip(): void {
    switch (this.wireType) {
      case wireTypes.varint:
        this.#skipVarint();
        return;
      case wireTypes.fixed64:
        this.#take(8);
        return;
      case wireTypes.bytes:
        this.#take(this.#length());
        return;
      case wireTypes.fixed32:
        this.#take(4);
        return;
      default:
        throw this.error(`field ${this.field} has the wire type ${this.wireType}, which is not used any more or unknown`);
    }
  }

  /** A view. */
  bytes(): Buffer {
    this.#expect(wireTypes.bytes);
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  message(): ProtobufReader {
    const bytes = this.bytes();
    return new ProtobufReader(bytes, this.#origin + this.#at - bytes.length);
  }

  string(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw this.error(`field ${this.field} is text, but not UTF-8`);
    return bytes.toString('utf8');
  }

  bool(): boolean {
    return this.varint() !== 0n;
  }

  varint(): bigint {
    this.#expect(wireTypes.varint);
    return this.rawVarint();
  }

  /** The 4 or 8 bytes of a fixed-width value, as a view. */
  fixed(width: 4 | 8): Buffer {
    this.#expect(width === 4 ? wireTypes.fixed32 : wireTypes.fixed64);
    const start = this.#take(width);
    return this.#bytes.subarray(start, start + width);
  }

  /** Another reader of the same message, from its start. */
  again(): ProtobufReader {
    return new ProtobufReader(this.#bytes, this.#origin);
  }

  /** A varint without a tag, as in packed fields; the 64 bits as they are. */
  rawVarint(): bigint {
    let low = 0;
    let high = 0n;
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.error('a number is cut off');
      if (index < 4) low |= (byte & 0x7f) << (7 * index);
      else high |= BigInt(byte & 0x7f) << BigInt(7 * (index - 4));
      if (byte < 0x80) return BigInt.asUintN(64, (high << 28n) | BigInt(low));
    }
    throw this.error('a number is longer than 10 bytes');
  }

  error(problem: string): ModelkeepError {
    return new ModelkeepError('MK_SERVE_NOT_PROTOBUF', { problem, position: this.#origin + Math.min(this.#at, this.#bytes.length) });
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw this.error(`field ${this.field} has the wire type ${this.wireType} instead of ${wireType}`);
  }

  #length(): number {
    const length = this.#varint32();
    if (length > this.#bytes.length - this.#at)
      throw this.error(`field ${this.field} announces ${length} bytes where ${this.#bytes.length - this.#at} are left`);
    return length;
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw this.error(`field ${this.field} is cut off`);
    this.#at = start + length;
    return start;
  }

  #varint32(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80) {
      this.#at++;
      return first;
    }
    const value = this.rawVarint();
    if (value > 0xffff_ffffn) throw this.error('a length or a field number is beyond 32 bits');
    return Number(value);
  }

  #skipVarint(): void {
    for (let index = 0; index < 10; index++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw this.error('a number is cut off');
      if (byte < 0x80) return;
    }
    throw this.error('a number is longer than 10 bytes');
  }
}
