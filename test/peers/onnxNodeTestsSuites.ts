// ONNX's own operator tests, stored models with inputs and outputs, out of the wheels that brought each opset.
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readModel, readTensor, type TensorData } from '../../src-main/compiler/index.ts';
import { hashFile, repositoryRoot } from '../../scripts/samples/pinnedPackages.ts';
import { preparePython } from '../fixtures/python.ts';

const run = promisify(execFile);

interface Suite {
  /** Of the `onnx` package on PyPI. */
  version: string;
  /** Newest opset in it. */
  opset: number;
  python: string;
  sha256: string;
}

/** One wheel for each age of the operators, so that every form between opset 11 and 23 is met. */
export const suites: readonly Suite[] = [
  { version: '1.6.0', opset: 11, python: '3.7', sha256: '9b32e04abe02cba4c4edb6c3cc15db917e734521ca8631e46bea3971a142d709' },
  { version: '1.7.0', opset: 12, python: '3.7', sha256: '303f5028c1d3b9feaa29890c5cfc78e9424bb143e9bfe04abc4948cbe44183d4' },
  { version: '1.12.0', opset: 17, python: '3.10', sha256: '9fd2f4e23078df197bb76a59b9cd8f5a43a6ad2edc035edb3ecfb9042093e05a' },
  { version: '1.16.2', opset: 21, python: '3.11', sha256: '7b98aa9733bd4b781eb931d33b4078ff2837e7d68062460726d6dd011f332bd4' },
  { version: '1.18.0', opset: 23, python: '3.11', sha256: '6acafb3823238bbe8f4340c7ac32fb218689442e074d797bee1c5c9a02fdae75' },
];

export interface NodeTest {
  suite: string;
  name: string;
  model: Uint8Array;
  /** In the order of the model's inputs. */
  inputs: TensorData[];
  outputs: TensorData[];
}

/** A test whose tensors this compiler has no form for (sequences, optional values, 8-bit floats), and why. */
export interface UnreadableTest {
  suite: string;
  name: string;
  reason: string;
}

export async function* nodeTests(suite: Suite): AsyncGenerator<NodeTest | UnreadableTest> {
  const folder = await unpacked(suite);
  for (const name of (await readdir(folder)).toSorted()) {
    const files = await readdir(join(folder, name, 'test_data_set_0')).catch(() => []);
    const read = async (kind: string): Promise<TensorData[]> => {
      const numbered = files.filter((file) => file.startsWith(`${kind}_`)).toSorted((a, b) => numberIn(a) - numberIn(b));
      return Promise.all(numbered.map(async (file) => readTensor(await readFile(join(folder, name, 'test_data_set_0', file))).tensor));
    };
    try {
      const model = await readFile(join(folder, name, 'model.onnx'));
      // First, because the stored values of a sequence would be misread as a tensor.
      readModel(model);
      yield { suite: suite.version, name, model, inputs: await read('input'), outputs: await read('output') };
    } catch (error) {
      yield { suite: suite.version, name, reason: error instanceof Error ? error.message : String(error) };
    }
  }
}

async function unpacked(suite: Suite): Promise<string> {
  const cache = join(repositoryRoot, '.cache/peers');
  const folder = join(cache, `onnx-node-tests-${suite.version}`);
  if (
    await access(folder).then(
      () => true,
      () => false,
    )
  )
    return folder;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unpack-'));
  try {
    const python = await preparePython();
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--platform', 'manylinux2014_x86_64'];
    await run(python, ['-m', 'pip', 'download', ...options, '--python-version', suite.python, '-d', work, `onnx==${suite.version}`]);
    const [wheel] = await readdir(work);
    if (wheel === undefined) throw new Error(`pip left no wheel of onnx ${suite.version}`);
    const digest = (await hashFile(join(work, wheel), 'sha256')).toString('hex');
    if (digest !== suite.sha256) throw new Error(`${wheel} has digest ${digest}, expected ${suite.sha256}`);
    await run(python, ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'wheel')]);
    await rename(join(work, 'wheel/onnx/backend/test/data/node'), folder);
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function numberIn(file: string): number {
  return Number(/\d+/.exec(file)?.[0]);
}
