import type { ErrorArea } from './area.ts';

export const compilerErrors = {
  MK_COMPILER_OPERATOR_UNSUPPORTED: {
    http: 422,
    message: { en: 'The operator {operator} (node "{node}") cannot be trained.', zh: '无法训练算子 {operator}（节点“{node}”）。' },
    hint: {
      en: 'Choose a network without this operator, or freeze and cut the graph so that training does not pass through it; docs/operators.md lists what can be trained.',
      zh: '请选择不含该算子的网络，或冻结并截断网络使训练不经过它；可训练的算子见 docs/operators.md。',
    },
  },
  MK_COMPILER_OPSET_UNSUPPORTED: {
    http: 422,
    message: {
      en: 'The model is written for opset {opset}; opsets {oldest} to {newest} can be read.',
      zh: '该模型使用 opset {opset}，仅支持读取 opset {oldest} 至 {newest}。',
    },
    hint: {
      en: 'Export the model again with an opset in that range (17 and 21 are good choices).',
      zh: '请使用该范围内的 opset 重新导出模型（建议 17 或 21）。',
    },
  },
  MK_COMPILER_IMPORT_NODE_UNSUPPORTED: {
    http: 422,
    message: {
      en: 'The node "{node}" ({operator}) cannot be taken over: {reason}',
      zh: '无法导入节点“{node}”（{operator}）：{reason}',
    },
    hint: {
      en: 'Export the model again with a newer opset and without optimisations for one runtime, or cut the graph before this node.',
      zh: '请使用更新的 opset 重新导出且不做特定运行时优化，或在该节点之前截断网络。',
    },
  },
  MK_COMPILER_SIZES_UNBOUND: {
    http: 422,
    message: {
      en: 'The model leaves sizes open that training must know: {names}.',
      zh: '模型存在训练时必须确定的未定尺寸：{names}。',
    },
    hint: {
      en: 'Give a number for each of these names, for example the longest sequence.',
      zh: '请为每个名称指定数值，例如最长序列长度。',
    },
  },
  MK_COMPILER_SHAPE_UNKNOWN: {
    http: 422,
    message: {
      en: 'The shape of "{tensor}" is not known, not even its number of axes.',
      zh: '“{tensor}”的形状未知，甚至不知道其维数。',
    },
    hint: {
      en: 'Export the model again with a shape for each input, with names such as "batch" for open sizes.',
      zh: '请重新导出模型，为每个输入给出形状，未定尺寸用“batch”之类的名称表示。',
    },
  },
  MK_COMPILER_NODE_INVALID: {
    http: 422,
    message: {
      en: 'The node "{node}" ({operator}) does not fit its inputs {shapes}: {reason}',
      zh: '节点“{node}”（{operator}）与其输入 {shapes} 不匹配：{reason}',
    },
    hint: {
      en: 'Check the sizes given for open names; otherwise the model is damaged or depends on values known only when it runs.',
      zh: '请检查为未定名称指定的尺寸；否则模型可能已损坏，或依赖运行时才能确定的值。',
    },
  },
  MK_COMPILER_LOOP_UNBOUNDED: {
    http: 422,
    message: {
      en: 'The node "{node}" ({operator}) cannot be unrolled: {reason}',
      zh: '无法展开节点“{node}”（{operator}）：{reason}',
    },
    hint: {
      en: 'Bind the sizes that decide how often it runs to smaller numbers, or export the model without the loop.',
      zh: '请将决定循环次数的尺寸设为较小的数值，或导出不含该循环的模型。',
    },
  },
  MK_COMPILER_PARAMETER_UNKNOWN: {
    http: 422,
    message: {
      en: 'No weight of the model is named like "{pattern}".',
      zh: '模型中没有名称与“{pattern}”匹配的权重。',
    },
    hint: {
      en: 'Look the names up in the list of weights; * stands for any letters. Some are: {known}.',
      zh: '请在权重列表中查找名称；* 表示任意字符。例如：{known}。',
    },
  },
  MK_COMPILER_PARAMETER_WITHOUT_GRADIENT: {
    http: 422,
    message: {
      en: 'The weight "{parameter}" {shape} cannot be trained: {reason}',
      zh: '无法训练权重“{parameter}” {shape}：{reason}',
    },
    hint: {
      en: 'Freeze this weight, or let the loss depend on it through operators that have a gradient.',
      zh: '请冻结该权重，或使损失通过有梯度的算子依赖于它。',
    },
  },
  MK_COMPILER_PARAMETER_UNTRAINABLE: {
    http: 422,
    message: { en: 'The weight "{parameter}" cannot be trained: {reason}', zh: '无法训练权重“{parameter}”：{reason}' },
    hint: { en: 'Leave it out of the trainable weights; it then stays as it is.', zh: '请将其从可训练权重中移除，使其保持不变。' },
  },
  MK_COMPILER_ADAPTATION_INVALID: {
    http: 422,
    message: { en: 'The model cannot be adapted so: {reason}', zh: '无法按此方式调整模型：{reason}' },
    hint: {
      en: 'Choose a value and weights from the lists that the model gives.',
      zh: '请从模型给出的列表中选择值和权重。',
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
