import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameLink } from './frameLink.ts';
import { answerHead, readAnswer, readRequest, requestHead } from './messages.ts';

const sent = async (frames: { id: number; kind: number; parts: Uint8Array[] }[]): Promise<Buffer> => {
  const pipe = new PassThrough();
  const link = new FrameLink(pipe, () => {});
  const bytes: Buffer[] = [];
  pipe.on('data', (chunk: Buffer) => bytes.push(Buffer.from(chunk)));
  for (const { id, kind, parts } of frames) link.send(id, kind, ...parts);
  await new Promise((resolve) => setImmediate(resolve));
  return Buffer.concat(bytes);
};

describe('FrameLink', () => {
  test('gives back every frame however the stream cuts the bytes', async () => {
    const frame = fc.record({
      id: fc.nat({ max: 0xffff_ffff }),
      kind: fc.nat({ max: 255 }),
      parts: fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        async (frames, cuts) => {
          const bytes = await sent(frames);
          const got: unknown[] = [];
          const pipe = new PassThrough();
          new FrameLink(pipe, (id, kind, payload) => got.push({ id, kind, payload: [...payload] }));
          for (let offset = 0, cut = 0; offset < bytes.length; cut++) {
            const size = cuts[cut % cuts.length]!;
            pipe.write(bytes.subarray(offset, offset + size));
            offset += size;
          }
          await new Promise((resolve) => setImmediate(resolve));
          expect(got).toEqual(frames.map(({ id, kind, parts }) => ({ id, kind, payload: parts.flatMap((part) => [...part]) })));
        },
      ),
      { numRuns: 100, seed: 6 },
    );
  });

  test.each([
    ['shorter than its own header', [3, 0, 0, 0]],
    ['longer than the limit', [0, 0, 0, 127]],
  ])('destroys the stream when a frame is announced %s', async (_title, length) => {
    const pipe = new PassThrough();
    new FrameLink(pipe, () => {}, 1000);
    const failed = new Promise<Error>((resolve) => pipe.on('error', resolve));
    pipe.write(Buffer.from([...length, 0, 0, 0, 0, 0, 0, 0, 0]));
    expect((await failed).message).toMatch(/bytes was announced/);
  });
});

test('request and answer heads read back, with and without a binary part', () => {
  const timing = {
    queueUs: 1.5,
    inputUs: 2,
    inferUs: 1024,
    outputUs: 0.25,
    runs: [
      { rows: 256, us: 512 },
      { rows: 44, us: 128.5 },
    ],
  };
  for (const jsonBytes of [null, 0, 17]) {
    const body = Buffer.from('{"x":1}');
    for (const withinMs of [null, 0, 250])
      expect(readRequest(Buffer.concat([requestHead('req_1', jsonBytes, withinMs), body]))).toEqual({
        requestId: 'req_1',
        jsonBytes,
        withinMs,
        body,
      });
    const meta = Buffer.from('{"rows":1}');
    expect(readAnswer(Buffer.concat([answerHead(422, jsonBytes, meta.length, 300, timing), meta, body]))).toEqual({
      status: 422,
      jsonBytes,
      rows: 300,
      timing,
      meta,
      body,
    });
  }
});
