import type { ErrorArea } from './area.ts';

export const registryErrors = {
  MK_REGISTRY_CANDIDATE_UNFINISHED: {
    http: 409,
    message: {
      en: 'Candidate {candidate} has no finished model yet (it is {state}).',
      zh: '候选 {candidate} 还没有完成的模型（状态：{state}）。',
    },
    hint: {
      en: 'Wait until its training is done, or register another candidate of the run.',
      zh: '等待训练完成，或登记该运行的其他候选。',
    },
  },
  MK_REGISTRY_SIGNATURE_MISSING: {
    http: 409,
    message: { en: 'Run {run} kept no signature of inputs and outputs.', zh: '运行 {run} 没有保存输入输出签名。' },
    hint: { en: 'Train again; the old run cannot be registered.', zh: '请重新训练；旧的运行无法登记。' },
  },
  MK_REGISTRY_ALIAS_REVERTED: {
    http: 409,
    message: {
      en: 'The alias “{alias}” of {model} was not moved to version {version}: the endpoints could not take it ({reason}).',
      zh: '{model} 的别名「{alias}」没有移到版本 {version}：端点无法切换（{reason}）。',
    },
    hint: {
      en: 'The version before goes on answering. Look at the endpoint for the cause, then try again.',
      zh: '之前的版本继续应答。请查看端点中的原因，然后重试。',
    },
  },
  MK_REGISTRY_NOT_COMPARABLE: {
    http: 422,
    message: {
      en: 'Versions {a} and {b} of {model} cannot be compared: {reason}',
      zh: '{model} 的版本 {a} 与 {b} 无法比较：{reason}',
    },
    hint: {
      en: 'Compare versions that answer the same question (same task and target).',
      zh: '请比较回答同一问题的版本（任务和目标相同）。',
    },
  },
  MK_REGISTRY_NOTHING_TO_QUANTIZE: {
    http: 422,
    message: {
      en: 'Nothing in this model can compute in 8-bit integers ({operators}).',
      zh: '该模型中没有可用 8 位整数计算的部分（{operators}）。',
    },
    hint: {
      en: 'Trees compare and small products gain nothing: export the file as it is. Networks with products of 256 weights or more gain.',
      zh: '树模型只做比较，小型乘积没有收益：请直接导出原文件。含 256 个以上权重乘积的网络才会受益。',
    },
  },
  MK_REGISTRY_SAMPLE_EMPTY: {
    http: 422,
    message: { en: '{file} holds no row to measure ranges on.', zh: '{file} 中没有可用于测量范围的行。' },
    hint: {
      en: 'Give a file with some hundred typical rows, or leave it out: training rows are used then.',
      zh: '请提供含数百条典型行的文件，或不指定：将使用训练行。',
    },
  },
} satisfies ErrorArea;
