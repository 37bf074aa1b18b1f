/**
 * One protobuf message while it is put together — https://protobuf.dev/programming-guides/encoding/
 * Nested messages and large bytes are kept by reference and copied once, when the whole is written: a general library copies
 * them once per level, which for the weights of a network took longer than compiling it.
 * Every field that is named is written, zero and empty ones too: proto2, which ONNX uses, tells them from absent ones.
 */
export class ProtobufMessage {
  readonly #parts: (Uint8Array | ProtobufMessage)[] = [];
  #pending: number[] = [];
  #length = 0;

  get byteLength(): number {
    return this.#length + this.#pending.length;
  }

  integer(field: number, value: number | bigint): this {
    this.#tag(field, wireTypes.varint);
    this.#varint(value);
    return this;
  }

  /** 32 bits. */
  float(field: number, value: number): this {
    this.#tag(field, wireTypes.fixed32);
    this.#pending.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, wireTypes.lengthDelimited);
    this.#varint(value.length);
    if (value.length < inlineBelow) for (const byte of value) this.#pending.push(byte);
    else this.#append(value, value.length);
    return this;
  }

  message(field: number, value: ProtobufMessage): this {
    this.#tag(field, wireTypes.lengthDelimited);
    this.#varint(value.byteLength);
    this.#append(value, value.byteLength);
    return this;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.byteLength);
    this.#writeTo(bytes, 0);
    return bytes;
  }

  #writeTo(bytes: Uint8Array, start: number): number {
    let offset = start;
    this.#flush();
    for (const part of this.#parts) {
      if (part instanceof ProtobufMessage) offset = part.#writeTo(bytes, offset);
      else {
        bytes.set(part, offset);
        offset += part.length;
      }
    }
    return offset;
  }

  #append(part: Uint8Array | ProtobufMessage, length: number): void {
    this.#flush();
    this.#parts.push(part);
    this.#length += length;
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#parts.push(Uint8Array.from(this.#pending));
    this.#length += this.#pending.length;
    this.#pending = [];
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** Seven bits a byte, the lowest first; negative numbers as 64 bits in two's complement. */
  #varint(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      let rest = value;
      for (; rest > 127; rest >>>= 7) this.#pending.push((rest & 127) | 128);
      this.#pending.push(rest);
      return;
    }
    let rest = BigInt.asUintN(64, saturated(BigInt(value)));
    for (; rest > 127n; rest >>= 7n) this.#pending.push(Number(rest & 127n) | 128);
    this.#pending.push(Number(rest));
  }
}

/** Shorter pieces are cheaper to copy than to keep apart. */
const inlineBelow = 256;
const wireTypes = { varint: 0, lengthDelimited: 2, fixed32: 5 };
const encoder = new TextEncoder();

/** 2⁶³, which a JavaScript number makes of the largest int64 ("to the end"), goes back to it. */
function saturated(value: bigint): bigint {
  const largest = 2n ** 63n - 1n;
  return value > largest ? largest : value;
}
