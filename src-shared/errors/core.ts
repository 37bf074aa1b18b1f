import type { ErrorArea } from './area.ts';

export const coreErrors = {
  MK_RPC_BAD_REQUEST: {
    http: 400,
    message: { en: 'The message was refused: {reason}', zh: '消息被拒绝：{reason}' },
    hint: { en: 'Reload the window; it may be older than the core.', zh: '重新加载窗口：界面可能比内核旧。' },
  },
  MK_RPC_UNKNOWN_METHOD: {
    http: 404,
    message: { en: 'There is no method “{method}”.', zh: '没有名为「{method}」的方法。' },
    hint: { en: 'Reload the window; it may be older than the core.', zh: '重新加载窗口：界面可能比内核旧。' },
  },
  MK_RPC_INVALID_PARAMS: {
    http: 400,
    message: { en: '“{method}” was called with a wrong value in {field}: {problem}', zh: '调用「{method}」时 {field} 的值有误：{problem}' },
    hint: { en: 'Correct the value and try again.', zh: '改正该值后重试。' },
  },
  MK_INTERNAL: {
    http: 500,
    message: {
      en: '“{operation}” failed because of a fault in Modelkeep ({detail}).',
      zh: '「{operation}」因 Modelkeep 内部故障而失败（{detail}）。',
    },
    hint: {
      en: 'Nothing was changed. The log in the workspace folder says more; send it to support.',
      zh: '没有任何改动。工作区文件夹中的日志有详细信息，可提供给支持人员。',
    },
  },
  MK_CORE_EXITED: {
    http: 503,
    message: { en: 'The core process ended while answering.', zh: '内核进程在应答时退出。' },
    hint: {
      en: 'It is being started again; try once more in a moment. Acknowledged work is safe.',
      zh: '正在重新启动，稍后重试。已确认的工作不会丢失。',
    },
  },
  MK_DISCONNECTED: {
    http: 503,
    message: { en: 'The connection to Modelkeep is lost.', zh: '与 Modelkeep 的连接已断开。' },
    hint: {
      en: 'Start it again with “npm start” and open the address that it prints.',
      zh: '用「npm start」重新启动，并打开它给出的地址。',
    },
  },
  MK_TOKEN_MISSING: {
    http: 401,
    message: { en: 'This page has no access token.', zh: '此页面没有访问令牌。' },
    hint: {
      en: 'Open the address that “npm start” prints, with everything after the #.',
      zh: '请打开「npm start」给出的完整地址，包括 # 后面的部分。',
    },
  },
  MK_UPLOAD_TOO_LARGE: {
    http: 413,
    message: { en: 'The file is larger than {limit}, which is the limit for an upload.', zh: '文件超过上传上限 {limit}。' },
    hint: {
      en: 'Choose it by its path on this machine instead, or use “modelkeep data import”.',
      zh: '请改用本机路径选择，或使用「modelkeep data import」。',
    },
  },
  MK_CLI_USAGE: {
    http: 400,
    message: { en: 'The command was not understood: {problem}', zh: '无法理解该命令：{problem}' },
    hint: { en: '“modelkeep --help” lists all commands.', zh: '「modelkeep --help」列出全部命令。' },
  },
  MK_NAME_INVALID: {
    http: 422,
    message: { en: '“{name}” cannot be used as a name.', zh: '「{name}」不能用作名称。' },
    hint: {
      en: 'Use 1 to 64 letters, digits, “_”, “.” or “-”, starting with a letter or digit. Try “{suggestion}”.',
      zh: '名称由 1 到 64 个字母、汉字、数字、「_」「.」「-」组成，并以字母、汉字或数字开头。可用「{suggestion}」。',
    },
  },
  MK_NAME_TAKEN: {
    http: 409,
    message: { en: 'The name “{name}” is already used by another {what}.', zh: '名称「{name}」已被另一个{what}占用。' },
    hint: { en: 'Choose another name.', zh: '换一个名称。' },
  },
  MK_NOT_FOUND: {
    http: 404,
    message: { en: 'There is no {what} “{name}”.', zh: '没有名为「{name}」的{what}。' },
    hint: { en: 'Check the name; the list shows what exists.', zh: '检查名称；列表中有全部现有项。' },
  },
  MK_WORKSPACE_LOCKED: {
    http: 409,
    message: {
      en: 'The workspace {folder} is in use by another Modelkeep (process {pid}, started {since}).',
      zh: '工作区 {folder} 正被另一个 Modelkeep 使用（进程 {pid}，启动于 {since}）。',
    },
    hint: {
      en: 'Use that window, close it first, or choose another folder with --workspace.',
      zh: '使用那个窗口，或先关闭它，或用 --workspace 选择其他文件夹。',
    },
  },
  MK_WORKSPACE_NEWER: {
    http: 409,
    message: {
      en: 'The workspace was written by a newer Modelkeep (schema {found}, this one knows {known}).',
      zh: '该工作区由更新版本的 Modelkeep 写入（结构版本 {found}，本程序支持到 {known}）。',
    },
    hint: { en: 'Install the newer version; nothing was changed.', zh: '请安装新版本；没有任何改动。' },
  },
  MK_WORKSPACE_UNWRITABLE: {
    http: 507,
    message: { en: 'The workspace folder {folder} cannot be written: {reason}', zh: '工作区文件夹 {folder} 无法写入：{reason}' },
    hint: {
      en: 'Check the rights of the folder, or choose another with --workspace.',
      zh: '检查文件夹权限，或用 --workspace 选择其他文件夹。',
    },
  },
  MK_DISK_FULL: {
    http: 507,
    message: { en: 'The disk is full: {needed} needed, {free} free.', zh: '磁盘已满：需要 {needed}，剩余 {free}。' },
    hint: { en: 'Free some space and try again. Nothing was half-written.', zh: '腾出空间后重试。没有写入任何不完整的内容。' },
  },
  MK_FILE_UNWRITABLE: {
    http: 422,
    message: { en: 'The file {file} cannot be written: {reason}', zh: '文件 {file} 无法写入：{reason}' },
    hint: {
      en: 'Choose a folder that exists and that you may write to. Nothing was left behind.',
      zh: '请选择存在且可写的文件夹。没有留下任何内容。',
    },
  },
  MK_FILE_UNREADABLE: {
    http: 422,
    message: { en: 'The file or folder {file} cannot be read: {reason}', zh: '文件或文件夹 {file} 无法读取：{reason}' },
    hint: { en: 'Check that it exists and that you may read it.', zh: '请确认它存在且您有读取权限。' },
  },
  MK_BLOB_CORRUPT: {
    http: 500,
    message: { en: 'Stored content {sha256} has changed on disk.', zh: '存储内容 {sha256} 在磁盘上已被改动。' },
    hint: {
      en: 'Do not use what depends on it. Restore the file from a backup of the workspace.',
      zh: '不要使用依赖它的对象。请从工作区备份中恢复该文件。',
    },
  },
  MK_BLOB_MISSING: {
    http: 500,
    message: { en: 'Stored content {sha256} is missing on disk.', zh: '存储内容 {sha256} 在磁盘上缺失。' },
    hint: { en: 'Restore the file from a backup of the workspace.', zh: '请从工作区备份中恢复该文件。' },
  },
  MK_JOB_INTERRUPTED: {
    http: 503,
    message: {
      en: 'The job was interrupted when Modelkeep ended, and it cannot be continued.',
      zh: 'Modelkeep 结束时任务被中断，且无法继续。',
    },
    hint: { en: 'Start it again. Nothing was half-written.', zh: '请重新开始。没有写入任何不完整的内容。' },
  },
  MK_JOB_CANCELLED: {
    http: 409,
    message: { en: 'The job was cancelled.', zh: '任务已取消。' },
    hint: { en: 'Start it again if you still need it.', zh: '如仍需要，请重新开始。' },
  },
  MK_WORKER_DIED: {
    http: 500,
    message: { en: 'The {worker} process ended unexpectedly ({reason}).', zh: '{worker} 进程意外结束（{reason}）。' },
    hint: {
      en: 'Nothing was half-written. Try again; if it repeats, the input may be too large for this machine.',
      zh: '没有写入任何不完整的内容。请重试；若再次发生，输入对本机可能过大。',
    },
  },
  MK_WORKER_LIMIT: {
    http: 413,
    message: {
      en: 'The {worker} process passed its limit of {limit} and was stopped.',
      zh: '{worker} 进程超过了 {limit} 的限制，已被停止。',
    },
    hint: { en: 'Use a smaller input, or raise the limit in Settings.', zh: '请使用较小的输入，或在设置中提高限制。' },
  },
  MK_PORT_IN_USE: {
    http: 409,
    message: { en: 'Port {port} is used by another program.', zh: '端口 {port} 已被其他程序占用。' },
    hint: { en: 'Choose another port in Settings or with --port.', zh: '在设置中或用 --port 选择其他端口。' },
  },
  MK_AUDIT_BROKEN: {
    http: 500,
    message: { en: 'The audit chain is broken at entry {entry}: {problem}', zh: '审计链在第 {entry} 条处断开：{problem}' },
    hint: {
      en: 'Keep a copy of the workspace as evidence and compare it with the last backup.',
      zh: '保留一份工作区副本作为证据，并与最近的备份比较。',
    },
  },
} satisfies ErrorArea;
