/**
 * The `web` face with wrong arguments, in the wrong order, after its end and after a failure: an `Error` with a sentence, and never
 * silence, a hang or a panic. It is the built wasm that is tested, with the page's bundle.
 */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import init, { Advance, failure, Session } from '../../src/generated/beambox_wasm.js';

let bundle: Uint8Array;
const open = () => new Session(bundle, true);

beforeAll(async () => {
  const generated = new URL('../../src/generated/', import.meta.url);
  await init({ module_or_path: await readFile(new URL('beambox_wasm_bg.wasm', generated)) });
  bundle = new Uint8Array(await readFile(new URL('../../public/otp.bundle', import.meta.url)));
});

describe('wrong arguments', () => {
  test('a bundle that is none', () => {
    for (const bytes of [[], [1, 2, 3], Array(5000).fill(255)])
      expect(() => new Session(new Uint8Array(bytes))).toThrow(/\w+ \w+/);
    expect(() => new Session(bundle.slice(0, bundle.length - 7))).toThrow(/\w+ \w+/);
    expect(() => new Session(undefined as unknown as Uint8Array)).toThrow();
    expect(() => new Session('text' as unknown as Uint8Array)).toThrow();
  });

  test('budgets that are no numbers', () => {
    for (const [reductions, milliseconds] of [
      [Number.NaN, Number.NaN],
      [-5, -5],
      [0, 0],
      [1e300, 1],
      [undefined, undefined],
    ]) {
      const session = open();
      session.run('var n = 0\nwhile true { n = n + 1 }');
      expect(session.advance(reductions as number, milliseconds as number)).toBe(Advance.Busy);
      session.stop();
      session.free();
    }
  });

  test('addresses and processes that there are not', () => {
    const session = open();
    expect(session.describe(0)).toBeUndefined();
    session.run('print(1)');
    session.advance(1000, 10);
    for (const address of [0, 1, 7, -1, 2 ** 32 - 8, Number.NaN, 1.5])
      expect(session.describe(address)).toBeUndefined();
    session.select(2 ** 32 - 1, 2 ** 32 - 1);
    session.select(-1, Number.NaN);
    expect(session.frame().length).toBeGreaterThan(90);
    expect(session.describe(4096)).toBeUndefined();
  });

  test('modules that are none', () => {
    const session = open();
    for (const bytes of [[], [70, 79, 82, 49], Array(100).fill(0)]) {
      session.addModule('wrong', new Uint8Array(bytes));
      session.call('wrong', 'main');
      session.closeInput();
      while (session.advance(1e6, 1000) !== Advance.Ended);
      expect(session.exitStatus).toBe(1);
      const said = session.takeOutput() as [boolean, Uint8Array][];
      expect(said.map(([, bytes]) => new TextDecoder().decode(bytes)).join('')).toMatch(/wrong/);
    }
    session.call('no such module \u{1F41B}', '');
    while (session.advance(1e6, 1000) !== Advance.Ended);
    expect(session.exitStatus).toBe(1);
    expect(() => session.call('a'.repeat(256), 'f')).toThrow(/\w+ \w+/);
    expect(() => session.addModule('x', undefined as unknown as Uint8Array)).toThrow();
  });

  test('texts that are no programs', () => {
    const session = open();
    for (const source of ['\0', '{'.repeat(100_000), '\u{1F41B}'.repeat(1000), 'let'])
      expect(session.check(source).length).toBeGreaterThan(0);
    expect(session.run('let x: nothing = ').length).toBeGreaterThan(0);
    expect(() => session.check(undefined as unknown as string)).toThrow();
    expect(() => session.pushInput(undefined as unknown as string)).toThrow();
  });
});

describe('the wrong order', () => {
  test('before a run there is nothing', () => {
    const session = open();
    expect(() => session.advance(1, 1)).toThrow(/nothing was started/);
    session.run('let');
    expect(() => session.advance(1, 1)).toThrow(/nothing was started/);
    expect(session.frame().length).toBe(0);
    expect([session.reductions, session.exitStatus, session.exitReason, session.wait]).toEqual([0, 0, '', 0]);
    session.stop();
    session.closeInput();
    session.pushInput('late');
    expect(session.takeOutput()).toEqual([]);
  });

  test('after the end it has ended, and a new run begins afresh', () => {
    const session = open();
    for (const round of [1, 2]) {
      session.run(`print(${round})`);
      while (session.advance(1e6, 1000) !== Advance.Ended);
      expect(session.advance(1e6, 1000)).toBe(Advance.Ended);
      session.stop();
      session.closeInput();
      expect(session.exitStatus).toBe(0);
      expect(session.frame().length).toBeGreaterThan(90);
    }
  });

  test('what was freed is gone', () => {
    const session = open();
    session.free();
    expect(() => session.modules).toThrow();
    expect(() => session.advance(1, 1)).toThrow();
    expect(() => session.takeOutput()).toThrow();
  });
});

test('a session that was left in the middle of a call is taken, and says so', () => {
  const session = open();
  session.run('var n = 0\nwhile true { n = n + 1 }');
  const { now } = performance;
  performance.now = () => {
    throw new Error('no clock today');
  };
  try {
    expect(() => session.advance(1e6, 10)).toThrow('no clock today');
  } finally {
    performance.now = now;
  }
  for (const call of [
    () => session.advance(1, 1),
    () => session.run('print(1)'),
    () => session.frame(),
    () => session.describe(8),
    () => session.modules,
    () => session.exitStatus,
    () => session.stop(),
  ])
    expect(call).toThrow(/the session is taken: a call of it has failed/);
  expect(failure()).toBeUndefined();
  const next = open();
  expect(next.check('print(1)')).toEqual([]);
});
