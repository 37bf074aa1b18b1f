// What the end-to-end tests need from the system: a browser, a virtual display, Chinese glyphs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const debianPackages = ['chromium', 'xvfb', 'xauth', 'unzip', 'fonts-noto-cjk', 'iproute2'];

function isInstalled(name: string): boolean {
  const query = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout.includes('ok installed');
}

/** Installs what is missing when we are root on Debian; elsewhere says what to do. Throws when the tests could not run. */
export function ensureSystemPackages(): void {
  if (process.platform !== 'linux') {
    throw new Error('The end-to-end tests run on Linux. Elsewhere run "npm run unit"; they need nothing but "npm ci".');
  }
  if (!existsSync('/usr/bin/dpkg-query')) {
    const missing = ['/usr/bin/chromium', '/usr/bin/Xvfb'].filter((path) => !existsSync(path));
    if (missing.length === 0) return;
    throw new Error(
      `Missing: ${missing.join(', ')}. Install Chromium, Xvfb, xauth, unzip, iproute2 and the Noto CJK fonts with your package manager, then run "npm test" again.`,
    );
  }
  const missing = debianPackages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Error(`Missing Debian packages. Run once: sudo ${command}`);
  console.log(`Installing ${missing.join(', ')} …`);
  const options = { stdio: 'inherit' as const, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const apt = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=600'];
  const updated = spawnSync('apt-get', [...apt, 'update'], options).status === 0;
  const installed = updated && spawnSync('apt-get', [...apt, 'install', '--no-install-recommends', ...missing], options).status === 0;
  if (!installed) throw new Error(`Could not install them. Run by hand: ${command}`);
}

if (import.meta.main) ensureSystemPackages();
