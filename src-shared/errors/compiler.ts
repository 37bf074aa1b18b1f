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
  MK_COMPILER_OPERATOR_SIZED_BY_DATA: {
    http: 422,
    message: {
      en: 'The operator {operator} (node "{node}") cannot be trained: the size of its output depends on the data.',
      zh: '无法训练算子 {operator}（节点“{node}”）：其输出尺寸取决于数据。',
    },
    hint: {
      en: 'Mask instead of selecting: multiply by zeros and ones, or use Where; or take a fixed number of elements with TopK or Gather.',
      zh: '请用掩码代替选择：乘以 0 和 1 或使用 Where；或用 TopK、Gather 取固定数量的元素。',
    },
  },
  MK_COMPILER_OPERATOR_RANDOM: {
    http: 422,
    message: {
      en: 'The operator {operator} (node "{node}") cannot be trained: it draws random numbers that a resumed run would not repeat.',
      zh: '无法训练算子 {operator}（节点“{node}”）：其随机数在恢复训练后无法重现。',
    },
    hint: {
      en: 'Use Dropout, RandomNormalLike or RandomUniformLike, whose numbers the trainer draws, or give the random numbers as an input.',
      zh: '请使用 Dropout、RandomNormalLike 或 RandomUniformLike（由训练器生成随机数），或将随机数作为输入。',
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
  MK_COMPILER_BATCH_STATISTICS_IMPOSSIBLE: {
    http: 422,
    message: {
      en: 'BatchNormalization cannot train on "{tensor}" {shape}: each channel has a single value, so it has no variance.',
      zh: '无法在“{tensor}” {shape} 上训练 BatchNormalization：每个通道只有一个值，没有方差。',
    },
    hint: {
      en: 'Use minibatches of two rows or more, larger images, or layer or group normalization instead.',
      zh: '请使用至少两行的小批量、更大的图像，或改用层归一化或组归一化。',
    },
  },
  MK_COMPILER_ROWS_MIXED: {
    http: 422,
    message: {
      en: 'Training with privacy needs the gradient of every row by itself, but in the node "{node}" ({operator}) rows of a batch see each other.',
      zh: '隐私训练需要每一行各自的梯度，但在节点“{node}”（{operator}）中，同一批次的行会相互影响。',
    },
    hint: {
      en: 'Use layer or group normalization instead of batch statistics and a loss that does not compare rows, or train without privacy.',
      zh: '请用层归一化或组归一化代替批统计，并使用不比较行的损失函数；或者不启用隐私训练。',
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
  MK_COMPILER_VALUE_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Training stopped at step {step}: {operator} (node "{node}") gave {value} in "{tensor}" [{shape}] from {inputs}.',
      zh: '训练在第 {step} 步停止：算子 {operator}（节点“{node}”）由 {inputs} 在“{tensor}”[{shape}] 中得到 {value}。',
    },
    hint: {
      en: 'Lower the learning rate, clip gradients, scale the inputs, or use a form of this operation that does not overflow.',
      zh: '请降低学习率、裁剪梯度、缩放输入，或改用不会溢出的运算形式。',
    },
  },
  MK_COMPILER_WEIGHT_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Training stopped at step {step}: the weights "{tensor}" already hold {value}.',
      zh: '训练在第 {step} 步停止：权重“{tensor}”中已含有 {value}。',
    },
    hint: {
      en: 'Start from other weights or an earlier checkpoint.',
      zh: '请使用其他初始权重或更早的检查点。',
    },
  },
  MK_COMPILER_DATA_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Training stopped at step {step}: "{tensor}" holds {value} in row {row} of the training data.',
      zh: '训练在第 {step} 步停止：训练数据第 {row} 行的“{tensor}”含有 {value}。',
    },
    hint: {
      en: 'Fill in or remove missing and infinite values before training.',
      zh: '请在训练前填补或删除缺失值和无穷值。',
    },
  },
  MK_COMPILER_RUN_FAILED: {
    http: 500,
    message: {
      en: 'The runtime stopped in training step {step}: {reason}',
      zh: '运行时在训练第 {step} 步停止：{reason}',
    },
    hint: {
      en: 'Resume from the last checkpoint. If it happens again, choose another device or a smaller minibatch.',
      zh: '请从最近的检查点恢复。若再次发生，请选择其他设备或更小的小批量。',
    },
  },
  MK_COMPILER_WORKER_LOST: {
    http: 500,
    message: {
      en: 'Training worker {worker} of {workers} ended: {reason}',
      zh: '训练工作线程 {worker}（共 {workers} 个）已结束：{reason}',
    },
    hint: {
      en: 'Start again with fewer workers, and look at memory use: a worker that does not start is not replaced.',
      zh: '请减少工作线程数后重新开始，并检查内存使用：无法启动的工作线程不会被替换。',
    },
  },
  MK_COMPILER_FORM_REFUSED: {
    http: 422,
    message: {
      en: '{operator} ("{node}") is not safe on {provider}: {reason}.',
      zh: '{operator}（“{node}”）在 {provider} 上不可靠：{reason}。',
    },
    hint: {
      en: 'Train on another device, or replace the operator in the model.',
      zh: '请改用其他设备训练，或替换模型中的该算子。',
    },
  },
  MK_COMPILER_SETTING_INVALID: {
    http: 400,
    message: {
      en: 'The training setting "{setting}" is {value}; it must be {expected}.',
      zh: '训练设置“{setting}”为 {value}；必须为 {expected}。',
    },
    hint: { en: 'Correct the setting and start again.', zh: '请更正该设置后重新开始。' },
  },
  MK_COMPILER_RANGE_NOT_FINITE: {
    http: 422,
    message: {
      en: '"{tensor}" takes values that are not finite on the sample rows, so it has no range to quantise in.',
      zh: '“{tensor}”在样本行上出现非有限值，因此没有可用于量化的范围。',
    },
    hint: {
      en: 'Leave out sample rows with extreme numbers, or quantise dynamically, which needs no sample.',
      zh: '请去掉样本中带极端数值的行，或改用不需要样本的动态量化。',
    },
  },
  MK_KERNELS_MEMORY_EXCEEDED: {
    http: 507,
    message: {
      en: 'Weights and optimizer state need {neededMb} MB in one memory; {limitMb} MB are possible or free.',
      zh: '权重和优化器状态需要 {neededMb} MB 连续内存；可用上限为 {limitMb} MB。',
    },
    hint: {
      en: 'Choose a smaller network, freeze a part of it, or an optimizer with less state (Adafactor, SGD).',
      zh: '请选择更小的网络、冻结其中一部分，或选用状态更少的优化器（Adafactor、SGD）。',
    },
  },
} satisfies ErrorArea;
