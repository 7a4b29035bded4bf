/**
 * The `web` face in Node: `node node.mjs PACKAGE BUNDLE < programs.json > results.json`.
 * PACKAGE is the folder that wasm-bindgen wrote (`beambox_wasm.js`, `beambox_wasm_bg.wasm`), BUNDLE the file of OTP's modules.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { runPrograms } from './programs.mjs';

const [folder, bundleFile] = process.argv.slice(2);
if (!folder || !bundleFile) {
  console.error('usage: node node.mjs PACKAGE BUNDLE < programs.json');
  process.exit(2);
}
const wasm = await readFile(resolve(folder, 'beambox_wasm_bg.wasm'));
const bundle = new Uint8Array(await readFile(bundleFile));
let loads = 0;
const load = async () => {
  // A query makes a module of its own of each load, with a fresh instance.
  const url = pathToFileURL(resolve(folder, 'beambox_wasm.js'));
  const face = await import(`${url}?${loads++}`);
  await face.default({ module_or_path: wasm });
  return face;
};
const programs = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await runPrograms(load, bundle, programs)));
