// Model outputs as a ModelInferResponse.
import { binaryData, type Answered, type OutputColumn } from '../protocol/answers.ts';
import { datatypeOf } from '../protocol/datatypes.ts';
import { ProtobufWriter } from './protobufWriter.ts';

/** All outputs raw, or all typed: the protocol knows no mixture. */
export function inferResponse(
  answered: Answered,
  wanted: readonly { name: string; binary: boolean }[],
  id: string | null,
  warnings: number,
): Buffer {
  const { endpoint, version, requestId, rows } = answered;
  const response = new ProtobufWriter()
    .string(1, endpoint)
    .string(2, String(version))
    .string(3, id ?? requestId)
    .message(4, parameter('request_id', new ProtobufWriter().string(3, requestId)))
    .message(4, parameter('model', new ProtobufWriter().string(3, answered.model)))
    .message(4, parameter('warnings', new ProtobufWriter().varintAlways(2, warnings)));
  const raw: Buffer[] = [];
  for (const { name, binary } of wanted) {
    const output = answered.outputs.find((each) => each.name === name)!;
    const tensor = new ProtobufWriter()
      .string(1, name)
      .string(2, datatypeOf[output.onnxType])
      .packedVarints(3, [rows, ...output.dims]);
    if (binary) raw.push(binaryData(output));
    else tensor.message(5, typedContents(output));
    response.message(5, tensor);
  }
  for (const bytes of raw) response.bytesAlways(6, bytes);
  return response.finish();
}

function parameter(key: string, value: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().string(1, key).message(2, value);
}

function typedContents(output: OutputColumn): ProtobufWriter {
  const contents = new ProtobufWriter();
  const { data } = output;
  switch (output.onnxType) {
    case 'string':
      for (const text of data as string[]) contents.bytesAlways(8, Buffer.from(text));
      return contents;
    case 'float32':
      return contents.bytesAlways(6, binaryData(output));
    case 'float64':
      return contents.bytesAlways(7, binaryData(output));
    case 'int64':
      return contents.packedVarints(3, data as BigInt64Array);
    case 'uint8':
      return contents.packedVarints(4, data as Uint8Array);
    case 'bool':
      return contents.packedVarints(1, data as Uint8Array);
  }
}
