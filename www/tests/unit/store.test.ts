import { describe, expect, it } from 'vitest';
import { readFrame } from '../../src/frame';
import type { PageMessage } from '../../src/protocol';
import { Store, sorted } from '../../src/store';
import { buildFrame } from '../frame-builder';

function setUp(): { store: Store; sent: PageMessage[] } {
  const sent: PageMessage[] = [];
  return { store: new Store({ send: (message) => sent.push(message) }), sent };
}

const frame = () =>
  buildFrame({
    selected: 2,
    processes: [
      { number: 1, name: 'b', reductions: 5, messages: 1 },
      { number: 2, name: 'a', reductions: 50, messages: 1 },
      { number: 3, name: 'c', reductions: 20 },
    ],
  });

describe('Store', () => {
  it('does not run before the VM is there', () => {
    const { store, sent } = setUp();
    store.run();
    expect(sent).toEqual([]);
    store.receive({ type: 'ready', modules: 3 });
    store.run();
    expect(sent.map((message) => message.type)).toEqual(['check', 'run']);
  });

  it('ignores diagnostics of an older source', () => {
    const { store } = setUp();
    store.edit('let x = 1');
    store.receive({ type: 'diagnostics', version: 0, items: [] });
    expect(store.diagnostics.value.version).toBe(0);
    store.receive({ type: 'diagnostics', version: 1, items: [] });
    expect(store.diagnostics.value.version).toBe(1);
  });

  it('follows the program until the reader chooses', () => {
    const { store } = setUp();
    store.receive({ type: 'frame', buffer: frame() });
    expect(store.selected.value).toEqual({ number: 2, serial: 0 });
    store.select({ number: 3, serial: 0 });
    store.receive({ type: 'frame', buffer: frame() });
    expect(store.selected.value).toEqual({ number: 3, serial: 0 });
  });

  it('shows the output of a program that starts, unless the reader looks at something else', () => {
    const { store } = setUp();
    store.receive({ type: 'ready', modules: 3 });
    store.receive({ type: 'state', state: 'running' });
    expect(store.pane.value).toBe('output');
    store.pane.value = 'code';
    store.receive({ type: 'state', state: 'paused' });
    store.receive({ type: 'state', state: 'running' });
    expect(store.pane.value).toBe('code');
  });

  it('says how a program ended, on a line of its own', () => {
    const { store } = setUp();
    store.receive({ type: 'output', chunks: [{ stream: 'stdout', text: 'no newline' }], skipped: 0 });
    store.receive({ type: 'exit', status: 1, reason: 'stopped', reductions: 12345, milliseconds: 20 });
    expect(store.output.value.segments.at(-1)?.text).toBe('\n[stopped; 20 ms, 12,345 reductions]\n');
    expect(store.state.value).toBe('idle');
  });
});

describe('sorted', () => {
  const { processes } = readFrame(frame());
  const numbers = (key: 'name' | 'reductions' | 'messages', descending: boolean): number[] =>
    sorted(processes, { key, descending }).map((row) => row.pid.number);

  it('sorts by any column, equal rows by pid', () => {
    expect(numbers('name', false)).toEqual([2, 1, 3]);
    expect(numbers('reductions', true)).toEqual([2, 3, 1]);
    expect(numbers('messages', true)).toEqual([1, 2, 3]);
  });
});
