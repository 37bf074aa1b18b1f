import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { CalibrationEntry } from '../../../src-main/compiler/index.ts';
import type { ProviderState } from '../../../src-main/stages/4-train/devices/providers.ts';
import { softwareGpuEnvironment } from './softwareGpu.ts';

const environment = softwareGpuEnvironment();

// In a process of its own: a graphics driver may take it along.
it.skipIf(!environment)(
  'a device is found, timed and trained on as the CPU is (skipped where neither Chromium nor Electron brings SwiftShader)',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'deviceTraining.ts')], {
      env: { ...process.env, ...environment },
    });
    const { providers, entries, losses } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
      providers: ProviderState[];
      entries: CalibrationEntry[];
      losses: Record<'cpu' | 'webgpu', number[]>;
    };
    expect(providers.find(({ provider }) => provider === 'webgpu')).toEqual({ provider: 'webgpu' });
    expect(entries.filter(({ label }) => label.startsWith('webgpu')).length).toBeGreaterThan(2);
    expect(entries.filter(({ failure }) => failure)).toEqual([]);
    expect(losses.cpu).toHaveLength(12);
    losses.webgpu.forEach((loss, at) => expect(loss).toBeCloseTo(losses.cpu[at]!, 4));
  },
);
