/**
 * The training compiler's public face. Pure: no files, clock, database or Electron; ONNX Runtime arrives as an argument.
 */
export { GraphBuilder, tensorOf, type NodeOptions, type OutputSpec } from './onnx/graphBuilder.ts';
export { float, floats, ints, strings, type AttributeInput } from './onnx/attributes.ts';
export {
  dataTypeCodes,
  elementCount,
  type Attribute,
  type Attributes,
  type DataType,
  type Dim,
  type Graph,
  type GraphNode,
  type Shape,
  type TensorData,
  type Value,
} from './onnx/graph.ts';
export { defaultOpsets, encodeModel, type ModelOptions } from './onnx/encode.ts';
export { readModel, type Model } from './onnx/decode.ts';
export { mergeGraphs, type MergeOptions } from './onnx/mergeGraphs.ts';
