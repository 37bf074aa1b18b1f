import type { ErrorArea } from './area.ts';

export const learnErrors = {
  MK_LEARN_NO_CHAMPION: {
    http: 409,
    message: { en: 'The model {model} has no champion to compare with.', zh: '模型 {model} 还没有现役版本，无法比较。' },
    hint: { en: 'Move the alias “champion” to a version first.', zh: '先把别名「champion」指向一个版本。' },
  },
  MK_LEARN_RUNNING: {
    http: 409,
    message: { en: 'Cycle {number} of {model} is still running.', zh: '{model} 的第 {number} 轮学习仍在进行。' },
    hint: { en: 'Wait for it, or cancel its job.', zh: '等待其结束，或取消其任务。' },
  },
  MK_LEARN_NOT_PROPOSED: {
    http: 409,
    message: {
      en: 'Cycle {number} of {model} cannot be {decision}: it is {state}.',
      zh: '{model} 的第 {number} 轮不能执行「{decision}」：当前状态为 {state}。',
    },
    hint: { en: 'Only a finished cycle that was not decided yet can be decided.', zh: '只有已完成且尚未决定的学习轮次可以决定。' },
  },
  MK_LEARN_REASON_MISSING: {
    http: 422,
    message: {
      en: 'Cycle {number} of {model} found no proven improvement; promoting it all the same needs a reason.',
      zh: '{model} 的第 {number} 轮没有证明有改进；若仍要转正，需要填写理由。',
    },
    hint: { en: 'Say why; it goes into the audit log.', zh: '请说明原因；它会写入审计日志。' },
  },
  MK_LEARN_GATE_CLOSED: {
    http: 409,
    message: {
      en: 'Cycle {number} of {model} cannot be promoted: the gate “{gate}” did not pass (measured {value}, limit {limit}).',
      zh: '{model} 的第 {number} 轮不能转正：关卡「{gate}」未通过（实测 {value}，限值 {limit}）。',
    },
    hint: {
      en: 'Start another cycle with other data; this challenger would break callers.',
      zh: '请用其他数据重新开始一轮；该候选会影响调用方。',
    },
  },
  MK_LEARN_STALE: {
    http: 409,
    message: {
      en: 'Cycle {number} of {model} was compared with version {compared}, but the champion is now version {champion}.',
      zh: '{model} 的第 {number} 轮与版本 {compared} 比较，但现役版本已是 {champion}。',
    },
    hint: {
      en: 'Start a new cycle; the proof does not hold for the present champion.',
      zh: '请开始新的一轮；该证明不适用于当前现役版本。',
    },
  },
  MK_SAMPLE_UNREADABLE: {
    http: 500,
    message: { en: 'The bundled sample {sample} cannot be read: {reason}', zh: '内置样例 {sample} 无法读取：{reason}' },
    hint: { en: 'The installation is incomplete; install it again.', zh: '安装不完整，请重新安装。' },
  },
} satisfies ErrorArea;
