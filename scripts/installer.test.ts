import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '..');
const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js') as {
  getConfig(projectDir: string, configPath: string): Promise<{ electronFuses?: Record<string, boolean> }>;
  validateConfiguration(config: object, debugLogger: object): Promise<void>;
};
const { DebugLogger } = require('builder-util') as { DebugLogger: new (enabled: boolean) => object };

test('electron-builder accepts the configuration', async () => {
  const config = await getConfig(root, join(root, 'electron-builder.yml'));
  await validateConfiguration(config, new DebugLogger(false));
  await expect(validateConfiguration({ ...config, notAnOption: 1 }, new DebugLogger(false))).rejects.toThrow('notAnOption');
});

test('the packaged Electron can run neither foreign scripts nor a changed archive', async () => {
  const { electronFuses } = await getConfig(root, join(root, 'electron-builder.yml'));
  expect(electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    onlyLoadAppFromAsar: true,
    enableEmbeddedAsarIntegrityValidation: true,
  });
});
