import type { ErrorArea } from './area.ts';

export const trainErrors = {
  MK_TRAIN_TOO_FEW_ROWS: {
    http: 422,
    message: {
      en: 'Only {rows} rows have an answer; training needs at least {needed}.',
      zh: '只有 {rows} 行有答案；训练至少需要 {needed} 行。',
    },
    hint: { en: 'Add rows, or label more of them.', zh: '请补充数据，或标注更多行。' },
  },
  MK_TRAIN_CLASS_TOO_SMALL: {
    http: 422,
    message: {
      en: 'The class “{class}” has only {rows} rows; each class needs at least {needed}.',
      zh: '类别「{class}」只有 {rows} 行；每个类别至少需要 {needed} 行。',
    },
    hint: {
      en: 'One row is learned from, one chooses, one judges. Add rows of this class, merge it with another, or remove it from the classes.',
      zh: '训练、选择、评估各需一行。请补充该类别的数据、与其他类别合并，或从类别中移除。',
    },
  },
  MK_TRAIN_LABEL_TOO_SMALL: {
    http: 422,
    message: {
      en: 'The label “{label}” is set in {rows} of {all} rows; at least {needed} must have it and as many not.',
      zh: '标签「{label}」在 {all} 行中的 {rows} 行出现；至少需要 {needed} 行具有该标签，且同样多的行不具有。',
    },
    hint: {
      en: 'One row is learned from, one chooses, one judges. Add rows, or leave the label out.',
      zh: '训练、选择、评估各需一行。请补充数据，或去掉该标签。',
    },
  },
  MK_TRAIN_GROUP_SPLIT: {
    http: 422,
    message: {
      en: 'This way of holding rows back would split groups of “{column}”; a ranking needs each group in one part.',
      zh: '该留出方式会拆开「{column}」的分组；排序任务要求每个分组位于同一部分。',
    },
    hint: {
      en: 'Hold back by group, or by a time that all rows of a group share.',
      zh: '请按分组留出，或使用同一分组内各行相同的时间列。',
    },
  },
  MK_TRAIN_DISTILL_LABELS: {
    http: 422,
    message: {
      en: 'A model of several labels cannot be distilled.',
      zh: '多标签模型不支持蒸馏。',
    },
    hint: {
      en: 'Leave distillation off; the best single candidate is a small model, too.',
      zh: '请关闭蒸馏；最佳的单个候选模型同样较小。',
    },
  },
  MK_TRAIN_NOT_RUNNING: {
    http: 409,
    message: { en: 'Run {run} is not running.', zh: '运行 {run} 当前未在进行。' },
    hint: { en: 'It waits in the queue or has ended; start a new one if you need it.', zh: '它在排队或已结束；如有需要请新建一次运行。' },
  },
  MK_TRAIN_FEWER_THAN_FOLDS: {
    http: 422,
    message: {
      en: '{folds} folds need at least as many {what}; there are {found}.',
      zh: '{folds} 折交叉验证至少需要同样数量的{what}；目前只有 {found}。',
    },
    hint: { en: 'Use fewer folds, or one validation part.', zh: '请减少折数，或改用单个验证部分。' },
  },
  MK_TRAIN_TIME_COLUMN: {
    http: 422,
    message: {
      en: 'The column “{column}” cannot order rows by time: it is of type {type}.',
      zh: '「{column}」列不能用于按时间排序：其类型为 {type}。',
    },
    hint: {
      en: 'Choose a date, timestamp or number column, or a stratified holdout.',
      zh: '请选择日期、时间戳或数值列，或使用分层留出。',
    },
  },
  MK_TRAIN_NO_NETWORK: {
    http: 409,
    message: {
      en: 'This candidate has no network to show.',
      zh: '该候选模型没有可显示的网络。',
    },
    hint: {
      en: 'Choose a finished linear model or perceptron; the baseline predicts a constant and is not trained.',
      zh: '请选择已完成的线性模型或感知机；基线模型只预测常数，无需训练。',
    },
  },
  MK_TRAIN_GAP: {
    http: 422,
    message: {
      en: 'Without the {gap} moments of “{column}” before the test rows, which are not known so far ahead, there is nothing to learn from.',
      zh: '测试行之前「{column}」的 {gap} 个时刻在如此提前时尚不可知，去掉后没有可供学习的行。',
    },
    hint: { en: 'Use a shorter horizon, or a longer history.', zh: '请缩短预测步长，或使用更长的历史。' },
  },
  MK_TRAIN_ONE_TIME: {
    http: 422,
    message: {
      en: 'The times in “{column}” leave no older rows to train on.',
      zh: '「{column}」中的时间没有留下可用于训练的较早的行。',
    },
    hint: {
      en: 'Most rows carry the same time. Choose another time column, or a stratified holdout.',
      zh: '多数行的时间相同。请选择其他时间列，或使用分层留出。',
    },
  },
  MK_TRAIN_NOT_FINITE: {
    http: 422,
    message: { en: 'No candidate could be trained: the loss did not stay finite.', zh: '没有候选模型训练成功：损失值不再是有限数。' },
    hint: {
      en: 'Look for extreme values in the target and in the columns; the data page lists outliers.',
      zh: '请检查目标列和各列中的极端值；数据页面会列出异常值。',
    },
  },
  MK_TRAIN_TARGET_RANGE: {
    http: 422,
    message: {
      en: 'The objective “{objective}” needs values {needed}; training row {row} has {value}.',
      zh: '目标函数「{objective}」要求取值 {needed}；第 {row} 个训练行为 {value}。',
    },
    hint: {
      en: 'Correct or remove the row, or choose squared, absolute or quantile regression.',
      zh: '请改正或移除该行，或改用平方、绝对值或分位数回归。',
    },
  },
  MK_TRAIN_TARGET_VALUE: {
    http: 422,
    message: {
      en: 'The objective “{objective}” needs values {needed} in “{column}”; row {row} has {value}.',
      zh: '目标函数「{objective}」要求「{column}」列取值 {needed}；第 {row} 行为 {value}。',
    },
    hint: {
      en: 'Correct or remove the row (rows count from 0), or choose squared, absolute or quantile regression.',
      zh: '请改正或移除该行（行号从 0 开始），或改用平方、绝对值或分位数回归。',
    },
  },
  MK_TRAIN_OBJECTIVE_TASK: {
    http: 422,
    message: {
      en: 'The objective “{objective}” is for numbers; “{column}” holds classes.',
      zh: '目标函数「{objective}」仅用于数值；「{column}」列是类别。',
    },
    hint: { en: 'Leave the objective out, or predict a numeric column.', zh: '请不要指定目标函数，或预测数值列。' },
  },
  MK_TRAIN_WEIGHT: {
    http: 422,
    message: {
      en: 'Row {row} has no usable weight in “{column}”: {value}.',
      zh: '第 {row} 行在「{column}」列中没有可用的权重：{value}。',
    },
    hint: {
      en: 'A weight is a number from 0 on; rows count from 0. Fill the cell, or leave the weight column out.',
      zh: '权重须为不小于 0 的数；行号从 0 开始。请补全该单元格，或不使用权重列。',
    },
  },
  MK_TRAIN_WEIGHTS_ZERO: {
    http: 422,
    message: { en: 'All weights in “{column}” are 0.', zh: '「{column}」列的权重全部为 0。' },
    hint: { en: 'At least one training row must count; choose another weight column.', zh: '至少须有一个训练行计入；请选择其他权重列。' },
  },
  MK_TRAIN_WEIGHT_COLUMN: {
    http: 422,
    message: { en: 'The column “{column}” of type {type} holds no weights.', zh: '类型为 {type} 的「{column}」列不能作为权重。' },
    hint: { en: 'Choose a column of numbers.', zh: '请选择数值列。' },
  },
  MK_TRAIN_TOO_FEW_GROUPS: {
    http: 422,
    message: {
      en: 'A split by “{column}” needs at least {needed} different values; rows with an answer have {found}.',
      zh: '按「{column}」划分至少需要 {needed} 个不同的值；有答案的行只有 {found} 个。',
    },
    hint: {
      en: 'Choose a column with more values, or a stratified holdout.',
      zh: '请选择取值更多的列，或使用分层留出。',
    },
  },
  MK_TRAIN_LABELS_OTHER_DATA: {
    http: 422,
    message: {
      en: 'The labels “{labelSet}” are of {found}, not of {expected}.',
      zh: '标签「{labelSet}」属于 {found}，而不是 {expected}。',
    },
    hint: { en: 'Choose the dataset version that was labelled.', zh: '请选择已标注的数据集版本。' },
  },
  MK_TRAIN_ROW_UNREADABLE: {
    http: 422,
    message: {
      en: 'Row {row} of {file} cannot be trained on: “{column}” holds {reason}.',
      zh: '无法用 {file} 的第 {row} 行进行训练：「{column}」为 {reason}。',
    },
    hint: {
      en: 'Correct or remove the row (rows count from 0), or choose what takes the place of missing values.',
      zh: '请改正或移除该行（行号从 0 开始），或选择缺失值的替代方式。',
    },
  },
  MK_TRAIN_COLUMN_UNFIT: {
    http: 422,
    message: {
      en: 'The column “{column}” of type {type} gives no numbers for “{array}”.',
      zh: '类型为 {type} 的列「{column}」不能为“{array}”提供数值。',
    },
    hint: {
      en: 'Choose a column of numbers, dates or truth values, or give the classes of a text column.',
      zh: '请选择数值、日期或真假列，或为文本列给出类别。',
    },
  },
  MK_TRAIN_PIPELINE_ENDED: {
    http: 500,
    message: { en: 'Reading training data ended early: {reason}', zh: '训练数据的读取提前结束：{reason}' },
    hint: {
      en: 'Start the training again from its last checkpoint; look at memory use if it happens again.',
      zh: '请从最近的检查点重新开始训练；若再次发生，请检查内存使用。',
    },
  },
  MK_COMPARE_TASKS: {
    http: 422,
    message: { en: 'The two models answer different questions: {a} and {b}.', zh: '两个模型回答的问题不同：{a} 与 {b}。' },
    hint: { en: 'Compare models of the same task with the same classes.', zh: '请比较任务与类别相同的模型。' },
  },
  MK_MODEL_UNREADABLE: {
    http: 422,
    message: { en: 'The model cannot be loaded: {reason}', zh: '模型无法加载：{reason}' },
    hint: {
      en: 'Only models written by Modelkeep carry the description that is needed here.',
      zh: '只有由 Modelkeep 写出的模型才带有所需的描述。',
    },
  },
  MK_PREDICT_COLUMN_MISSING: {
    http: 422,
    message: { en: 'The model needs the column “{column}”, which {file} does not have.', zh: '模型需要「{column}」列，但 {file} 中没有。' },
    hint: {
      en: 'Add the column under this name; an empty cell is allowed, a missing column is not.',
      zh: '请以该名称补充此列；单元格可以为空，但列不能缺失。',
    },
  },
  MK_PREDICT_CELL: {
    http: 422,
    message: {
      en: '{file}, row {row}: “{value}” in “{column}” is not a {expected}.',
      zh: '{file} 第 {row} 行：「{column}」列中的「{value}」不是 {expected}。',
    },
    hint: {
      en: 'Correct the cell, or leave it empty for “missing”. Nothing was written.',
      zh: '请改正该单元格，或留空表示缺失。没有写入任何内容。',
    },
  },
  MK_PREDICT_FILE: {
    http: 422,
    message: { en: '{file} cannot be read: {reason}', zh: '{file} 无法读取：{reason}' },
    hint: {
      en: 'Predictions read CSV (UTF-8, with a header) and Parquet. Import other files as a dataset first.',
      zh: '预测支持读取 CSV（UTF-8，带表头）和 Parquet。其他文件请先导入为数据集。',
    },
  },
  MK_PREDICT_OUTPUT: {
    http: 422,
    message: { en: '{file} cannot be written: {reason}', zh: '{file} 无法写入：{reason}' },
    hint: {
      en: 'Choose a .csv or .parquet file in a folder that exists and can be written.',
      zh: '请选择可写的现有文件夹中的 .csv 或 .parquet 文件。',
    },
  },
  MK_TRAIN_METRIC: {
    http: 422,
    message: { en: 'The metric “{metric}” is not one of this task ({task}).', zh: '指标「{metric}」不适用于该任务（{task}）。' },
    hint: { en: 'Choose one of: {metrics}.', zh: '请选择其一：{metrics}。' },
  },
  MK_TRAIN_NO_MODEL: {
    http: 409,
    message: { en: 'This candidate has no model yet.', zh: '该候选尚无模型。' },
    hint: { en: 'Wait until the run is done, or choose a candidate that was finished.', zh: '请等待运行结束，或选择已完成的候选。' },
  },
  MK_EXPLAIN_ROW: {
    http: 404,
    message: { en: 'The dataset version has no row {row}.', zh: '该数据集版本没有第 {row} 行。' },
    hint: { en: 'Rows are counted from 0 in the order of the dataset.', zh: '行号按数据集顺序从 0 起。' },
  },
  MK_EXPLAIN_COLUMN: {
    http: 422,
    message: { en: 'The model has no column “{column}” that can be explained.', zh: '模型没有可解释的「{column}」列。' },
    hint: { en: 'Use a column that the model reads; pictures are not explained.', zh: '请使用模型读取的列；图像列不能解释。' },
  },
  MK_EXPLAIN_CELL: {
    http: 422,
    message: {
      en: '“{value}” is no value of the column “{column}”, which is of type {type}.',
      zh: '「{value}」不是「{column}」列的值，该列类型为 {type}。',
    },
    hint: {
      en: 'Give a number, a date as 2026-01-31, or null for a missing cell.',
      zh: '请给出数值、形如 2026-01-31 的日期，缺失请用 null。',
    },
  },
  MK_EXPLAIN_CLASS: {
    http: 422,
    message: { en: 'The model has no class “{class}”.', zh: '模型没有类别「{class}」。' },
    hint: { en: 'Use one of the model’s classes; a model that answers a number has none.', zh: '请使用模型的类别；回归模型没有类别。' },
  },
} satisfies ErrorArea;
