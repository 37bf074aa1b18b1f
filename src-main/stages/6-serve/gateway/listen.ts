import type { AddressInfo, Server } from 'node:net';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';

/** Loopback only; 0 lets the system choose. Resolves with the port. Error: MK_PORT_IN_USE. */
export async function listenOnLoopback(server: Server, port: number, retryForMs: number): Promise<number> {
  const start = Date.now();
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        const settled = (error?: Error): void => {
          server.off('error', settled).off('listening', settled);
          if (error) reject(error);
          else resolve();
        };
        server.once('error', settled).once('listening', settled);
        server.listen({ port, host: '127.0.0.1', backlog: 4096 });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') throw new ModelkeepError('MK_PORT_IN_USE', { port }, { cause: error });
      if (code !== 'EADDRINUSE') throw error;
      // A gateway that was just killed may still hold it for a moment.
      if (Date.now() - start >= retryForMs) throw new ModelkeepError('MK_PORT_IN_USE', { port }, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
