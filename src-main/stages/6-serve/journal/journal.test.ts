import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../../platform/clock.ts';
import { JournalWriter } from './journalWriter.ts';
import { listSegments, readSegment } from './journalReader.ts';
import { readFrame, type JournalRecord } from './record.ts';
import { mayGrow, segmentName } from './segmentNames.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelkeep-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (id: string, input = `{"x":"${id} 张三"}`, output = '{"y":1}'): JournalRecord => ({
  facts: {
    id,
    at: 1000,
    endpoint: 'churn',
    model: 'churn',
    version: 3,
    protocol: 'named',
    status: 200,
    latencyMs: 1.5,
    error: null,
    inputJsonBytes: null,
    outputJsonBytes: null,
    omitted: null,
  },
  meta: Buffer.from('{"rows":1}'),
  input: Buffer.from(input),
  output: Buffer.from(output),
});
const plain = ({ facts, meta, input, output }: JournalRecord): unknown => ({
  facts,
  parts: [meta, input, output].map((part) => Buffer.from(part).toString()),
});
const readAll = async (): Promise<{ ids: string[]; damaged: number; tailBytes: number }> => {
  const all = { ids: [] as string[], damaged: 0, tailBytes: 0 };
  for (const name of await listSegments(folder)) {
    let offset = 0;
    for (;;) {
      const read = await readSegment(folder, name, offset, 500);
      all.ids.push(...read.records.map(({ facts }) => facts.id));
      all.damaged += read.damaged;
      if (read.nextOffset === offset || (read.records.length === 0 && read.damaged === 0)) {
        all.tailBytes += read.tailBytes;
        break;
      }
      offset = read.nextOffset;
    }
  }
  return all;
};

describe('journal', () => {
  test('a record is readable as soon as append returns, over many segments, and reads back whole', async () => {
    const writer = new JournalWriter(folder, systemClock, { segmentBytes: 2000 });
    const ids = Array.from({ length: 40 }, (_, at) => `req_${at}`);
    for (const id of ids) {
      expect(writer.append(record(id))).toBe(true);
      const last = (await listSegments(folder)).at(-1)!;
      expect(readFileSync(join(folder, last)).includes(id)).toBe(true);
    }
    expect((await listSegments(folder)).length).toBeGreaterThan(3);
    expect(await readAll()).toEqual({ ids, damaged: 0, tailBytes: 0 });
    const first = await readSegment(folder, (await listSegments(folder))[0]!, 0);
    expect(plain(first.records[0]!)).toEqual(plain(record('req_0')));
    writer.close();
  });

  test('a record longer than one read is read in one piece', async () => {
    const writer = new JournalWriter(folder, systemClock);
    writer.append(record('a', 'x'.repeat(10_000)));
    writer.append(record('b'));
    writer.close();
    expect((await readAll()).ids).toEqual(['a', 'b']);
  });

  test('whatever the place at which a file is cut, the records before it are read and nothing else', async () => {
    const writer = new JournalWriter(folder, systemClock);
    const ends = ['a', 'b', 'c', 'd'].map((id) => {
      writer.append(record(id));
      return statSync(join(folder, readdirSync(folder)[0]!)).size;
    });
    writer.close();
    const [name] = await listSegments(folder);
    const whole = readFileSync(join(folder, name!));
    for (let cut = whole.length; cut >= 0; cut -= 7) {
      truncateSync(join(folder, name!), cut);
      const { ids, damaged } = await readAll();
      expect([ids.length, damaged]).toEqual([ends.filter((end) => end <= cut).length, 0]);
    }
  });

  test('one damaged record costs only itself; a length that makes no sense ends the segment', async () => {
    const writer = new JournalWriter(folder, systemClock);
    for (const id of ['a', 'b', 'c']) writer.append(record(id));
    writer.close();
    const file = join(folder, (await listSegments(folder))[0]!);
    const whole = readFileSync(file);
    const second = (readFrame(whole, 4) as { nextOffset: number }).nextOffset;
    const flipped = Buffer.from(whole);
    flipped[second + 100]! ^= 1;
    writeFileSync(file, flipped);
    expect(await readAll()).toMatchObject({ ids: ['a', 'c'], damaged: 1 });
    const torn = Buffer.from(whole);
    torn.writeUInt32LE(0x7fff_ffff, second);
    writeFileSync(file, torn);
    expect(await readAll()).toMatchObject({ ids: ['a'], damaged: 0, tailBytes: whole.length - second });
  });

  test('any bytes at all are read without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        let offset = 0;
        for (let step = 0; step < 100; step++) {
          const frame = readFrame(Buffer.from(bytes), offset);
          if (frame.kind === 'end' || frame.kind === 'incomplete') return;
          expect(frame.nextOffset).toBeGreaterThan(offset);
          offset = frame.nextOffset;
        }
      }),
      { seed: 6 },
    );
  });

  test('a file that is no segment is set aside, and other names are not looked at', async () => {
    writeFileSync(join(folder, segmentName({ now: 1, writer: 'a'.repeat(12), pid: 1, order: 0 })), 'PK\x03\x04 something else');
    writeFileSync(join(folder, 'notes.txt'), 'x');
    expect(await readAll()).toEqual({ ids: [], damaged: 1, tailBytes: 0 });
  });

  test('when the folder is gone, serving goes on: records are counted as dropped, and written again once it is back', () => {
    const clock = new ManualClock();
    const gone = join(folder, 'journal');
    const writer = new JournalWriter(gone, clock);
    expect(writer.append(record('a'))).toBe(false);
    expect(writer).toMatchObject({ dropped: 1, lastError: 'ENOENT' });
    rmSync(gone, { recursive: true, force: true });
    clock.advance(5000);
    writer.close();
    const again = new JournalWriter(folder, clock);
    expect(again.append(record('b'))).toBe(true);
    again.close();
  });

  test('a segment that has become old is finished, and the next record begins another', async () => {
    const clock = new ManualClock();
    const writer = new JournalWriter(folder, clock, { syncEveryMs: 5, segmentAgeMs: 1000 });
    writer.append(record('a'));
    clock.advance(2000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    writer.append(record('b'));
    writer.close();
    expect((await listSegments(folder)).length).toBe(2);
    expect((await readAll()).ids).toEqual(['a', 'b']);
  });

  test('only the last segment of a living writer may grow, also after the clock went back', () => {
    const name = (now: number, writer: string, pid: number, order: number): string =>
      segmentName({ now, writer: writer.repeat(12), pid, order });
    const all = [name(500, 'a', 10, 1), name(900, 'a', 10, 0), name(950, 'b', 11, 0)];
    const alive = (pid: number): boolean => pid === 10;
    expect(all.map((each) => mayGrow(each, all, alive))).toEqual([true, false, false]);
    expect(mayGrow('other.txt', all, alive)).toBe(false);
  });

  test('what is appended to a segment later is read from where the last read ended', async () => {
    const writer = new JournalWriter(folder, systemClock);
    writer.append(record('a'));
    const [name] = await listSegments(folder);
    const first = await readSegment(folder, name!, 0);
    writer.append(record('b'));
    const second = await readSegment(folder, name!, first.nextOffset);
    expect(second.records.map(({ facts }) => facts.id)).toEqual(['b']);
    appendFileSync(join(folder, name!), Buffer.from([9, 0, 0]));
    expect(await readSegment(folder, name!, second.nextOffset)).toMatchObject({ records: [], tailBytes: 3, nextOffset: second.nextOffset });
    writer.close();
  });
});
