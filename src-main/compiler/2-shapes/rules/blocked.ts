import { readInteger } from '../../onnx/attributes.ts';
import { windowsOver } from '../window.ts';
import { like, type ShapeRule } from './shapeRule.ts';

/**
 * ONNX Runtime's internal convolutions over channels in blocks of 8 or 16 (NCHWc). Tensors keep their shape [N, C, H, W], their
 * elements lie as [N, C / block, H, W, block]. Only `4-fuse/layout` writes these, and only after a probe.
 * Source: onnxruntime/core/graph/contrib_ops/nhwc_schema_defs.cc and core/mlas/lib/snchwc.cpp.
 */
export const blocked = {
  'com.microsoft.nchwc.Conv': ({ inputs: [x, w], attributes }) => ({
    dtype: x!.dtype,
    shape: [x!.shape[0]!, w!.shape[0]!, ...windowsOver('Conv', attributes, x!.shape.slice(2), w!.shape.slice(2)).count],
  }),
  'com.microsoft.nchwc.ReorderInput': like,
  'com.microsoft.nchwc.ReorderOutput': ({ inputs: [x], attributes }) => ({
    dtype: x!.dtype,
    shape: [x!.shape[0]!, readInteger(attributes, 'channels', 0), ...x!.shape.slice(2)],
  }),
} satisfies Record<string, ShapeRule>;
