// The name of a segment says who writes it, so that a reader never deletes one that is still being written.
export interface SegmentName {
  /** When it was begun, milliseconds since 1970-01-01 UTC: names sort by age. */
  now: number;
  /** Random, of one writer's life. */
  writer: string;
  pid: number;
  /** Counts the writer's segments. */
  order: number;
}

export function segmentName({ now, writer, pid, order }: SegmentName): string {
  return `${String(now).padStart(15, '0')}-${writer}-${pid}-${order}.mkj`;
}

export function parseSegmentName(name: string): SegmentName | null {
  const match = /^(\d{15})-([0-9a-f]{12})-(\d+)-(\d+)\.mkj$/.exec(name);
  return match ? { now: Number(match[1]), writer: match[2]!, pid: Number(match[3]), order: Number(match[4]) } : null;
}

/** True when a living process may still append to it: the last segment of a writer whose process exists.
 *  Not by age: after the clock went back, the newest segment need not sort last. */
export function mayGrow(name: string, all: readonly string[], isAlive: (pid: number) => boolean = processIsAlive): boolean {
  const own = parseSegmentName(name);
  if (!own || !isAlive(own.pid)) return false;
  return !all.some((other) => {
    const parsed = parseSegmentName(other);
    return parsed?.writer === own.writer && parsed.order > own.order;
  });
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
