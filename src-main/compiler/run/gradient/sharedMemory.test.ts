import { describe, expect, it } from 'vitest';
import { onnxRuntime, refusingSharedMemory } from '../../tests/runtimes.ts';
import type { Runtime } from '../runtime.ts';
import { sharedFloats, takesSharedMemory } from './sharedMemory.ts';

describe('memory that threads share', () => {
  it('is found out by a run, once for a runtime', async () => {
    let sessions = 0;
    const counted: Runtime = {
      ...onnxRuntime,
      createSession: (...settings) => {
        sessions++;
        return onnxRuntime.createSession(...settings);
      },
    };
    const answer = await takesSharedMemory(counted);
    expect(await takesSharedMemory(counted)).toBe(answer);
    expect(sessions).toBe(1);
  });

  it('is not used where the runtime throws, or leaves the array as it was', async () => {
    expect(await takesSharedMemory(refusingSharedMemory(onnxRuntime))).toBe(false);
    const copying: Runtime = {
      ...onnxRuntime,
      tensor: (type, data, dims) => onnxRuntime.tensor(type, data.slice() as Float32Array, dims),
    };
    expect(await takesSharedMemory(copying)).toBe(false);
    expect(sharedFloats(3).buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});
