import type { ErrorArea } from './area.ts';

export const monitorErrors = {
  MK_MONITOR_NO_TRUTH: {
    http: 422,
    message: { en: 'Neither rows nor a file with the real outcomes was given.', zh: '没有提供真实结果的行或文件。' },
    hint: {
      en: 'Give a CSV or JSONL file with the columns request_id, row and truth.',
      zh: '请提供含 request_id、row、truth 列的 CSV 或 JSONL 文件。',
    },
  },
  MK_MONITOR_TRUTH_FILE: {
    http: 422,
    message: { en: '{file}, line {row}: {problem}', zh: '{file} 第 {row} 行：{problem}' },
    hint: {
      en: 'The file needs the columns request_id, row (counted from 0, may be left out) and truth. Nothing was stored.',
      zh: '文件需要 request_id、row（从 0 开始，可省略）和 truth 列。没有存储任何内容。',
    },
  },
  MK_MONITOR_TRUTH_CLASS: {
    http: 422,
    message: { en: 'Row {row}: the model has no class “{found}”.', zh: '第 {row} 行：模型没有类别「{found}」。' },
    hint: {
      en: 'Give the outcome as the model names it: {classes}. Nothing was stored.',
      zh: '请按模型的取值给出结果：{classes}。没有存储任何内容。',
    },
  },
  MK_MONITOR_TRUTH_NUMBER: {
    http: 422,
    message: { en: 'Row {row}: “{found}” is not a number.', zh: '第 {row} 行：「{found}」不是数字。' },
    hint: {
      en: 'The model predicts a number; give what it really was. Nothing was stored.',
      zh: '模型预测的是数字，请给出真实数值。没有存储任何内容。',
    },
  },
} satisfies ErrorArea;
