import { z } from 'zod';
import { modelSignature } from '../domain/features.ts';
import { nameSchema, timeMs } from '../domain/names.ts';
import { aliasName } from './registry.ts';

export const endpointState = z.enum(['starting', 'ready', 'switching', 'failing', 'stopped']);

export const traffic = z.object({
  /** Start of each bucket and its figures; latency in ms at the gateway, null without requests. */
  buckets: z.array(
    z.object({
      at: timeMs,
      requests: z.number().int(),
      errors: z.number().int(),
      p50Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
    }),
  ),
  bucketMs: z.number().int(),
  requests: z.number().int(),
  errors: z.number().int(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

export const endpoint = z.object({
  name: nameSchema,
  model: nameSchema,
  alias: aliasName,
  /** The version that answers now; null before the first start. */
  version: z.number().int().nullable(),
  state: endpointState,
  /** Base address, e.g. http://127.0.0.1:8080; null while serving is stopped. */
  url: z.string().nullable(),
  predictUrl: z.string().nullable(),
  v2Url: z.string().nullable(),
  /** Address of inference.GRPCInferenceService, e.g. 127.0.0.1:8081; null while serving is stopped. */
  grpcAddress: z.string().nullable(),
  signature: modelSignature.nullable(),
  error: z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }).nullable(),
  deployments: z.array(z.object({ at: timeMs, version: z.number().int(), actor: z.string(), reason: z.string() })),
  storeInputs: z.boolean(),
  createdAt: timeMs,
});
export type Endpoint = z.infer<typeof endpoint>;

export const requestSummary = z.object({
  id: z.string(),
  at: timeMs,
  endpoint: z.string(),
  version: z.number().int().nullable(),
  protocol: z.enum(['named', 'v2']),
  rows: z.number().int(),
  status: z.number().int(),
  latencyMs: z.number(),
  errorCode: z.string().nullable(),
  /** First row's answer, for the list. */
  prediction: z.string().nullable(),
});

export const serve = {
  /** Creates the endpoint (or points an existing one at another alias) and waits until it answers. */
  'serve.deploy': {
    params: z.strictObject({
      endpoint: nameSchema,
      model: nameSchema,
      alias: aliasName.default('champion'),
      storeInputs: z.boolean().default(true),
      reason: z.string().max(2000).default(''),
    }),
    result: endpoint,
  },
  'serve.list': { params: z.strictObject({}), result: z.array(endpoint.extend({ traffic })) },
  'serve.get': {
    params: z.strictObject({
      name: nameSchema,
      windowMs: z
        .number()
        .int()
        .min(60_000)
        .max(31 * 86_400_000)
        .default(3_600_000),
    }),
    result: endpoint.extend({ traffic, curl: z.string() }),
  },
  'serve.stop': { params: z.strictObject({ name: nameSchema }), result: endpoint },
  'serve.start': { params: z.strictObject({ name: nameSchema }), result: endpoint },
  /** Moves the alias back to the version that answered before. */
  'serve.rollback': { params: z.strictObject({ name: nameSchema, reason: z.string().max(2000).default('') }), result: endpoint },
  /** Sends rows through the real HTTP endpoint, as a caller would. */
  'serve.try': {
    params: z.strictObject({
      name: nameSchema,
      rows: z
        .array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])))
        .min(1)
        .max(100),
    }),
    result: z.object({ status: z.number().int(), body: z.unknown(), latencyMs: z.number() }),
  },
  /** Stored requests, newest first; `search` looks in inputs and outputs. */
  'serve.requests': {
    params: z.strictObject({
      endpoint: nameSchema.optional(),
      search: z.string().max(200).optional(),
      only: z.enum(['all', 'errors', 'ok']).default('all'),
      from: timeMs.optional(),
      to: timeMs.optional(),
      before: z.string().optional(),
      limit: z.number().int().min(1).max(500).default(100),
    }),
    result: z.object({ requests: z.array(requestSummary), total: z.number().int() }),
  },
  'serve.request': {
    params: z.strictObject({ id: z.string() }),
    result: requestSummary.extend({ input: z.unknown(), output: z.unknown(), error: z.unknown() }),
  },
};
