import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Relative addresses: the site works from any folder of any static server.
  base: './',
  build: { target: 'es2022', chunkSizeWarningLimit: 900 },
  worker: { format: 'es' },
  test: { include: ['tests/unit/**/*.test.ts'] },
});
