import { describe, expect, it } from 'vitest';
import {
  FrameError,
  objectAt,
  objectByAddress,
  objectGeneration,
  objectKind,
  readFrame,
} from '../../src/frame';
import { buildFrame } from '../frame-builder';

const sample = () =>
  buildFrame({
    number: 7,
    selected: 42,
    totals: [1.5, 1000, 2, 1, 4096, 8192, 64, 10, 0, 3, 1, 0],
    processes: [
      { number: 42, name: 'main/0', heap: [10, 233], reductions: 2 ** 40, stack: 3 },
      { number: 43, name: 'agent é', state: 0, messages: 5, binaries: 100 },
    ],
    blocks: [
      {
        kind: 0,
        address: 0x1000,
        size: 233,
        used: 10,
        stack: 3,
        objects: [
          { words: 2, kind: 2, generation: 1 },
          { words: 8, kind: 1 },
          { words: 1, kind: 16, at: 230 },
          { words: 1, kind: 18, at: 231 },
          { words: 1, kind: 17, at: 232 },
        ],
      },
      { kind: 3, address: 0x9000, size: 4, used: 4, objects: [{ words: 4, kind: 1 }] },
    ],
  });

describe('readFrame', () => {
  it('reads totals, processes, blocks and objects', () => {
    const frame = readFrame(sample());
    expect(frame.number).toBe(7);
    expect(frame.selected).toEqual({ number: 42, serial: 0 });
    expect(frame.totals.reductions).toBe(1000);
    expect(frame.totals.minorCollections).toBe(3);
    expect(frame.processes.map((row) => row.name)).toEqual(['main/0', 'agent é']);
    expect(frame.processes[0]?.reductions).toBe(2 ** 40);
    expect(frame.processes[1]).toMatchObject({ state: 'runnable', messages: 5, binaryBytes: 100 });
    expect(frame.blocks[1]).toMatchObject({ kind: 3, firstObject: 5, objectCount: 1 });
  });

  it('finds objects by word and by address', () => {
    const frame = readFrame(sample());
    const [young] = frame.blocks;
    if (!young) throw new Error('no block');
    expect(objectAt(frame, young, 0)).toBe(0);
    expect(objectAt(frame, young, 9)).toBe(1);
    expect(objectAt(frame, young, 10)).toBe(-1);
    expect(objectAt(frame, young, 231)).toBe(3);
    expect(objectKind(frame, 0)).toBe(2);
    expect(objectGeneration(frame, 0)).toBe(1);
    expect(objectByAddress(frame, 0x1000 + 16)).toMatchObject({ index: 1 });
    expect(objectByAddress(frame, 0x9000)).toMatchObject({ index: 5 });
    expect(objectByAddress(frame, 0x8000)).toBeNull();
  });

  it('refuses what is not a frame', () => {
    expect(() => readFrame(new ArrayBuffer(8))).toThrow(FrameError);
    expect(() => readFrame(new ArrayBuffer(200))).toThrow(FrameError);
    const newer = sample();
    new DataView(newer).setUint32(4, 2, true);
    expect(() => readFrame(newer)).toThrow('version 2');
  });

  it('never reads outside of a damaged frame', () => {
    const good = new Uint8Array(sample());
    for (let length = 0; length < good.length; length += 4) {
      expect(() => readFrame(good.slice(0, length).buffer)).toThrow(FrameError);
    }
    for (let byte = 8; byte < 96; byte++) {
      const bad = good.slice();
      bad[byte] = (bad[byte] ?? 0) ^ 0x84;
      try {
        readFrame(bad.buffer);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }
  });
});
