import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  root: join(import.meta.dirname, 'src-renderer'),
  base: './',
  plugins: [tailwindcss(), svelte()],
  // No inlined assets and no inline preload script: the Content-Security-Policy allows 'self' only.
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The grid is 1 MB and loaded only with the pages that show one.
    chunkSizeWarningLimit: 1600,
    // zod and the setting that forbids it eval are one chunk, so that the setting runs before any other chunk makes a schema.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'zod', test: /node_modules[\\/]zod[\\/]|zodWithoutEval/ }] } } },
  },
});
