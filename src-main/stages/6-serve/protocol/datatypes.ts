// Element types of the Open Inference Protocol (V2), https://github.com/kserve/open-inference-protocol
import type { ModelInput } from '../../../../src-shared/domain/features.ts';

export const datatypeOf: Record<ModelInput['onnxType'], Datatype> = {
  float32: 'FP32',
  float64: 'FP64',
  int64: 'INT64',
  string: 'BYTES',
  uint8: 'UINT8',
  bool: 'BOOL',
};
export type Datatype = 'FP32' | 'FP64' | 'INT64' | 'BYTES' | 'UINT8' | 'BOOL';

/** Bytes of one element in the binary extension; 0 for BYTES, whose elements carry their length. */
export const elementBytes: Record<Datatype, number> = { FP32: 4, FP64: 8, INT64: 8, BYTES: 0, UINT8: 1, BOOL: 1 };
