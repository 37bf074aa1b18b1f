/**
 * The training compiler's public face. Pure: no files, clock, database or Electron; ONNX Runtime and the clock arrive as arguments.
 * README.md follows one small graph through every phase.
 */
export {
  compileTraining,
  type CompiledTraining,
  type RowSpec,
  type TargetTensor,
  type TensorSpec,
  type TrainingSettings,
} from './compileTraining.ts';
export { type PrivacySettings, type RowGradientForm } from './privacy/sumInGroups.ts';
export { noiseFor, privacySpent, type PrivacySpending, type PrivacyUse } from './privacy/rdpAccountant.ts';
export { quantizeDynamic, type QuantizedGraph } from './quantize/quantizeDynamic.ts';
export { quantizeStatic, type ActivationRange } from './quantize/quantizeStatic.ts';
export { keptInFloat, type KeptOperator } from './quantize/keptInFloat.ts';
export { compareQuantized, measureRanges, type QuantizationReport } from './quantize/measure.ts';
export { explainTraining, phaseNames, type ExplainedPhase, type PhaseName } from './explain.ts';
export { compileGradients, type CompiledGradients, type GradientSettings } from './compileGradients.ts';
export { type MemoryPlan } from './4-fuse/rematerialise/rematerialise.ts';
export { probeBlockedChannels } from './5-emit/providers/probeBlockedChannels.ts';
export { type Target } from './5-emit/providers/target.ts';
export { compileInference, type InferenceOptions } from './compileInference.ts';
export { multilayerPerceptron, type PerceptronSettings } from './networks/multilayerPerceptron.ts';
export { convolutionalNetwork, type ConvolutionalSettings } from './networks/convolutionalNetwork.ts';
export { resNet, type ResNetSettings } from './networks/resNet.ts';
export { transformerEncoder, type TransformerEncoderSettings } from './networks/transformerEncoder.ts';
export { sequenceTagger, type SequenceTaggerSettings } from './networks/sequenceTagger.ts';
export { variationalAutoencoder, type VariationalAutoencoderSettings } from './networks/variationalAutoencoder.ts';
export { criticOutputs, criticTraining, generatorTraining, type GenerativeAdversarialSettings } from './networks/generativeAdversarial.ts';
export * from './layers/index.ts';
export { type LossSettings } from './losses/index.ts';
export { type CommonOptimizerSettings, type OptimizerSettings } from './optimizers/index.ts';
export { minimizeLbfgs, type LbfgsResult, type LbfgsSettings } from './optimizers/lbfgs.ts';
export * from './optimizers/schedules.ts';
export { type AverageSettings } from './optimizers/weightAverage.ts';

export { divergenceCodes, Trainer, type RunReport, type TrainerSettings } from './run/Trainer.ts';
export { GradientTrainer } from './run/gradient/GradientTrainer.ts';
export { type GradientReport, type GradientTrainerSettings } from './run/gradient/gradientTraining.ts';
export {
  calibrate,
  calibrateInTurn,
  microBatches,
  type Calibration,
  type CalibrationEntry,
  type CalibrationSettings,
  type Candidate,
  type TimedTrainer,
} from './run/gradient/calibrate.ts';
export { chooseRun, type ChooseRunSettings, type ChosenRun, type ProviderRun, type RunChoice } from './run/gradient/chooseRun.ts';
export { DeviceTrainer, type DeviceTrainerSettings, type LostDevice, type TrainingDevice } from './run/gradient/DeviceTrainer.ts';
export { estimateMemory, type MemoryEstimate } from './run/gradient/memoryEstimate.ts';
export { SizedTrainer, type SizedBatch, type SizedReport, type SizedTrainerSettings } from './run/gradient/SizedTrainer.ts';
export { type StepSizes } from './run/gradient/StepCache.ts';
export { symbolicShapes, type SymbolicType } from './2-shapes/symbolicShapes.ts';
export { type RowLoader } from './run/gradient/rowLoader.ts';
export { type ShouldStop } from './run/shouldStop.ts';
export {
  batchAugmenter,
  columnDeviations,
  imageAugmenter,
  tableAugmenter,
  type BatchAugmentation,
  type BatchAugmenter,
  type ImageAugmentation,
  type ImageShape,
  type RowAugmenter,
  type TableAugmentation,
} from './augment/index.ts';
export { streamKey } from './run/counterRandom.ts';
export { stepNames } from './3-differentiate/differentiate.ts';
export { usefulHelpers } from './run/gradient/PassHelper.ts';
export { dismiss, serveGradients, type TrainingWorker, type WorkerPort, type WorkerThreadPort } from './run/gradient/workerPart.ts';
export { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from './run/checkpoint.ts';
export { initialWeights, type WeightScheme } from './run/initialWeights.ts';
export { balancedClassWeights, weightRows, type RowArray, type TrainingData } from './run/trainingData.ts';
export { type FloatArray, type Runtime, type RuntimeSession, type RuntimeTensor, type SessionSettings } from './run/runtime.ts';

export { backpropagate, gradientsOf, type Seed } from './3-differentiate/backpropagate.ts';
export { hessianVector } from './3-differentiate/hessianVector.ts';
export { TypedOps, type TypedValue } from './2-shapes/typedOps.ts';
export { GraphBuilder, tensorOf, type NodeOptions, type OutputSpec } from './onnx/graphBuilder.ts';
export { float, floats, integer, ints, strings, type AttributeInput } from './onnx/attributes.ts';
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
export { readModel, readTensor, type ExternalDataLoader, type Model, type ReadOptions } from './onnx/decode.ts';
export { mergeGraphs, type MergeOptions } from './onnx/mergeGraphs.ts';
export { removeUnused } from './4-fuse/removeUnused.ts';
export { printGraph } from './onnx/printGraph.ts';
export { viewGraph } from './onnx/viewGraph.ts';

export { importModel, type AdaptableModel, type ImportOptions } from './1-parse/import/importModel.ts';
export { forwardOf, withWeights, type AdaptedForward, type TrainableChoice } from './adapt/forwardOf.ts';
export { listWeights, type Weight } from './adapt/listWeights.ts';
export { addLora, mergeLora, type LoraModel, type LoraSettings } from './adapt/lora.ts';
export { lastLinearInput, replaceHead, type HeadSettings } from './adapt/replaceHead.ts';
