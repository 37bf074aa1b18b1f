import { execFileSync } from 'node:child_process';

/** The NVIDIA devices that the driver sees, or why there is none: PyTorch's CUDA build, the peer, needs one. */
export function findGpu(): { readonly name: string } | { readonly missing: string } {
  if (process.platform !== 'linux') return { missing: `the benchmark prepares CUDA on Linux only, this is ${process.platform}` };
  try {
    const listed = execFileSync('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [first] = listed.trim().split('\n');
    return first ? { name: first } : { missing: 'nvidia-smi lists no device' };
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    return {
      missing:
        code === 'ENOENT'
          ? 'nvidia-smi is not installed'
          : `nvidia-smi: ${String(stderr ?? error)
              .trim()
              .slice(0, 200)}`,
    };
  }
}
