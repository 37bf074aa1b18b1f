import type { ErrorArea } from './area.ts';

export const featuresErrors = {
  MK_FEATURES_COLUMN_MISSING: {
    http: 422,
    message: { en: 'The data has no column “{column}”.', zh: '数据中没有「{column}」列。' },
    hint: {
      en: 'Choose a column that the dataset version has; spelling and case count.',
      zh: '请选择该数据集版本中存在的列；名称区分大小写。',
    },
  },
  MK_FEATURES_TARGET_ALL_MISSING: {
    http: 422,
    message: { en: 'The target “{column}” has no value in any row.', zh: '目标「{column}」在所有行中都没有值。' },
    hint: {
      en: 'Choose another target, label some rows first, or import data that holds the answer.',
      zh: '请选择其他目标，先标注一些行，或导入包含答案的数据。',
    },
  },
  MK_FEATURES_TARGET_ONE_CLASS: {
    http: 422,
    message: {
      en: 'The target “{column}” has the same value in every row: “{value}”.',
      zh: '目标「{column}」在所有行中的值都相同：「{value}」。',
    },
    hint: {
      en: 'A model needs examples of at least two answers. Add rows with another one, or choose another target.',
      zh: '模型至少需要两种答案的样本。请补充其他答案的行，或选择其他目标。',
    },
  },
  MK_FEATURES_TARGET_TOO_MANY_CLASSES: {
    http: 422,
    message: {
      en: 'The target “{column}” has {found} different values; at most {limit} classes can be learned.',
      zh: '目标「{column}」有 {found} 个不同的值；最多可学习 {limit} 个类别。',
    },
    hint: {
      en: 'Is it an identifier or free text? Choose another target, group its values, or read it as a number.',
      zh: '它是否为标识或自由文本？请选择其他目标、合并取值，或将该列改为数值类型。',
    },
  },
  MK_FEATURES_LABEL_VALUE: {
    http: 422,
    message: {
      en: 'The label column “{column}” holds “{value}” in row {row}; a label is 0 or 1, or true or false.',
      zh: '标签列「{column}」第 {row} 行的值为「{value}」；标签只能是 0 或 1，或 true 或 false。',
    },
    hint: {
      en: 'Correct the cell, or leave the column out of the labels.',
      zh: '请更正该单元格，或不要将该列作为标签。',
    },
  },
  MK_FEATURES_LABEL_CONSTANT: {
    http: 422,
    message: {
      en: 'The label “{label}” is {value} in every row that has an answer.',
      zh: '标签「{label}」在所有有答案的行中都为 {value}。',
    },
    hint: {
      en: 'Leave the label out, or add rows where it differs.',
      zh: '请去掉该标签，或补充取值不同的行。',
    },
  },
  MK_FEATURES_LABELS_TOO_FEW: {
    http: 422,
    message: {
      en: 'Split at “{separator}”, the column “{column}” gives {found} labels that at least {needed} rows have and some have not; two are needed.',
      zh: '按「{separator}」拆分后，「{column}」列只有 {found} 个标签满足至少 {needed} 行具有且并非所有行都具有的条件；至少需要两个。',
    },
    hint: {
      en: 'Is the separator right? A column with one value a row is a plain target.',
      zh: '分隔符是否正确？如果每行只有一个值，请将该列作为普通目标。',
    },
  },
  MK_FEATURES_RELEVANCE: {
    http: 422,
    message: {
      en: 'The relevance “{column}” is “{value}” in row {row}; it must be a number of 0 or more.',
      zh: '相关度列「{column}」第 {row} 行的值为「{value}」；相关度必须是不小于 0 的数值。',
    },
    hint: {
      en: 'Larger is more relevant, 0 is not at all. Correct the cell, or empty it to leave the row out.',
      zh: '数值越大越相关，0 表示完全不相关。请更正该单元格，或将其清空以排除该行。',
    },
  },
  MK_FEATURES_GROUPS_SINGLE: {
    http: 422,
    message: {
      en: 'None of the {rows} rows shares its value of “{column}” with another: there is nothing to put in order.',
      zh: '{rows} 行中没有两行具有相同的「{column}」值：没有可排序的内容。',
    },
    hint: {
      en: 'Choose the column that says which rows are ranked against each other, e.g. the query.',
      zh: '请选择表示哪些行相互排序的列，例如查询编号。',
    },
  },
  MK_FEATURES_SPEC_TASK: {
    http: 422,
    message: {
      en: 'The task {task} does not go with a target of the kind “{target}”.',
      zh: '任务 {task} 与「{target}」类型的目标不匹配。',
    },
    hint: {
      en: 'Several labels and rankings have targets of their own; have a feature spec proposed for this target.',
      zh: '多标签与排序任务有各自的目标类型；请针对该目标重新生成特征方案。',
    },
  },
  MK_FEATURES_TARGET_TYPE: {
    http: 422,
    message: { en: 'A column of type {type} cannot be a target (“{column}”).', zh: '{type} 类型的列不能作为目标（「{column}」）。' },
    hint: {
      en: 'Choose a number, category or boolean, or change how the column is read on the dataset’s page.',
      zh: '请选择数值、类别或布尔列，或在数据集页面修改该列的类型。',
    },
  },
  MK_FEATURES_NONE_USABLE: {
    http: 422,
    message: { en: 'None of the {columns} columns can be used as a feature.', zh: '{columns} 列中没有可用作特征的列。' },
    hint: {
      en: 'They are identifiers, constants or empty. Add columns, or change in the feature spec what is left out.',
      zh: '这些列是标识、常量或为空。请补充列，或在特征方案中修改被排除的列。',
    },
  },
  MK_FEATURES_RULE_TYPE: {
    http: 422,
    message: {
      en: 'The rule “{rule}” does not fit the column “{column}”, which is of type {type}.',
      zh: '规则「{rule}」不适用于 {type} 类型的列「{column}」。',
    },
    hint: { en: 'Choose another rule for the column, or change how it is read.', zh: '请为该列选择其他规则，或修改该列的类型。' },
  },
  MK_FEATURES_HISTORY_DUPLICATE: {
    http: 422,
    message: {
      en: 'A series has two rows at one moment in {file}, so what came before is not settled: {key} (row {row}).',
      zh: '{file} 中同一序列在同一时刻有两行，无法确定先后：{key}（第 {row} 行）。',
    },
    hint: {
      en: 'Name the columns that tell the series apart (entity), or join such rows into one.',
      zh: '请指定用来区分各序列的实体列，或将这些行合并为一行。',
    },
  },
  MK_FEATURES_HISTORY_ENTITY: {
    http: 400,
    message: {
      en: 'The column “{column}” ({type}) cannot tell series apart.',
      zh: '「{column}」列（{type}）不能用来区分序列。',
    },
    hint: {
      en: 'Name each entity column once; it is neither the time nor text nor images.',
      zh: '每个实体列只能指定一次，且不能是时间列、长文本列或图像列。',
    },
  },
  MK_FEATURES_HISTORY_LAG: {
    http: 400,
    message: {
      en: '“{feature}” looks {lag} steps back, but the forecast is made {horizon} steps ahead: it would not be known yet.',
      zh: '「{feature}」只回看 {lag} 步，而预测要提前 {horizon} 步做出：届时它还未知。',
    },
    hint: { en: 'Use lags of at least the horizon, or a shorter horizon.', zh: '请使用不小于预测步长的滞后，或缩短预测步长。' },
  },
  MK_FEATURES_HISTORY_NAME: {
    http: 409,
    message: {
      en: 'The table has a column “{feature}”, or there are two features of history with that name.',
      zh: '表中已有名为「{feature}」的列，或有两个历史特征同名。',
    },
    hint: { en: 'Rename the column, or leave the feature out.', zh: '请重命名该列，或去掉该特征。' },
  },
  MK_FEATURES_HISTORY_TYPE: {
    http: 422,
    message: {
      en: '“{feature}” is made of numbers; the column “{column}” is of type {type}.',
      zh: '「{feature}」需要由数值构成；「{column}」列的类型为 {type}。',
    },
    hint: { en: 'Take the feature out, or change the type of the column when importing.', zh: '请去掉该特征，或在导入时更改该列的类型。' },
  },
  MK_FEATURES_INTERACTION: {
    http: 422,
    message: {
      en: 'The interaction “{kind}” of “{left}” and “{right}” cannot be made: “{column}” does not have the rule that it needs.',
      zh: '无法生成「{left}」与「{right}」的交互特征「{kind}」：「{column}」没有所需的规则。',
    },
    hint: {
      en: 'Products and ratios need numbers, “since” needs dates, crosses need two one-column-a-value rules with few values. Change the rule or take the interaction out.',
      zh: '乘积和比值需要数值规则，时间差需要日期规则，交叉需要两个取值不多的独热规则。请修改规则或去掉该交互特征。',
    },
  },
  MK_FEATURES_SPEC_COLUMN_TWICE: {
    http: 422,
    message: { en: 'The feature spec has two rules for the column “{column}”.', zh: '特征方案中「{column}」列有两条规则。' },
    hint: { en: 'Keep one of them.', zh: '请只保留一条。' },
  },
  MK_FEATURES_SPEC_TARGET_USED: {
    http: 422,
    message: { en: 'The target “{column}” is also used as a feature.', zh: '目标「{column}」同时被用作特征。' },
    hint: { en: 'Leave it out: a model cannot be given the answer.', zh: '请排除该列：不能把答案提供给模型。' },
  },
  MK_FEATURES_SPEC_CLASSES: {
    http: 422,
    message: {
      en: 'The task {task} does not fit the {found} classes of the feature spec.',
      zh: '任务 {task} 与特征方案中的 {found} 个类别不符。',
    },
    hint: {
      en: 'List two different classes for a binary task, two or more for multiclass, none for regression.',
      zh: '二分类需两个不同类别，多分类需两个及以上，回归不需要类别。',
    },
  },
  MK_FEATURES_PREPROCESSOR: {
    http: 409,
    message: {
      en: 'The model cuts the text “{column}” into words with {needed}; this version of Modelkeep has {available}.',
      zh: '该模型用 {needed} 对文本「{column}」分词；当前版本的 Modelkeep 只有 {available}。',
    },
    hint: {
      en: 'Other words would give other answers. Run the model with the version of Modelkeep that trained it, or train it again here.',
      zh: '分词不同会使答案不同。请使用训练该模型的 Modelkeep 版本运行，或在此重新训练。',
    },
  },
  MK_FEATURES_NAME_RESERVED: {
    http: 422,
    message: {
      en: 'The column “{column}” cannot be a feature: a model’s output has this name.',
      zh: '「{column}」列不能作为特征：该名称用于模型输出。',
    },
    hint: { en: 'Rename the column, or leave it out.', zh: '请重命名该列，或将其排除。' },
  },
} satisfies ErrorArea;
