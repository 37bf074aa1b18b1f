// What this machine offers and how busy it is.
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

/** Measures the share of all cores that was busy between two calls, 0 to 1. */
export class CpuMeter {
  #last = cpuTimes();

  read(): number {
    const now = cpuTimes();
    const total = now.total - this.#last.total;
    const busy = now.busy - this.#last.busy;
    if (total <= 0) return 0;
    this.#last = now;
    return busy / total;
  }
}

function cpuTimes(): { busy: number; total: number } {
  let busy = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    total += all;
    busy += all - times.idle;
  }
  return { busy, total };
}

/** Milliseconds that the disk under `folder` takes to make 4 KiB durable: the median of `times` writes. Every commit waits this long. */
export async function measureFsync(folder: string, times = 15): Promise<number> {
  const path = join(folder, `fsync-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx');
  try {
    const block = Buffer.alloc(4096);
    const tookMs: number[] = [];
    for (let i = 0; i < times; i++) {
      const start = performance.now();
      await file.write(block, 0, block.length, i * block.length);
      await file.sync();
      tookMs.push(performance.now() - start);
    }
    return tookMs.sort((a, b) => a - b)[times >> 1]!;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
