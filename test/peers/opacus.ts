// Opacus beside the PyTorch that the other peers use: without its own copy of PyTorch, in a folder of the path.
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../../scripts/samples/pinnedPackages.ts';
import { preparePython } from '../fixtures/python.ts';
import { pytorchRequirements } from './pytorch.ts';

/** scipy and opt_einsum are what it imports beside PyTorch and numpy. */
const requirements = ['opacus==1.6.0', 'opt_einsum==3.4.0', 'scipy==1.16.2'];

/** A Python that has PyTorch, and the folder that its PYTHONPATH needs for Opacus; made at the first call. */
export async function prepareOpacus(): Promise<{ python: string; pythonPath: string }> {
  const python = await preparePython(pytorchRequirements);
  const folder = join(repositoryRoot, '.cache/peers', requirements[0]!.replace('==', '-'));
  const isReady = await access(folder).then(
    () => true,
    () => false,
  );
  if (!isReady) {
    const unfinished = `${folder}-unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const install = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--target',
      unfinished,
      ...requirements,
    ];
    await promisify(execFile)(python, install, { maxBuffer: 1 << 24 });
    await rename(unfinished, folder);
  }
  return { python, pythonPath: folder };
}
