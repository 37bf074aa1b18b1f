import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Endpoint } from '../../../../src-shared/rpc/serve.ts';
import { defineCommand, UsageError, type Context } from '../command.ts';
import { modelRef } from '../options.ts';
import { time, type Out } from '../render.ts';

export const serveCommands = [
  defineCommand({
    words: ['deploy'],
    usage: 'MODEL[@ALIAS] [--endpoint NAME] [--no-store-inputs] [--reason TEXT]',
    summary: 'Makes a model answer over HTTP under the name of an endpoint (default: that of the model).',
    options: { endpoint: { type: 'string' }, 'no-store-inputs': { type: 'boolean' }, reason: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async (context) => {
      const {
        call,
        words: [word],
        options,
      } = context;
      const { name: model, version, alias } = modelRef(word!);
      if (version !== undefined)
        throw new UsageError(
          `An endpoint follows an alias; “modelkeep models alias ${model} champion ${version}” points one at this version`,
        );
      const reason = options.text('reason');
      const endpoint = await call('serve.deploy', {
        endpoint: options.text('endpoint') ?? model,
        model,
        ...(alias === undefined ? {} : { alias }),
        ...(options.flag('no-store-inputs') ? { storeInputs: false } : {}),
        ...(reason === undefined ? {} : { reason }),
      });
      warnIfOwn(context);
      return endpoint;
    },
    print: printEndpoint,
  }),
  defineCommand({
    words: ['endpoints', 'list'],
    usage: '',
    summary: 'Shows all endpoints and their traffic of the last hour.',
    run: ({ call }) => call('serve.list', {}),
    print: (endpoints, out) =>
      out.table(
        endpoints.map(({ name, model, alias, version, state, predictUrl, traffic: { requests, errors, p99Ms } }) => ({
          name,
          model: `${model}@${alias}`,
          version,
          state,
          requests,
          errors,
          p99Ms,
          url: predictUrl,
        })),
      ),
  }),
  defineCommand({
    words: ['endpoints', 'show'],
    usage: 'NAME',
    summary: 'Shows one endpoint, what was deployed on it, and how to call it.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [name] }) => call('serve.get', { name: name! }),
    print: (endpoint, out) => {
      printEndpoint(endpoint, out);
      out.line();
      out.table(endpoint.deployments.map(({ at, version, actor, reason }) => ({ at: time(at), version, actor, reason })));
      out.line();
      out.line(endpoint.curl);
    },
  }),
  defineCommand({
    words: ['endpoints', 'rollback'],
    usage: 'NAME [--reason TEXT]',
    summary: 'Moves the alias back to the version that answered before.',
    options: { reason: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async (context) => {
      const reason = context.options.text('reason');
      const endpoint = await context.call('serve.rollback', { name: context.words[0]!, ...(reason === undefined ? {} : { reason }) });
      warnIfOwn(context);
      return endpoint;
    },
    print: printEndpoint,
  }),
  defineCommand({
    words: ['endpoints', 'try'],
    usage: 'NAME --rows FILE.json',
    summary: 'Sends rows (a JSON array of objects) through the real HTTP endpoint and shows the answer.',
    options: { rows: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, words: [name], options }) => {
      const file = resolve(options.required('rows'));
      let rows: unknown;
      try {
        rows = JSON.parse(await readFile(file, 'utf8'));
      } catch (error) {
        throw new UsageError(`${file} holds no JSON: ${(error as Error).message}`);
      }
      return call('serve.try', {
        name: name!,
        rows: (Array.isArray(rows) ? rows : [rows]) as Record<string, string | number | boolean | null>[],
      });
    },
    status: ({ status }) => (status >= 400 ? 1 : 0),
  }),
];

/** An endpoint lives in the core: without a window or “modelkeep start” it answers only while this command runs. */
function warnIfOwn({ ownCore, note }: Context): void {
  if (ownCore()) note('The endpoint is kept, but it answers only while Modelkeep runs: open the window, or “modelkeep start”.');
}

function printEndpoint({ name, model, alias, version, state, predictUrl, v2Url, grpcAddress, error }: Endpoint, out: Out): void {
  out.fields({ name, model: `${model}@${alias}`, version, state, predict: predictUrl, v2: v2Url, grpc: grpcAddress, error: error?.code });
}
