// What the build calls `headless`: everything that a launcher needs for the browser mode.
export { hasDisplay, runHeadless, sandboxFlags } from './launch.ts';
export { startHeadless, type HeadlessOptions, type HeadlessServer } from './server.ts';
