// The OpenAPI description of what is deployed now, made from the signatures of the models.
import { describeHistory } from '../../../../src-shared/domain/describeHistory.ts';
import { catalogue } from '../../../../src-shared/errors/catalogue.ts';
import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import { isDate, isImage } from '../protocol/inputPlan.ts';
import type { ModelToServe } from '../wire/messages.ts';

type Schema = Record<string, unknown>;

const nullable = (schema: Schema): Schema => ({ ...schema, type: [schema['type'], 'null'] });
const errorStatuses = [
  ...new Set(Object.entries(catalogue).flatMap(([code, { http }]) => (code.startsWith('MK_SERVE_') ? [http] : []))),
].sort((a, b) => a - b);

export function openApi(served: readonly ModelToServe[], url: string): object {
  const paths: Record<string, object> = {
    '/api/v1/endpoints': { get: operation('List of endpoints', {}) },
    '/v2': { get: operation('Server metadata (Open Inference Protocol)', {}) },
    '/v2/health/live': { get: operation('The server is up', {}) },
    '/v2/health/ready': { get: operation('Every endpoint answers', {}) },
    '/v2/models/stats': { get: operation('Statistics of every endpoint', {}) },
    '/v2/repository/index': { post: operation('Every endpoint with its state', {}) },
    '/metrics': { get: { summary: 'Prometheus metrics', responses: { 200: { description: 'Text', content: { 'text/plain': {} } } } } },
  };
  for (const model of served) {
    const name = encodeURIComponent(model.endpoint);
    paths[`/api/v1/endpoints/${name}/predict`] = {
      post: { ...operation(`Predict with ${model.model}`, predictionSchema(model)), requestBody: body(requestSchema(model)) },
    };
    paths[`/v2/models/${name}`] = { get: operation(`Inputs and outputs of ${model.model}`, {}) };
    paths[`/v2/models/${name}/ready`] = { get: operation(`Whether ${model.model} answers`, {}) };
    paths[`/v2/models/${name}/config`] = { get: operation(`What ${model.model} takes, as Triton's configuration says it`, {}) };
    paths[`/v2/models/${name}/stats`] = { get: operation(`Statistics of ${model.model} since its version answers`, {}) };
    for (const action of ['load', 'unload'])
      paths[`/v2/repository/models/${name}/${action}`] = {
        post: operation(`${action === 'load' ? 'Starts' : 'Stops'} the endpoint, where the settings allow it`, {}),
      };
    paths[`/v2/models/${name}/infer`] = {
      post: {
        ...operation(`Infer with ${model.model} (Open Inference Protocol)`, {}),
        requestBody: body({ type: 'object', required: ['inputs'] }),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Modelkeep endpoints',
      version: '1',
      description: 'Predictions of the models deployed on this machine. Made from their signatures; it changes when a model does.',
    },
    servers: [{ url }],
    paths,
    components: { schemas: { Error: errorSchema } },
  };
}

function operation(summary: string, schema: Schema): Record<string, unknown> {
  const errors = Object.fromEntries(
    errorStatuses.map((status) => [
      status,
      { description: 'Refused', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    ]),
  );
  return { summary, responses: { 200: { description: 'Answer', content: { 'application/json': { schema } } }, ...errors } };
}

function body(schema: Schema): object {
  return { required: true, content: { 'application/json': { schema } } };
}

function requestSchema({ signature }: ModelToServe): Schema {
  const row = {
    type: 'object',
    properties: Object.fromEntries(signature.inputs.map((input) => [input.name, cellSchema(input)])),
    required: signature.inputs.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
  return {
    oneOf: [
      {
        type: 'object',
        properties: { rows: { type: 'array', items: row, minItems: 1, maxItems: 10_000 } },
        required: ['rows'],
        additionalProperties: false,
      },
      row,
    ],
  };
}

function cellSchema(input: ModelInput): Schema {
  const told = [
    ...(input.history ? [describeHistory(input.history)] : []),
    ...(input.range ? [`Seen in training: ${input.range.min} to ${input.range.max}`] : []),
  ];
  const seen = told.length > 0 ? { description: told.join('. ') } : {};
  if (isImage(input))
    return {
      description: `PNG or JPEG as base64, or pixels [${input.shape.join('][')}]`,
      oneOf: [{ type: 'string', contentEncoding: 'base64' }, { type: 'array' }],
    };
  if (input.shape.some((dim) => dim !== 1)) return { type: 'array', description: `Shape [${input.shape.join(', ')}]` };
  if (isDate(input)) return nullable({ type: 'string', description: 'ISO 8601 date or date and time' });
  if (input.onnxType === 'string')
    return nullable({ type: 'string', ...(input.categories ? { examples: input.categories.slice(0, 20) } : {}) });
  if (input.type === 'boolean') return nullable({ type: 'boolean' });
  if (input.onnxType === 'int64' || input.onnxType === 'uint8') return { type: 'integer', ...seen };
  if (input.onnxType === 'bool') return { type: 'boolean' };
  return nullable({ type: 'number', ...seen });
}

function answerSchema({ task, classes }: ModelToServe['signature']): Schema {
  if (classes.length === 0) return { type: 'number' };
  const name = { type: 'string', enum: classes };
  return task === 'multilabel' ? { type: 'array', items: name } : name;
}

function predictionSchema({ signature }: ModelToServe): Schema {
  const prediction: Schema = {
    prediction: answerSchema(signature),
  };
  if (signature.classes.length > 0) {
    if (signature.task !== 'multilabel') prediction['probability'] = { type: 'number' };
    prediction['probabilities'] = {
      type: 'object',
      properties: Object.fromEntries(signature.classes.map((name) => [name, { type: 'number' }])),
    };
  }
  for (const { name } of signature.outputs) {
    if (name === 'set') prediction['set'] = { type: 'array', items: { type: 'string', enum: signature.classes } };
    if (name === 'lower' || name === 'upper') prediction[name] = nullable({ type: 'number' });
  }
  return {
    type: 'object',
    required: ['endpoint', 'model', 'version', 'requestId', 'predictions', 'warnings'],
    properties: {
      endpoint: { type: 'string' },
      model: { type: 'string' },
      version: { type: 'integer' },
      requestId: { type: 'string' },
      predictions: { type: 'array', items: { type: 'object', properties: prediction } },
      warnings: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            row: { type: 'integer' },
            field: { type: 'string' },
            code: { type: 'string' },
            found: { type: 'string' },
            expected: { type: 'string' },
          },
        },
      },
    },
  };
}

const errorSchema: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'hint'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string' },
        row: { type: ['integer', 'null'] },
        field: { type: ['string', 'null'] },
        found: { type: ['string', 'null'] },
        expected: { type: ['string', 'null'] },
      },
    },
    requestId: { type: 'string' },
  },
};
