// Gateway: the child process that speaks HTTP. It loads no model and parses no body; hosts do.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { systemClock } from '../../../platform/clock.ts';
import { freeSpace } from '../../../platform/files.ts';
import { timeOrderedIds } from '../../../platform/random.ts';
import { serveWorker } from '../../../platform/workerMain.ts';
import { JournalWriter } from '../journal/journalWriter.ts';
import type { ModelToServe } from '../wire/messages.ts';
import type { RepositoryAnswer } from '../wire/repository.ts';
import { Gateway } from './gateway.ts';
import { defaultGrpcLimits, GrpcServer, type GrpcLimits } from './grpcServer.ts';
import { HostFactory } from './hostFactory.ts';
import { Repository } from './repository.ts';
import { defaultServerLimits, GatewayServer, type ServerLimits } from './server.ts';
import type { EndpointLimits } from './servedEndpoint.ts';

export interface GatewaySettings {
  port: number;
  grpcPort: number;
  journal: string;
  /** Folder for sockets, for this user only. */
  run: string;
  endpoint?: Partial<EndpointLimits>;
  server?: Partial<ServerLimits>;
  grpc?: Partial<GrpcLimits>;
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
let grpc: GrpcServer | null = null;
const repository = new Repository((question) => server.emit('repository', question));
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
    start: async ({ port, grpcPort, journal, run, endpoint, server: limits, grpc: grpcLimits }: GatewaySettings) => {
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
      const ids = timeOrderedIds(systemClock);
      const onFault = (error: unknown): void => console.error(error);
      const listener = new GatewayServer(own, repository, ids, onFault, { ...defaultServerLimits, ...limits });
      const grpcListener = new GrpcServer(own, repository, ids, onFault, { ...defaultGrpcLimits, ...grpcLimits });
      const listening = await listener.listen(port);
      // Another program on that port is no reason to serve nothing: the address that is shown is the one that answers.
      const grpcListening = await grpcListener.listen(grpcPort, 1000).catch((error: unknown) => {
        if (isModelkeepError(error) && error.code === 'MK_PORT_IN_USE') return grpcListener.listen(0);
        throw error;
      });
      factory.prepare();
      gateway = own;
      http = listener;
      grpc = grpcListener;
      const checkDisk = (): void =>
        void freeSpace(journal).then(
          ({ freeBytes }) => (own.diskLow = freeBytes < lowDiskBytes),
          () => {},
        );
      checkDisk();
      setInterval(checkDisk, 5000).unref();
      return { port: listening, grpcPort: grpcListening };
    },
    deploy: (model: ModelToServe) => gateway!.deploy(model),
    stop: ({ name }: { name: string }) => gateway!.stop(name),
    reports: () => gateway!.reports(),
    repositoryAnswer: (answer: RepositoryAnswer) => repository.settle(answer),
  },
  {
    close: async () => {
      http?.close();
      grpc?.close();
      await gateway?.close(4000);
    },
  },
);
