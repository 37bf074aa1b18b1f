import { expect, it } from 'vitest';
import type { FitNotice } from '../../learners/learner.ts';
import { machineFindings } from './findings.ts';

it('a device that is lost in several fits is one finding of the run; another device, or a thread, is another', () => {
  const lost = (from: string, step: number): FitNotice => ({ code: 'deviceLost', params: { from, to: 'cpu', step, reason: 'driver' } });
  const thread: FitNotice = { code: 'threadLost', params: { threads: 1, reason: 'exit code 1' } };
  expect(
    machineFindings([null, {}, { notices: [lost('webgpu', 7)] }, { notices: [lost('webgpu', 9), thread] }, { notices: [lost('cuda', 2)] }]),
  ).toEqual([
    { code: 'deviceLost', params: { from: 'webgpu', to: 'cpu', step: 7, reason: 'driver', fits: 2 } },
    { code: 'threadLost', params: { threads: 1, reason: 'exit code 1', fits: 1 } },
    { code: 'deviceLost', params: { from: 'cuda', to: 'cpu', step: 2, reason: 'driver', fits: 1 } },
  ]);
  expect(machineFindings([{ notices: [thread] }])[0]!.params['fits']).toBe(1);
});
