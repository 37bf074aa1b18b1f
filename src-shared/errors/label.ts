import type { ErrorArea } from './area.ts';

export const labelErrors = {
  MK_LABEL_ROW_OUTSIDE: {
    http: 422,
    message: {
      en: 'Row {row} is not in {dataset} version {version}, which has {rows} rows (0 to {last}).',
      zh: '第 {row} 行不在 {dataset} 版本 {version} 中：该版本共 {rows} 行（0 到 {last}）。',
    },
    hint: { en: 'Reload the queue; nothing was saved.', zh: '重新加载队列；没有保存任何内容。' },
  },
  MK_LABEL_CLASS_UNKNOWN: {
    http: 422,
    message: {
      en: '“{class}” is not a class of {labelSet}. Its classes are: {classes}.',
      zh: '「{class}」不是 {labelSet} 的类别。现有类别：{classes}。',
    },
    hint: { en: 'Choose one of the classes, or add this one to the label set first.', zh: '选择现有类别，或先把它加入标注集。' },
  },
  MK_LABEL_BOTH: {
    http: 422,
    message: { en: 'Row {row} cannot be labelled and skipped at once.', zh: '第 {row} 行不能既标注又跳过。' },
    hint: { en: 'Send a label, or “skipped”, not both.', zh: '只提交标签或「跳过」之一。' },
  },
  MK_LABEL_CLASS_IN_USE: {
    http: 409,
    message: {
      en: 'The class “{class}” cannot be removed or renamed: {labels} rows carry it in {labelSet}.',
      zh: '类别「{class}」不能删除或改名：{labelSet} 中有 {labels} 行使用它。',
    },
    hint: {
      en: 'Label those rows differently first (show “labelled” and filter by the class), or keep the class.',
      zh: '先改标这些行（显示「已标注」并按类别筛选），或保留该类别。',
    },
  },
  MK_LABEL_CLASSES_DUPLICATE: {
    http: 422,
    message: { en: 'Two classes share the {what} “{value}”.', zh: '有两个类别使用相同的{what}「{value}」。' },
    hint: { en: 'Give each class its own name and its own key.', zh: '每个类别须有各自的名称和按键。' },
  },
  MK_LABEL_COLUMN_UNKNOWN: {
    http: 422,
    message: { en: '{dataset} version {version} has no column “{column}”.', zh: '{dataset} 版本 {version} 没有「{column}」列。' },
    hint: { en: 'Choose one of its columns: {columns}.', zh: '请选择其中一列：{columns}。' },
  },
  MK_LABEL_COLUMN_TYPE: {
    http: 422,
    message: {
      en: 'Column “{column}” of {dataset} holds {found}; labelling by {kind} needs {expected}.',
      zh: '{dataset} 的「{column}」列类型为 {found}；按 {kind} 标注需要 {expected}。',
    },
    hint: {
      en: 'Choose another column, another kind of labelling, or change the type of the column in Data.',
      zh: '选择其他列或其他标注方式，或在「数据」中更改列类型。',
    },
  },
  MK_LABEL_NOTHING_TO_FREEZE: {
    http: 409,
    message: { en: '{labelSet} has no labels yet, so there is nothing to freeze.', zh: '{labelSet} 还没有标签，无法冻结。' },
    hint: { en: 'Label some rows first; skipped rows do not count.', zh: '先标注一些行；跳过的行不计入。' },
  },
} satisfies ErrorArea;
