import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '../../../.cache');

/**
 * Environment in which ONNX Runtime's WebGPU provider finds SwiftShader, a Vulkan device in software: right numbers, no speed.
 * Chromium (which `npm test` installs on Debian) and Electron bring it along, with the Vulkan loader. Undefined where neither is there.
 */
export function softwareGpuEnvironment(): Record<string, string> | undefined {
  const electrons = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('electron-')) : [];
  const folder = ['/usr/lib/chromium', ...electrons.map((name) => join(cache, name))].find((each) =>
    ['vk_swiftshader_icd.json', 'libvk_swiftshader.so', 'libvulkan.so.1'].every((file) => existsSync(join(each, file))),
  );
  return folder ? { VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: folder } : undefined;
}
