import type { ErrorArea } from './area.ts';

export const compilerErrors = {
  MK_COMPILER_OPERATOR_UNSUPPORTED: {
    http: 422,
    message: { en: 'The operator {operator} (node "{node}") cannot be trained.', zh: '无法训练算子 {operator}（节点“{node}”）。' },
    hint: {
      en: 'Choose another network, or one without this operator.',
      zh: '请选择其他网络，或不含该算子的网络。',
    },
  },
  MK_COMPILER_MODEL_UNREADABLE: {
    http: 422,
    message: { en: 'The file is not a readable ONNX model: {reason}', zh: '该文件不是可读取的 ONNX 模型：{reason}' },
    hint: {
      en: 'Check that the file was copied whole and that it is a single self-contained .onnx file.',
      zh: '请检查文件是否完整复制，且为单个自包含的 .onnx 文件。',
    },
  },
  MK_COMPILER_LOSS_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Training stopped at step {step}: the loss is no longer a finite number.',
      zh: '训练在第 {step} 步停止：损失不再是有限数值。',
    },
    hint: {
      en: 'Lower the learning rate, scale the features, and look for extreme or missing values in the data.',
      zh: '请降低学习率、对特征进行缩放，并检查数据中的极端值或缺失值。',
    },
  },
  MK_COMPILER_TRAINING_DATA_INVALID: {
    http: 422,
    message: { en: 'Training data "{field}" does not fit the network: {reason}', zh: '训练数据“{field}”与网络不匹配：{reason}' },
    hint: {
      en: 'Build the features and targets again from the dataset, with the same feature specification.',
      zh: '请用同一特征规范从数据集重新生成特征和目标。',
    },
  },
  MK_COMPILER_CHECKPOINT_INVALID: {
    http: 422,
    message: { en: 'The training checkpoint cannot be used: {reason}', zh: '无法使用该训练检查点：{reason}' },
    hint: { en: 'Start the training again from the beginning.', zh: '请从头重新开始训练。' },
  },
} satisfies ErrorArea;
