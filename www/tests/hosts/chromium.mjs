/**
 * The `web` face in Chromium: `CHROMIUM=PATH node chromium.mjs PACKAGE BUNDLE < programs.json > results.json`; see `node.mjs`.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [folder, bundleFile] = process.argv.slice(2);
if (!folder || !bundleFile) {
  console.error('usage: node chromium.mjs PACKAGE BUNDLE < programs.json');
  process.exit(2);
}
const files = {
  '/': ['text/html', async () => '<!doctype html><title>programs</title>'],
  '/beambox_wasm.js': ['text/javascript', () => readFile(resolve(folder, 'beambox_wasm.js'))],
  '/beambox_wasm_bg.wasm': ['application/wasm', () => readFile(resolve(folder, 'beambox_wasm_bg.wasm'))],
  '/otp.bundle': ['application/octet-stream', () => readFile(bundleFile)],
  '/programs.mjs': [
    'text/javascript',
    () => readFile(fileURLToPath(new URL('programs.mjs', import.meta.url))),
  ],
};
const server = createServer(async (request, response) => {
  const [type, read] = files[new URL(request.url ?? '/', 'http://x').pathname] ?? [];
  if (!read) {
    response.writeHead(404);
    response.end();
    return;
  }
  response.writeHead(200, { 'content-type': type });
  response.end(await read());
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const flags = '--disable-gpu --disable-background-networking --disable-component-update --disable-sync'.split(
  ' ',
);
if (process.getuid?.() === 0) flags.push('--no-sandbox');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? 'chromium', args: flags });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const results = await page.evaluate(
    async (programs) => {
      const { runPrograms } = await import('/programs.mjs');
      const bundle = new Uint8Array(await (await fetch('/otp.bundle')).arrayBuffer());
      let loads = 0;
      const load = async () => {
        const face = await import(`/beambox_wasm.js?${loads++}`);
        await face.default({ module_or_path: '/beambox_wasm_bg.wasm' });
        return face;
      };
      return runPrograms(load, bundle, programs);
    },
    JSON.parse(await text(process.stdin)),
  );
  process.stdout.write(JSON.stringify(results));
} finally {
  await browser.close();
  server.close();
}
