// Hosts on stock: one child is always started and waiting, so that a switch or a replacement does not wait for a process to come up.
import { HostProcess } from './hostProcess.ts';

export class HostFactory {
  readonly #socketFolder: string;
  readonly #cwd: string;
  #count = 0;
  #standby: Promise<HostProcess> | null = null;
  #closed = false;

  /** `cwd`: an empty folder; a model file that names other files finds nothing there. */
  constructor(socketFolder: string, cwd: string) {
    this.#socketFolder = socketFolder;
    this.#cwd = cwd;
  }

  /** Starts the spare one. */
  prepare(): void {
    if (this.#closed || this.#standby) return;
    const standby = this.#start();
    this.#standby = standby;
    const forget = (): void => {
      if (this.#standby === standby) this.#standby = null;
    };
    standby.then((host) => {
      if (this.#closed) host.kill();
      host.onGone = forget;
    }, forget);
  }

  /** The spare one, or a new one. The next spare is started once `prepare` is called. */
  async take(): Promise<HostProcess> {
    const standby = this.#standby;
    this.#standby = null;
    const host = await standby?.catch(() => null);
    if (host?.alive) return host;
    return this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const host = await this.#standby?.catch(() => null);
    host?.kill();
  }

  #start(): Promise<HostProcess> {
    return HostProcess.start(this.#socketFolder, `h${process.pid}-${++this.#count}`, this.#cwd);
  }
}
