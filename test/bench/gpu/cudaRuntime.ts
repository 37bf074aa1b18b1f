import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../../../scripts/samples/pinnedPackages.ts';
import { onnxRuntimeVersion } from '../../../src-main/platform/onnxRuntime.ts';
import { preparePython } from '../../fixtures/python.ts';
import { pytorchRequirements } from '../../peers/pytorch.ts';

const run = promisify(execFile);

/**
 * Environment of a process in which ONNX Runtime has CUDA. Makes `.cache/onnxruntime-cuda-VERSION` once: the npm package has no CUDA provider, and its own installer fetches one from a host that
 * is not a package registry. The wheel `onnxruntime-gpu` of the same version on PyPI (250 MB) holds a provider of the same commit, for
 * CUDA 13 and cuDNN 9, whose libraries PyTorch's wheel brings along.
 */
export async function prepareCudaRuntime(): Promise<Record<'MODELKEEP_ONNXRUNTIME' | 'LD_LIBRARY_PATH', string>> {
  const python = await preparePython(pytorchRequirements);
  const folder = join(repositoryRoot, '.cache', `onnxruntime-cuda-${onnxRuntimeVersion}`);
  const packageFolder = join(folder, 'node_modules/onnxruntime-node');
  if (!existsSync(folder)) {
    const unfinished = `${folder}-unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(unfinished, 'node_modules'), { recursive: true });
    await run(python, [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--dest',
      unfinished,
      `onnxruntime-gpu==${onnxRuntimeVersion}`,
    ]);
    const wheel = readdirSync(unfinished).find((name) => name.endsWith('.whl'))!;
    const resolve = createRequire(import.meta.url).resolve;
    for (const name of ['onnxruntime-node', 'onnxruntime-common']) {
      const from =
        name === 'onnxruntime-node' ? dirname(resolve('onnxruntime-node/package.json')) : packageRoot(resolve('onnxruntime-common'));
      await cp(realpathSync(from), join(unfinished, 'node_modules', name), { recursive: true });
    }
    const libraries = libraryFolder(join(unfinished, 'node_modules/onnxruntime-node'));
    await run(python, ['-m', 'zipfile', '--extract', join(unfinished, wheel), join(unfinished, 'wheel')]);
    for (const name of ['cuda', 'shared'].map((each) => `libonnxruntime_providers_${each}.so`))
      await rename(join(unfinished, 'wheel/onnxruntime/capi', name), join(libraries, name));
    await rm(join(unfinished, 'wheel'), { recursive: true });
    await rm(join(unfinished, wheel));
    await rename(unfinished, folder);
  }
  const { stdout } = await run(python, ['-c', 'import nvidia; print(list(nvidia.__path__)[0])']);
  const nvidia = stdout.trim();
  const folders = readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((each) => existsSync(each));
  const already = process.env.LD_LIBRARY_PATH ? [process.env.LD_LIBRARY_PATH] : [];
  return { MODELKEEP_ONNXRUNTIME: packageFolder, LD_LIBRARY_PATH: [...folders, ...already].join(':') };
}

function libraryFolder(packageFolder: string): string {
  const bin = join(packageFolder, 'bin');
  return join(
    bin,
    readdirSync(bin).find((name) => name.startsWith('napi-'))!,
    process.platform,
    process.arch,
  );
}

/** The package has no export of its package.json. */
function packageRoot(entry: string): string {
  let folder = dirname(entry);
  while (!existsSync(join(folder, 'package.json')) || !folder.endsWith('onnxruntime-common')) folder = dirname(folder);
  return folder;
}
