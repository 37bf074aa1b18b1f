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
  MK_FEATURES_NAME_RESERVED: {
    http: 422,
    message: {
      en: 'The column “{column}” cannot be a feature: a model’s output has this name.',
      zh: '「{column}」列不能作为特征：该名称用于模型输出。',
    },
    hint: { en: 'Rename the column, or leave it out.', zh: '请重命名该列，或将其排除。' },
  },
} satisfies ErrorArea;
