import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kernelModules } from '../src-main/kernels/modules.ts';
import { compiledFile, compileKernels } from './kernels.ts';

describe('kernels', () => {
  it.each(kernelModules)('the committed bytes of $name are those of its sources', async (module) => {
    expect(await compileKernels(module)).toBe(readFileSync(compiledFile(module), 'utf8'));
  });
});
