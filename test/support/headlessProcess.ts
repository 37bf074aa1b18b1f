// Entry of a child: the built headless server on the workspace given, until the parent goes.  node headlessProcess.ts WORKSPACE
import { join } from 'node:path';

const built = join(import.meta.dirname, '../../dist/main/headless.js');
const { startHeadless } = (await import(built)) as typeof import('../../src-main/shells/headless/server.ts');
const server = await startHeadless({ workspaceFolder: process.argv[2]! });
process.send?.({ url: server.url });
process.on('disconnect', () => void server.close().then(() => process.exit(0)));
