/**
 * Layers: functions that add ordinary ONNX nodes to a `ModelBuilder` and register the parameters they need.
 * Names are the field's; shapes are ONNX's (`[N, channels, …]` for images, `[N, T, width]` for sequences).
 */
export { ModelBuilder, type Network } from './ModelBuilder.ts';
export { fanInUniform, glorotUniform, heNormal, normal } from './initialisation.ts';
export { affine, linear, type LinearSettings } from './linear.ts';
export { conv1d, conv2d, conv3d, convTranspose2d, type ConvolutionSettings } from './convolution.ts';
export { averagePool, flatten, globalAveragePool, maxPool, type PoolingSettings } from './pooling.ts';
export { batchNorm, groupNorm, instanceNorm, layerNorm, rmsNorm, type NormalisationSettings } from './normalisation.ts';
export { embedding, positionEmbedding, type EmbeddingSettings } from './embedding.ts';
export {
  periodicEmbedding,
  piecewiseLinearEmbedding,
  scaled,
  type PeriodicEmbeddingSettings,
  type PiecewiseLinearEmbeddingSettings,
} from './numericalEmbedding.ts';
export { multiHeadAttention, transformerEncoderLayer, type AttentionSettings, type EncoderLayerSettings } from './attention.ts';
export { gru, lstm, rnn, type RecurrentSettings } from './recurrent.ts';
export { activate, gelu, relu, silu, type ActivationName } from './activation.ts';
export { dropout } from './dropout.ts';
export { type PerAxis } from './sizes.ts';
