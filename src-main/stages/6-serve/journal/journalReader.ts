// The ingester's side of the journal.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSegmentName } from './segmentNames.ts';
import { frameHeaderBytes, maxRecordBytes, readFrame, segmentMagic, type JournalRecord } from './record.ts';

/** Segments of the folder, oldest first. */
export async function listSegments(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => parseSegmentName(name) !== null).sort();
}

export interface SegmentRead {
  records: JournalRecord[];
  /** Where the next read goes on: after the last whole record. */
  nextOffset: number;
  /** Records whose sum does not fit. */
  damaged: number;
  /** Bytes at the end that are no whole record: being written, or torn off by a kill. */
  tailBytes: number;
}

/** Whole records from `offset` on, at most about `maxBytes` of them. Reads what is there now; a record that is being written is left for later. */
export async function readSegment(folder: string, name: string, offset: number, maxBytes = 4 * 1024 * 1024): Promise<SegmentRead> {
  const file = await open(join(folder, name), 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(offset, segmentMagic.length);
    if (offset === 0 && size >= start && !(await readAt(file, 0, start)).equals(segmentMagic))
      return { records: [], nextOffset: size, damaged: 1, tailBytes: 0 };
    let bytes = await readAt(file, start, Math.min(size - start, maxBytes));
    const result = framesOf(bytes);
    const more = size - start - bytes.length;
    if (result.records.length === 0 && result.damaged === 0 && more > 0) {
      // One record is longer than the piece.
      bytes = await readAt(file, start, Math.min(size - start, frameHeaderBytes + maxRecordBytes));
      return atOffset(framesOf(bytes), start, size);
    }
    return atOffset(result, start, size);
  } finally {
    await file.close();
  }
}

interface Frames {
  records: JournalRecord[];
  damaged: number;
  consumed: number;
}

function framesOf(bytes: Buffer): Frames {
  const records: JournalRecord[] = [];
  let damaged = 0;
  let consumed = 0;
  for (;;) {
    const frame = readFrame(bytes, consumed);
    if (frame.kind === 'end' || frame.kind === 'incomplete') return { records, damaged, consumed };
    if (frame.kind === 'record') records.push(frame.record);
    else damaged++;
    consumed = frame.nextOffset;
  }
}

function atOffset({ records, damaged, consumed }: Frames, start: number, size: number): SegmentRead {
  return { records, damaged, nextOffset: start + consumed, tailBytes: Math.max(0, size - start - consumed) };
}

async function readAt(file: Awaited<ReturnType<typeof open>>, position: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0);
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
