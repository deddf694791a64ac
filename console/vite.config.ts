import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';

const OUT = '../dispatch/static';
const TEXT = /\.(js|css|html|svg|json|webmanifest)$/;

/** Writes `.gz` and `.br` beside each text asset, so that the server only has to choose. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async closeBundle() {
      for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !TEXT.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const body = await readFile(path);
        await writeFile(`${path}.gz`, gzipSync(body, { level: 9 }));
        await writeFile(
          `${path}.br`,
          brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}

/** Removes the old build: the folder lies outside the project root, so Vite will not. */
function emptyOut(): Plugin {
  return {
    name: 'empty-out',
    apply: 'build',
    async buildStart() {
      await rm(join(OUT, 'assets'), { recursive: true, force: true });
    },
  };
}

const server = process.env['SAMBAND_SERVER'] ?? 'http://127.0.0.1:8440';

export default defineConfig(({ mode }) => ({
  base: './',
  plugins: [svelte(), emptyOut(), precompress()],
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: { outDir: OUT, emptyOutDir: false, target: 'es2022', assetsInlineLimit: 0 },
  worker: { format: 'es' as const },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    include: ['tests/**/*.test.ts'],
    // One jsdom and one reading of the modules for all files: each puts back what it changes.
    pool: 'threads' as const,
    isolate: false,
  },
}));
