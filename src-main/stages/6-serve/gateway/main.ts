// Gateway: the child process that speaks HTTP. It loads no model and parses no body; hosts do.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../platform/clock.ts';
import { freeSpace } from '../../../platform/files.ts';
import { timeOrderedIds } from '../../../platform/random.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { JournalWriter } from '../journal/journalWriter.ts';
import type { ModelToServe } from '../wire/messages.ts';
import { Gateway } from './gateway.ts';
import { HostFactory } from './hostFactory.ts';
import { defaultServerLimits, GatewayServer, type ServerLimits } from './server.ts';
import type { EndpointLimits } from './servedEndpoint.ts';

export interface GatewaySettings {
  port: number;
  journal: string;
  /** Folder for sockets, for this user only. */
  run: string;
  endpoint?: Partial<EndpointLimits>;
  server?: Partial<ServerLimits>;
}

const defaultEndpointLimits: EndpointLimits = {
  hungAfterMs: 2000,
  loadWithinMs: 60_000,
  drainWithinMs: 30_000,
  growthBytes: 512 * 1024 * 1024,
};
/** Below this, requests are stored without their content: the database of the workspace needs the rest. */
const lowDiskBytes = 256 * 1024 * 1024;

let gateway: Gateway | null = null;
let http: GatewayServer | null = null;
/** The path of a Unix socket may have 107 characters; a deep workspace needs a shorter place. Emptied: what is there is of a gateway that was killed. */
function socketFolder(run: string): string {
  const own = join(run, 'hosts');
  if (Buffer.byteLength(own) > 75) {
    const short = mkdtempSync(join(tmpdir(), 'mk-')); // for this user only
    process.on('exit', () => rmSync(short, { recursive: true, force: true }));
    return short;
  }
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true, mode: 0o700 });
  return own;
}

const server = serveWorker(
  {
    start: async ({ port, journal, run, endpoint, server: limits }: GatewaySettings) => {
      const folder = socketFolder(run);
      const cwd = join(folder, 'empty');
      mkdirSync(cwd);
      const factory = new HostFactory(folder, cwd);
      const own = new Gateway(
        factory,
        new JournalWriter(journal, systemClock),
        systemClock,
        { ...defaultEndpointLimits, ...endpoint },
        (report) => server.emit('endpoint', report),
      );
      const listener = new GatewayServer(own, timeOrderedIds(systemClock), (error) => console.error(error), {
        ...defaultServerLimits,
        ...limits,
      });
      const listening = await listener.listen(port);
      factory.prepare();
      gateway = own;
      http = listener;
      const checkDisk = (): void =>
        void freeSpace(journal).then(
          ({ freeBytes }) => (own.diskLow = freeBytes < lowDiskBytes),
          () => {},
        );
      checkDisk();
      setInterval(checkDisk, 5000).unref();
      return { port: listening };
    },
    deploy: (model: ModelToServe) => gateway!.deploy(model),
    stop: ({ name }: { name: string }) => gateway!.stop(name),
    reports: () => gateway!.reports(),
  },
  {
    close: async () => {
      http?.close();
      await gateway?.close(4000);
    },
  },
);
