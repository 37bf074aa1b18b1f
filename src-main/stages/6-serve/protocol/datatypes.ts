// Element types of the Open Inference Protocol (V2), https://github.com/kserve/open-inference-protocol
import type { ModelInput } from '../../../../src-shared/domain/features.ts';

type OnnxType = ModelInput['onnxType'];

export const datatypeOf: Record<OnnxType, Datatype> = {
  float32: 'FP32',
  float64: 'FP64',
  int64: 'INT64',
  string: 'BYTES',
  uint8: 'UINT8',
  bool: 'BOOL',
};

/** Bytes of one element in the binary extension; 0 for BYTES, whose elements carry their length. */
export const elementBytes = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 0,
} as const;
export type Datatype = keyof typeof elementBytes;

export function isDatatype(value: unknown): value is Datatype {
  return typeof value === 'string' && Object.hasOwn(elementBytes, value);
}

/** The graph's own type, and those whose every value it holds exactly: they are widened. */
const accepted: Record<OnnxType, readonly Datatype[]> = {
  float32: ['FP32', 'FP16', 'BF16', 'INT8', 'UINT8', 'INT16', 'UINT16'],
  float64: ['FP64', 'FP32', 'FP16', 'BF16', 'INT8', 'UINT8', 'INT16', 'UINT16', 'INT32', 'UINT32'],
  int64: ['INT64', 'INT8', 'UINT8', 'INT16', 'UINT16', 'INT32', 'UINT32'],
  string: ['BYTES'],
  uint8: ['UINT8'],
  bool: ['BOOL'],
};

export function isAccepted(onnxType: OnnxType, datatype: unknown): datatype is Datatype {
  return (accepted[onnxType] as readonly unknown[]).includes(datatype);
}

/** Smallest and largest value of the integer types. 64 bits are left out: JSON numbers do not reach their ends. */
export const integerRanges: Partial<Record<Datatype, readonly [min: number, max: number]>> = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffff_ffff],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x8000_0000, 0x7fff_ffff],
};
