/**
 * The page in a real browser: types programs, runs them, watches, stops. Serves `dist` itself, with no special headers.
 *
 *   CHROMIUM=/path/to/chromium node tests/browser/run.mjs [--picture FILE]
 *
 * Exit status 1 when a check fails; every check is one line.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};
const wide = { width: 1440, height: 900 };
const narrow = { width: 360, height: 740 };

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname));
  const file = join(dist, path === '/' ? 'index.html' : path);
  try {
    if (!file.startsWith(dist)) throw new Error('outside');
    const body = await readFile(file);
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
    response.end(body);
  } catch {
    response.writeHead(404);
    response.end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const site = `http://127.0.0.1:${server.address().port}/`;

const flags = '--disable-gpu --disable-background-networking --disable-component-update --disable-sync'.split(
  ' ',
);
if (process.getuid?.() === 0) flags.push('--no-sandbox');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? 'chromium', args: flags });

/** A fresh page with a ready VM; `check` gets it together with a few words for what tests do often. */
async function onPage(options, check) {
  const context = await browser.newContext({ viewport: wide, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(site) && !request.url().startsWith('data:')) {
      problems.push(`request to ${request.url()}`);
    }
  });
  try {
    await page.goto(site);
    await state(page, 'Ready', 20_000);
    await check(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

const state = (page, text, timeout = 5000) =>
  page.getByRole('status', { name: 'State' }).filter({ hasText: text }).waitFor({ timeout });
const output = (page) => page.locator('bx-output .log');
const shows = (page, text, timeout = 10_000) => output(page).filter({ hasText: text }).waitFor({ timeout });
const rows = (page) => page.locator('bx-processes tbody tr');
const frameNumber = (page) =>
  page.evaluate(() => document.querySelector('bx-app').store.frame.value?.number ?? 0);

async function type(page, source) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(source);
}

async function runTyped(page, source) {
  await type(page, source);
  await page.keyboard.press('ControlOrMeta+Enter');
}

async function example(page, title) {
  await page.getByLabel('Example').selectOption({ label: title });
  await page.getByRole('button', { name: 'Run' }).click();
}

/** Reductions of each process in the table, by pid. */
const reductions = (page) =>
  rows(page).evaluateAll((all) =>
    Object.fromEntries(all.map((row) => [row.cells[0].textContent.trim(), row.cells[3].textContent.trim()])),
  );

async function accessible(page, where) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
  }
  const violations = await page.evaluate(async () => (await window.axe.run()).violations);
  const found = violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target).join(', ')}`);
  assert.deepEqual(found, [], where);
}

const endless = 'var n = 0\nvar xs: list<int> = []\nwhile true {\n  n = n + 1\n  xs = [n, n + 1, n + 2]\n}\n';

const checks = {
  'a typed program runs with Ctrl+Enter and its output shows': () =>
    onPage({}, async (page) => {
      assert.equal(await page.evaluate(() => crossOriginIsolated), false, 'needs no COOP/COEP headers');
      await runTyped(page, 'print("typed", 6 * 7)\n');
      await shows(page, 'typed 42');
      await shows(page, 'ended with status 0');
      await state(page, 'Ready');
    }),

  'findings are squiggles with a message, and nothing runs': () =>
    onPage({}, async (page) => {
      await runTyped(page, 'let x = 1\nprint(nowhere)\n');
      await page.locator('.cm-lintRange-error').first().waitFor();
      await shows(page, 'not run');
      const finding = page.locator('.findings button').first();
      await finding.filter({ hasText: '2:' }).click();
      assert.equal(await page.evaluate(() => document.activeElement?.classList.contains('cm-content')), true);
      await runTyped(page, 'let x = 1\nprint(x)\n');
      await shows(page, 'ended with status 0');
      await page.locator('.cm-lintRange-error').waitFor({ state: 'detached' });
    }),

  'garbage, endless nesting and unfinished text give findings, no hang': () =>
    onPage({}, async (page) => {
      for (const source of [
        '\u0000\u0001\ufffd\u202e}{)(\u0007'.repeat(50),
        '('.repeat(50_000),
        '"never closed',
        'fun f( {',
      ]) {
        await runTyped(page, source);
        await shows(page, 'not run');
        await page.locator('.findings button').first().waitFor();
      }
      await runTyped(page, 'print("still here")\n');
      await shows(page, 'still here');
    }),

  'a failing program says why, on standard error': () =>
    onPage({}, async (page) => {
      await runTyped(page, 'print("before")\nlet xs = [1, 2]\nprint(xs[7])\n');
      await shows(page, 'before');
      await page.locator('bx-output .stderr').filter({ hasText: 'index' }).waitFor();
      await state(page, 'Failed');
    }),

  'an endless loop is watched at 10 frames a second or better and stopped at once': () =>
    onPage({}, async (page) => {
      await runTyped(page, endless);
      await state(page, 'Running');
      await rows(page).first().waitFor();
      const before = await reductions(page);
      const first = await frameNumber(page);
      await page.waitForTimeout(2000);
      const frames = (await frameNumber(page)) - first;
      assert.ok(frames >= 20, `${frames} frames in 2 s`);
      assert.notDeepEqual(await reductions(page), before);
      const start = Date.now();
      await page.getByRole('button', { name: 'Stop' }).click();
      await state(page, 'Failed', 1000);
      assert.ok(Date.now() - start < 1000, `${Date.now() - start} ms to stop`);
      await shows(page, 'stopped');
      await runTyped(page, 'print("the session is kept")\n');
      await shows(page, 'the session is kept');
      assert.equal(await output(page).filter({ hasText: 'afresh' }).count(), 0);
    }),

  'memory without end and recursion without end stop with a reason, and the session is kept': () =>
    onPage({}, async (page) => {
      for (const source of [
        'var xs: list<list<int>> = []\nwhile true {\n  xs = append(xs, [1, 2, 3, 4, 5, 6, 7, 8])\n}\n',
        'fun f(n: int): int {\n  return 1 + f(n + 1)\n}\nprint(f(0))\n',
      ]) {
        await runTyped(page, source);
        await shows(page, 'out of memory', 60_000);
        await state(page, 'Failed');
      }
      await runTyped(page, 'print("still here")\n');
      await shows(page, 'still here');
    }),

  'pause, step and resume': () =>
    onPage({}, async (page) => {
      await runTyped(page, endless);
      await state(page, 'Running');
      await page.getByRole('button', { name: 'Pause' }).click();
      await state(page, 'Paused');
      const before = await reductions(page);
      await page.waitForTimeout(200);
      assert.deepEqual(await reductions(page), before, 'nothing runs while paused');
      await page.getByRole('button', { name: 'Step' }).click();
      await page.waitForFunction((old) => {
        const now = [...document.querySelectorAll('bx-processes tbody tr')].map((row) =>
          row.cells[3].textContent.trim(),
        );
        return now.join() !== old;
      }, Object.values(before).join());
      await page.getByRole('button', { name: 'Resume' }).click();
      await state(page, 'Running');
      await page.getByRole('button', { name: 'Stop' }).click();
      await state(page, 'Failed');
    }),

  'agents are processes: the table lists, sorts and selects them': () =>
    onPage({}, async (page) => {
      await page.getByLabel('Speed').selectOption({ label: '10,000 reductions/s' });
      await example(page, 'Agents: a bank');
      await page.waitForFunction(() => document.querySelectorAll('bx-processes tbody tr').length >= 4);
      await page.getByRole('button', { name: /Reductions/ }).click();
      assert.equal(await page.locator('th.reductions').getAttribute('aria-sort'), 'descending');
      const title = page.locator('bx-memory .title');
      const old = await title.textContent();
      await page.locator('bx-processes button.pid[aria-pressed="true"]').focus();
      await page.keyboard.press(
        (await rows(page).first().getAttribute('class')) === 'chosen' ? 'ArrowDown' : 'ArrowUp',
      );
      await page.waitForFunction(
        (text) => document.querySelector('bx-memory .title').textContent !== text,
        old,
      );
      await page.getByRole('button', { name: 'Stop' }).click();
    }),

  'the memory map is drawn and its objects can be chosen by keyboard and pointer': () =>
    onPage({}, async (page) => {
      await example(page, 'An endless loop');
      await state(page, 'Running');
      await page.locator('.legend li').first().waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await state(page, 'Paused');
      const colors = await page.evaluate(() => {
        const canvas = document.querySelector('bx-memory canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 4) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
        return seen.size;
      });
      assert.ok(colors > 4, `${colors} colours`);
      const map = page.getByRole('application');
      await map.focus();
      await page.keyboard.press('ArrowRight');
      const what = page.locator('.details .what');
      await what.waitFor();
      const seen = new Set();
      for (let count = 0; count < 6; count++) {
        seen.add(await what.textContent());
        await page.keyboard.press('ArrowRight');
        await page.waitForTimeout(30);
      }
      assert.ok(seen.size >= 5, `${seen.size} objects`);
      await page.locator('.details .preview').waitFor();
      await page.locator('.details .keeps').waitFor();
      const kept = await page.locator('.details .keeps').textContent();
      assert.match(kept, /^\s*(Keeps \d|Nothing holds it)/);
      await page.keyboard.press('Escape');
      await what.waitFor({ state: 'detached' });
      const box = await map.boundingBox();
      await page.mouse.click(box.x + 20, box.y + 34);
      await what.waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
    }),

  'a program reads standard input': () =>
    onPage({}, async (page) => {
      await runTyped(
        page,
        'print("name?")\nlet name = input()\nprint("hello", name)\nprint("[" + input() + "]")\n',
      );
      await state(page, 'Waiting for input');
      await page.getByLabel('The program waits for a line').fill('Robert é');
      await page.keyboard.press('Enter');
      await shows(page, 'hello Robert é');
      await state(page, 'Waiting for input');
      await page.getByRole('button', { name: 'End', exact: true }).click();
      await shows(page, '[]');
      await shows(page, 'ended with status 0');
    }),

  'much output keeps the page alive and is bounded': () =>
    onPage({}, async (page) => {
      await runTyped(page, 'var n = 0\nwhile true {\n  n = n + 1\n  print("line", n)\n}\n');
      await shows(page, 'line ');
      await page.waitForTimeout(1500);
      await page.getByRole('button', { name: 'Stop' }).click();
      await state(page, 'Failed', 1500);
      const length = await output(page).evaluate((log) => log.textContent.length);
      assert.ok(length < 500_000, `${length} characters`);
    }),

  'every example runs without a finding': () =>
    onPage({}, async (page) => {
      for (const title of await page.locator('#example option').allTextContents()) {
        await example(page, title.trim());
        if (/input/i.test(title)) {
          await state(page, 'Waiting for input');
          await page.getByRole('button', { name: 'Stop' }).click();
        } else if (/endless/i.test(title)) {
          await shows(page, 'round');
          await page.getByRole('button', { name: 'Stop' }).click();
        } else {
          await shows(page, 'ended with status 0', 30_000);
        }
        assert.equal(await page.locator('.findings button').count(), 0, title);
      }
    }),

  'the keyboard alone is enough': () =>
    onPage({}, async (page) => {
      await page.locator('.cm-content').focus();
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement?.classList.contains('cm-content')), true);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Tab');
      assert.equal(
        await page.evaluate(() => document.activeElement?.classList.contains('cm-content')),
        false,
      );
      await page.keyboard.press('ControlOrMeta+Enter');
      await shows(page, 'round 4000', 20_000);
      await page.getByRole('button', { name: 'Run' }).focus();
      const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(ring, 'solid', 'focus is visible');
    }),

  'at 360 pixels panes are tabs and nothing overflows': () =>
    onPage({ viewport: narrow }, async (page) => {
      await example(page, 'An endless loop');
      await state(page, 'Running');
      await page.locator('#pane-output').waitFor({ state: 'visible' });
      for (const pane of ['Code', 'Output', 'Processes', 'Memory']) {
        await page.locator('.tabs').getByRole('button', { name: pane }).click();
        await page.locator(`#pane-${pane.toLowerCase()}`).waitFor({ state: 'visible' });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${pane} is ${over} px too wide`);
        await accessible(page, pane);
      }
      await page.getByRole('button', { name: 'Stop' }).click();
      await state(page, 'Failed');
    }),

  'axe finds no violation, light or dark, empty or running': async () => {
    for (const colorScheme of ['light', 'dark']) {
      await onPage({ colorScheme }, async (page) => {
        await accessible(page, `${colorScheme}, empty`);
        await example(page, 'An endless loop');
        await page.locator('.legend li').first().waitFor();
        await page.getByRole('application').focus();
        await page.keyboard.press('ArrowRight');
        await page.locator('.details .what').waitFor();
        await accessible(page, `${colorScheme}, running`);
        await page.getByRole('button', { name: 'Stop' }).click();
        await runTyped(page, 'print(nowhere)\n');
        await page.locator('.findings button').first().waitFor();
        await accessible(page, `${colorScheme}, with a finding`);
      });
    }
  },
};

/** The README's picture: agents at work, an object chosen. */
async function picture(file) {
  await onPage({ deviceScaleFactor: 1.5, viewport: { width: 1440, height: 1000 } }, async (page) => {
    await page.getByLabel('Speed').selectOption({ label: '100,000 reductions/s' });
    await example(page, 'Agents: a bank');
    await shows(page, 'round 4000', 60_000);
    await page.getByRole('button', { name: 'Pause' }).click();
    await state(page, 'Paused');
    const button = rows(page)
      .filter({ hasText: /Account|agent/i })
      .locator('button.pid')
      .first();
    if ((await button.count()) > 0) await button.click();
    await page.getByRole('application').focus();
    // An object that points to others.
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press('ArrowRight');
      await page.waitForTimeout(30);
      if ((await page.locator('.words button').count()) >= 2) break;
    }
    await page.locator('.details .preview').waitFor();
    await page.screenshot({ path: file });
    await page.getByRole('button', { name: 'Stop' }).click();
  });
}

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (only && !name.includes(only)) continue;
  const start = Date.now();
  try {
    await check();
    console.log(`ok    ${name} (${Date.now() - start} ms)`);
  } catch (error) {
    failed += 1;
    console.log(
      `FAIL  ${name}\n      ${String(error?.message ?? error)
        .split('\n')
        .slice(0, 12)
        .join('\n      ')}`,
    );
  }
}
if (args.includes('--picture')) {
  const file = args[args.indexOf('--picture') + 1] ?? 'playground.png';
  try {
    await picture(file);
    console.log(`ok    picture written to ${file}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  picture\n      ${error?.message ?? error}`);
  }
}
await browser.close();
server.close();
process.exitCode = failed > 0 ? 1 : 0;
