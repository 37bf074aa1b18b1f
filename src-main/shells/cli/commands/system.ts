import { defineCommand } from '../command.ts';
import { time } from '../render.ts';

export const systemCommands = [
  defineCommand({
    words: ['init'],
    usage: '',
    summary: 'Makes the workspace folder, or opens it and says what it is.',
    run: async ({ call }) => {
      const { workspace, version, actor, firstRun } = await call('system.info', {});
      return { folder: workspace.folder, name: workspace.name, createdAt: workspace.createdAt, version, actor, empty: firstRun };
    },
    print: ({ folder, createdAt }, out) => out.line(`Workspace ${folder}, made ${time(createdAt)}`),
  }),
  defineCommand({
    words: ['start'],
    usage: '[--port PORT] [--no-open]',
    summary: 'Starts the browser mode on this machine and keeps serving until it is ended.',
    options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } },
    run: async ({ options, workspaceFolder, json }) => {
      const { runHeadless } = await import('../../headless/launch.ts');
      await runHeadless({
        port: options.integer('port') ?? 0,
        workspaceFolder,
        openBrowser: !options.flag('no-open'),
        // The one document, while the program goes on: whoever started it needs the address now.
        onReady: ({ url }) => process.stdout.write(json ? `${JSON.stringify({ url, pid: process.pid })}\n` : `Modelkeep: ${url}\n`),
      });
      return null;
    },
    silent: true,
  }),
  defineCommand({
    words: ['doctor'],
    usage: '',
    summary: 'Checks this machine: libraries, disk, memory, ports, audit chain.',
    run: ({ call }) => call('system.doctor', {}),
    print: ({ checks, libraries, providers, cpu }, out) => {
      out.table(
        checks.map(({ check, state, params }) => ({
          check,
          state,
          found: Object.entries(params)
            .map(([name, value]) => `${name} ${value}`)
            .join(', '),
        })),
      );
      out.line();
      out.fields(libraries);
      out.line();
      out.table(providers.map(({ name, usable, note }) => ({ provider: name, usable: usable ? 'yes' : 'no', note })));
      out.line();
      out.line(`${cpu.cores} × ${cpu.model}`);
    },
    status: ({ checks }) => (checks.some(({ state }) => state === 'critical') ? 1 : 0),
  }),
];
