/** Writes the protobuf wire format. Fields that hold their default are left out, as proto3 wants; the `…Always` forms are for elements of lists. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];

  string(field: number, value: string): this {
    return value === '' ? this : this.bytesAlways(field, Buffer.from(value, 'utf8'));
  }

  bool(field: number, value: boolean): this {
    return value ? this.#tag(field, 0).#raw(varint(1n)) : this;
  }

  varint(field: number, value: number | bigint): this {
    return value === 0 || value === 0n ? this : this.varintAlways(field, value);
  }

  varintAlways(field: number, value: number | bigint): this {
    return this.#tag(field, 0).#raw(varint(BigInt(value)));
  }

  /** Not copied: the bytes must not change before `finish`. */
  bytesAlways(field: number, value: Uint8Array): this {
    return this.#tag(field, 2)
      .#raw(varint(BigInt(value.length)))
      .#raw(value);
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytesAlways(field, value.finish());
  }

  /** A packed list of int64; negative numbers take ten bytes. */
  packedVarints(field: number, values: Iterable<number | bigint>): this {
    const parts = Array.from(values, (value) => varint(BigInt(value)));
    return parts.length === 0 ? this : this.bytesAlways(field, Buffer.concat(parts));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #tag(field: number, wireType: number): this {
    return this.#raw(varint(BigInt((field << 3) | wireType)));
  }

  #raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  if (value >= 0n && value < 0x80n) return Uint8Array.of(Number(value));
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
