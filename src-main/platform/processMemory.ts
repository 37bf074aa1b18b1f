import { readFileSync } from 'node:fs';

/** Resident memory of any of our processes; null where the system has no such file (then the child tells it itself). */
export function residentBytes(pid: number): number | null {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return line ? Number(line[1]) * 1024 : null;
  } catch {
    return null;
  }
}
