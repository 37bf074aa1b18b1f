import type { ErrorArea } from './area.ts';

/** What a caller of the HTTP interface, or a person who deploys, can meet. `row` counts from 0; `field` is a column or tensor name. */
export const serveErrors = {
  // The request as a whole.
  MK_SERVE_NOT_JSON: {
    http: 400,
    message: { en: 'The body is not JSON: {problem} (byte {position}).', zh: '请求体不是有效的 JSON：{problem}（第 {position} 字节）。' },
    hint: {
      en: 'Send UTF-8 JSON, for example {"rows":[{"column":1}]}; NaN and Infinity are not JSON, use null for a missing value.',
      zh: '请发送 UTF-8 编码的 JSON，例如 {"rows":[{"列名":1}]}；NaN 和 Infinity 不是 JSON，缺失值用 null。',
    },
  },
  MK_SERVE_NOT_PROTOBUF: {
    http: 400,
    message: {
      en: 'The message is not the protobuf that this method takes: {problem} (byte {position}).',
      zh: '消息不是该方法所需的 protobuf：{problem}（第 {position} 字节）。',
    },
    hint: {
      en: 'Generate the client from the published definition of inference.GRPCInferenceService.',
      zh: '请根据公开的 inference.GRPCInferenceService 定义生成客户端。',
    },
  },
  MK_SERVE_TOO_DEEP: {
    http: 400,
    message: { en: 'The JSON is nested deeper than {limit} levels.', zh: 'JSON 嵌套超过 {limit} 层。' },
    hint: { en: 'A row is flat: one value per column.', zh: '每行是平的：每列一个值。' },
  },
  MK_SERVE_DUPLICATE_KEY: {
    http: 400,
    message: { en: 'The key “{field}” stands twice in one object.', zh: '同一个对象中键「{field}」出现了两次。' },
    hint: { en: 'Send each column once; which of the two values counts would be a guess.', zh: '每列只发送一次；两个值取哪一个只能靠猜。' },
  },
  MK_SERVE_BODY_SHAPE: {
    http: 422,
    message: { en: 'The body should be {expected}, but it is {found}.', zh: '请求体应为 {expected}，实际为 {found}。' },
    hint: {
      en: 'Send {"rows":[{column: value, …}]} or one object of column values.',
      zh: '请发送 {"rows":[{列名: 值, …}]}，或一个由列值组成的对象。',
    },
  },
  MK_SERVE_BODY_TOO_LARGE: {
    http: 413,
    message: { en: 'The body is larger than {limit}.', zh: '请求体超过 {limit}。' },
    hint: { en: 'Send fewer rows in one request.', zh: '减少单次请求的行数。' },
  },
  MK_SERVE_TOO_MANY_ROWS: {
    http: 413,
    message: {
      en: '{found} rows are more than the {limit} that one request may hold.',
      zh: '共 {found} 行，超过单次请求上限 {limit} 行。',
    },
    hint: { en: 'Split them over several requests.', zh: '请拆成多次请求。' },
  },
  MK_SERVE_NO_ROWS: {
    http: 422,
    message: { en: 'The request holds no row.', zh: '请求中没有任何行。' },
    hint: { en: 'Send at least one.', zh: '至少发送一行。' },
  },
  MK_SERVE_CONTENT_TYPE: {
    http: 415,
    message: { en: 'The content type “{found}” is not read here.', zh: '此处不接受内容类型「{found}」。' },
    hint: {
      en: 'Send the header “content-type: application/json” (curl: -H "content-type: application/json").',
      zh: '请发送请求头「content-type: application/json」（curl：-H "content-type: application/json"）。',
    },
  },
  MK_SERVE_ENCODING: {
    http: 415,
    message: { en: 'Bodies compressed as “{found}” are not read here.', zh: '此处不接受以「{found}」压缩的请求体。' },
    hint: { en: 'Send the body uncompressed.', zh: '请发送未压缩的请求体。' },
  },
  MK_SERVE_BAD_HTTP: {
    http: 400,
    message: { en: 'The request breaks the rules of HTTP: {problem}', zh: '请求不符合 HTTP 规则：{problem}' },
    hint: { en: 'Check the address, the headers and the stated length.', zh: '检查地址、请求头和声明的长度。' },
  },
  MK_SERVE_TIMEOUT: {
    http: 408,
    message: { en: 'The request did not arrive completely within {limitMs} ms.', zh: '请求未在 {limitMs} 毫秒内完整到达。' },
    hint: { en: 'Send headers and body without pauses.', zh: '请不间断地发送请求头和请求体。' },
  },
  MK_SERVE_DEADLINE: {
    http: 504,
    message: { en: 'The deadline of the request passed before its answer was there.', zh: '请求的截止时间在得到结果之前已过。' },
    hint: {
      en: 'Allow more time, send fewer rows, or send less at once: the request may have waited for others.',
      zh: '请放宽时限、减少行数或降低并发：该请求可能在等待其他请求。',
    },
  },
  MK_SERVE_CANCELLED: {
    http: 499,
    message: { en: 'The caller went away before the answer was there.', zh: '调用方在得到结果之前已离开。' },
    hint: { en: 'Nothing is wrong with the endpoint. Allow more time.', zh: '端点没有问题。请放宽时限。' },
  },
  MK_SERVE_CONTROL_OFF: {
    http: 403,
    message: {
      en: 'Endpoints are not started or stopped over the network: “{field}” stays as it is.',
      zh: '不允许通过网络启动或停止端点：「{field}」保持不变。',
    },
    hint: {
      en: 'Start and stop it in Modelkeep, or allow control by callers in the settings.',
      zh: '请在 Modelkeep 中启动或停止，或在设置中允许调用方控制。',
    },
  },
  MK_SERVE_HOST_REFUSED: {
    http: 403,
    message: { en: 'The host name “{found}” is not one of this server.', zh: '主机名「{found}」不属于本服务器。' },
    hint: {
      en: 'Use the address that the endpoint shows, with 127.0.0.1 or localhost.',
      zh: '请使用端点显示的地址（127.0.0.1 或 localhost）。',
    },
  },
  MK_SERVE_ORIGIN_REFUSED: {
    http: 403,
    message: { en: 'Requests that a web page of another site ({found}) makes are refused.', zh: '拒绝来自其他网站页面（{found}）的请求。' },
    hint: { en: 'Call the endpoint from a program, not from a page in a browser.', zh: '请从程序调用端点，而不是从浏览器页面。' },
  },
  MK_SERVE_ROUTE_UNKNOWN: {
    http: 404,
    message: { en: 'There is nothing at “{field}”.', zh: '「{field}」处没有内容。' },
    hint: { en: '/openapi.json lists every address.', zh: '/openapi.json 列出了全部地址。' },
  },
  MK_SERVE_METHOD: {
    http: 405,
    message: { en: '{found} is not answered here; {expected} is.', zh: '此处不支持 {found}，应使用 {expected}。' },
    hint: { en: 'Change the method of the request.', zh: '请更换请求方法。' },
  },
  // Which endpoint.
  MK_SERVE_ENDPOINT_UNKNOWN: {
    http: 404,
    message: { en: 'There is no endpoint “{field}”.', zh: '没有名为「{field}」的端点。' },
    hint: { en: 'GET /api/v1/endpoints lists them; deploy a model first.', zh: 'GET /api/v1/endpoints 可列出全部端点；请先部署模型。' },
  },
  MK_SERVE_VERSION_NOT_SERVED: {
    http: 404,
    message: { en: 'The endpoint answers with version {expected}, not {found}.', zh: '该端点使用的是版本 {expected}，而不是 {found}。' },
    hint: { en: 'Leave the version out, or point the alias at the one you want.', zh: '省略版本，或将别名指向所需版本。' },
  },
  MK_SERVE_NOT_READY: {
    http: 503,
    message: { en: 'The endpoint “{field}” is not answering now ({state}).', zh: '端点「{field}」当前无法应答（{state}）。' },
    hint: { en: 'Try again in a moment; its page in Modelkeep says why.', zh: '请稍后重试；Modelkeep 中该端点的页面会说明原因。' },
  },
  MK_SERVE_OVERLOADED: {
    http: 429,
    message: {
      en: 'The endpoint “{field}” has more requests waiting than it can answer in time.',
      zh: '端点「{field}」排队的请求过多，无法及时应答。',
    },
    hint: { en: 'Wait as long as Retry-After says, then send again.', zh: '请按 Retry-After 指示的时间等待后重发。' },
  },
  // One value.
  MK_SERVE_ROW_NOT_OBJECT: {
    http: 422,
    message: {
      en: 'Row {row} should be an object of column values, but it is {found}.',
      zh: '第 {row} 行应为由列值组成的对象，实际为 {found}。',
    },
    hint: { en: 'Write a row as {"column": value, …}.', zh: '每行写作 {"列名": 值, …}。' },
  },
  MK_SERVE_COLUMN_UNKNOWN: {
    http: 422,
    message: { en: 'Row {row}: the model has no column “{field}”.', zh: '第 {row} 行：模型没有列「{field}」。' },
    hint: { en: 'The model reads: {expected}.', zh: '模型读取的列：{expected}。' },
  },
  MK_SERVE_COLUMN_MISSING: {
    http: 422,
    message: { en: 'Row {row}: the column “{field}” is missing.', zh: '第 {row} 行：缺少列「{field}」。' },
    hint: { en: 'Send it, with null if its value is unknown ({expected}).', zh: '请发送该列；值未知时用 null（{expected}）。' },
  },
  MK_SERVE_TYPE_MISMATCH: {
    http: 422,
    message: {
      en: 'Row {row}, “{field}”: {expected} was expected, {found} was sent.',
      zh: '第 {row} 行「{field}」：应为 {expected}，收到 {found}。',
    },
    hint: { en: 'Correct the value; use null for a missing one.', zh: '请改正该值；缺失值用 null。' },
  },
  MK_SERVE_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Row {row}, “{field}”: {found} is not a finite number that the model can hold.',
      zh: '第 {row} 行「{field}」：{found} 不是模型可接受的有限数。',
    },
    hint: { en: 'Use null for a missing value.', zh: '缺失值请用 null。' },
  },
  MK_SERVE_DATE_INVALID: {
    http: 422,
    message: { en: 'Row {row}, “{field}”: {found} is not a date that exists.', zh: '第 {row} 行「{field}」：{found} 不是有效日期。' },
    hint: {
      en: 'Write 2026-03-01 or 2026-03-01T09:30:00Z (without a zone it counts as UTC).',
      zh: '请写作 2026-03-01 或 2026-03-01T09:30:00Z（无时区时按 UTC）。',
    },
  },
  MK_SERVE_IMAGE_INVALID: {
    http: 422,
    message: { en: 'Row {row}, “{field}”: the image cannot be read ({found}).', zh: '第 {row} 行「{field}」：无法读取图像（{found}）。' },
    hint: {
      en: 'Send a PNG or JPEG as base64, or pixels as nested arrays [height][width][channel] of 0–255.',
      zh: '请以 base64 发送 PNG 或 JPEG，或以嵌套数组 [高][宽][通道] 发送 0–255 的像素。',
    },
  },
  // Open Inference Protocol.
  MK_SERVE_TENSOR: {
    http: 400,
    message: { en: 'Tensor “{field}”: {expected} was expected, {found} was sent.', zh: '张量「{field}」：应为 {expected}，收到 {found}。' },
    hint: {
      en: 'GET the metadata of the model: it lists names, datatypes and shapes.',
      zh: '用 GET 读取模型元数据：其中列出了名称、数据类型和形状。',
    },
  },
  MK_SERVE_TENSOR_UNKNOWN: {
    http: 400,
    message: { en: 'The model has no tensor “{field}”.', zh: '模型没有张量「{field}」。' },
    hint: { en: 'It has: {expected}.', zh: '可用的张量：{expected}。' },
  },
  MK_SERVE_TENSOR_MISSING: {
    http: 400,
    message: { en: 'The input tensor “{field}” is missing ({expected}).', zh: '缺少输入张量「{field}」（{expected}）。' },
    hint: { en: 'Send every input that the metadata of the model lists as required.', zh: '请发送模型元数据中列出的全部必需输入。' },
  },
  MK_SERVE_TENSOR_TWICE: {
    http: 400,
    message: { en: 'The tensor “{field}” stands twice in the request.', zh: '请求中张量「{field}」出现了两次。' },
    hint: { en: 'Send each one once.', zh: '每个张量只发送一次。' },
  },
  // The model's own fault.
  MK_SERVE_MODEL_CRASHED: {
    http: 500,
    message: {
      en: 'The model of “{field}” stopped or hung twice on this request; it was not tried again.',
      zh: '「{field}」的模型在此请求上两次停止或卡住，不再重试。',
    },
    hint: {
      en: 'Other requests go on. Keep the request id: the stored request shows what the model could not take.',
      zh: '其他请求不受影响。请记下请求编号：存储的请求可显示模型无法处理的内容。',
    },
  },
  MK_SERVE_RUN_FAILED: {
    http: 500,
    message: { en: 'The model of “{field}” could not compute an answer.', zh: '「{field}」的模型无法算出结果。' },
    hint: {
      en: 'The endpoint’s log says which operation failed. Roll back if it repeats.',
      zh: '端点日志记录了失败的运算。若重复发生，请回滚。',
    },
  },
  MK_SERVE_LOAD_FAILED: {
    http: 500,
    message: { en: 'Version {version} of “{model}” cannot be loaded: {reason}', zh: '「{model}」版本 {version} 无法加载：{reason}' },
    hint: {
      en: 'The version that answered before goes on answering. Verify the model in the registry.',
      zh: '之前的版本继续应答。请在登记库中校验该模型。',
    },
  },
  MK_SERVE_WARMUP_HUNG: {
    http: 500,
    message: {
      en: 'Version {version} of “{model}” gave no answer within {limitMs} ms while it was tried out.',
      zh: '「{model}」版本 {version} 试运行时 {limitMs} 毫秒内没有应答。',
    },
    hint: {
      en: 'It was not put into service; the version that answered before goes on. Retrain the model.',
      zh: '未投入使用，之前的版本继续应答。请重新训练模型。',
    },
  },
  MK_SERVE_SIGNATURE_MISMATCH: {
    http: 409,
    message: {
      en: 'Version {version} of “{model}” does not have the input or output “{field}” as its signature says ({problem}).',
      zh: '「{model}」版本 {version} 的输入或输出「{field}」与签名不符（{problem}）。',
    },
    hint: {
      en: 'The file is not the model that was registered. Verify it in the registry.',
      zh: '该文件不是登记时的模型。请在登记库中校验。',
    },
  },
  MK_SERVE_NO_PREVIOUS: {
    http: 409,
    message: {
      en: 'The endpoint “{name}” has answered with one version only; there is none to go back to.',
      zh: '端点「{name}」只用过一个版本，没有可回滚的版本。',
    },
    hint: { en: 'Point the alias at the version you want.', zh: '请将别名指向所需版本。' },
  },
  MK_SERVE_STOPPED: {
    http: 409,
    message: { en: 'The endpoint “{name}” is stopped.', zh: '端点「{name}」已停止。' },
    hint: { en: 'Start it first.', zh: '请先启动。' },
  },
} satisfies ErrorArea;
