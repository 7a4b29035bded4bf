/**
 * Reads frames (`docs/wire.md`): one buffer with totals, process rows and the memory map of the selected process.
 * Rows of processes become objects, they are few; blocks and objects stay typed arrays, they are many.
 */
import type { Pid } from './protocol';

const MAGIC = 0x31465842;
const VERSION = 1;
const HEADER_BYTES = 96;

export const STATES = ['runnable', 'running', 'waiting', 'suspended', 'exiting', 'exited'] as const;

export interface Totals {
  readonly time: number;
  readonly reductions: number;
  readonly processes: number;
  readonly runnable: number;
  readonly arenaBytes: number;
  readonly arenaLimit: number;
  readonly binaryBytes: number;
  readonly minorCollections: number;
  readonly fullCollections: number;
}

/** One process. Sizes are words unless the name says bytes. */
export interface ProcessRow {
  readonly pid: Pid;
  readonly name: string;
  readonly registered: boolean;
  readonly current: string;
  readonly state: string;
  readonly messages: number;
  readonly heapUsed: number;
  readonly heapSize: number;
  readonly oldUsed: number;
  readonly oldSize: number;
  readonly stack: number;
  readonly fragments: number;
  readonly minorCollections: number;
  readonly fullCollections: number;
  readonly reductions: number;
  readonly binaryBytes: number;
  readonly memoryBytes: number;
}

export enum BlockKind {
  Young = 0,
  Old = 1,
  Fragment = 2,
  Message = 3,
}

export interface Block {
  readonly kind: number;
  readonly address: number;
  /** All in words. */
  readonly size: number;
  readonly used: number;
  readonly stack: number;
  readonly highWater: number;
  readonly firstObject: number;
  readonly objectCount: number;
  readonly place: number;
}

export interface Frame {
  readonly number: number;
  readonly totals: Totals;
  readonly processes: readonly ProcessRow[];
  readonly processesCut: boolean;
  readonly selected: Pid;
  readonly selectedExists: boolean;
  readonly selectedEnded: boolean;
  readonly objectsCut: boolean;
  readonly blocks: readonly Block[];
  /** Three numbers for each object: words from the block's start, words, kind | generation << 8. */
  readonly objects: Uint32Array;
}

export class FrameError extends Error {}

/** Reads a frame; throws `FrameError` when the bytes are not one. The result keeps a view on `buffer`. */
export function readFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER_BYTES || buffer.byteLength % 4 !== 0)
    throw new FrameError('frame too short');
  const words = new Uint32Array(buffer);
  const at = (index: number): number => words[index] ?? 0;
  if (at(0) !== MAGIC) throw new FrameError('not a frame');
  if (at(1) !== VERSION) throw new FrameError(`frame version ${at(1)} is not known`);
  if (at(2) !== buffer.byteLength) throw new FrameError('frame cut short');

  const section = (index: number, rowBytes: number): [number, number] => {
    const offset = at(index);
    const count = at(index + 1);
    if (offset % 8 !== 0 || offset + count * rowBytes > buffer.byteLength) {
      throw new FrameError(`section at ${offset} lies outside the frame`);
    }
    return [offset, count];
  };
  const [totalsAt, totalsCount] = section(4, 8);
  const [rowsAt, rowCount] = section(6, 96);
  const [blocksAt, blockCount] = section(8, 48);
  const [objectsAt, objectCount] = section(10, 12);
  const [textAt, textBytes] = section(12, 1);
  const flags = at(16);

  const totals = new Float64Array(buffer, totalsAt, totalsCount);
  const text = new Uint8Array(buffer, textAt, textBytes);
  const decoder = new TextDecoder();
  const texts = new Map<number, string>();
  const textOf = (index: number): string => {
    const start = at(index);
    const length = at(index + 1);
    if (start + length > textBytes) throw new FrameError('text lies outside the frame');
    const key = start * 65536 + length;
    let value = texts.get(key);
    if (value === undefined) {
      value = decoder.decode(text.subarray(start, start + length));
      texts.set(key, value);
    }
    return value;
  };
  const view = new DataView(buffer);

  const processes: ProcessRow[] = [];
  for (let row = 0; row < rowCount; row++) {
    const byte = rowsAt + row * 96;
    const base = byte / 4;
    processes.push({
      pid: { number: at(base), serial: at(base + 1) },
      state: STATES[at(base + 2)] ?? 'unknown',
      registered: (at(base + 3) & 2) !== 0,
      name: textOf(base + 4),
      current: textOf(base + 6),
      messages: at(base + 8),
      heapUsed: at(base + 9),
      heapSize: at(base + 10),
      oldUsed: at(base + 11),
      oldSize: at(base + 12),
      stack: at(base + 13),
      fragments: at(base + 14),
      minorCollections: at(base + 16),
      fullCollections: at(base + 17),
      reductions: view.getFloat64(byte + 72, true),
      binaryBytes: view.getFloat64(byte + 80, true),
      memoryBytes: view.getFloat64(byte + 88, true),
    });
  }

  const blocks: Block[] = [];
  for (let row = 0; row < blockCount; row++) {
    const base = blocksAt / 4 + row * 12;
    const block: Block = {
      kind: at(base),
      address: at(base + 1),
      size: at(base + 2),
      used: at(base + 3),
      stack: at(base + 4),
      highWater: at(base + 5),
      firstObject: at(base + 6),
      objectCount: at(base + 7),
      place: at(base + 8),
    };
    if (block.used + block.stack > block.size || block.firstObject + block.objectCount > objectCount) {
      throw new FrameError(`block ${row} does not fit its frame`);
    }
    blocks.push(block);
  }

  return {
    number: at(3),
    totals: {
      time: totals[0] ?? 0,
      reductions: totals[1] ?? 0,
      processes: totals[2] ?? 0,
      runnable: totals[3] ?? 0,
      arenaBytes: totals[4] ?? 0,
      arenaLimit: totals[5] ?? 0,
      binaryBytes: totals[6] ?? 0,
      minorCollections: totals[9] ?? 0,
      fullCollections: totals[10] ?? 0,
    },
    processes,
    processesCut: (flags & 8) !== 0,
    selected: { number: at(14), serial: at(15) },
    selectedExists: (flags & 1) !== 0,
    selectedEnded: (flags & 2) !== 0,
    objectsCut: (flags & 4) !== 0,
    blocks,
    objects: new Uint32Array(buffer, objectsAt, objectCount * 3),
  };
}

export const objectOffset = (frame: Frame, index: number): number => frame.objects[index * 3] ?? 0;
export const objectWords = (frame: Frame, index: number): number => frame.objects[index * 3 + 1] ?? 0;
export const objectKind = (frame: Frame, index: number): number => (frame.objects[index * 3 + 2] ?? 0) & 0xff;
export const objectGeneration = (frame: Frame, index: number): number =>
  ((frame.objects[index * 3 + 2] ?? 0) >>> 8) & 0xff;

/** Index of the object of `block` that covers the word at `offset`, or -1: the word is free. */
export function objectAt(frame: Frame, block: Block, offset: number): number {
  let low = block.firstObject;
  let high = block.firstObject + block.objectCount - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const start = objectOffset(frame, middle);
    if (offset < start) high = middle - 1;
    else if (offset >= start + objectWords(frame, middle)) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** The object that lies at `address` (bytes), with its block, or null. */
export function objectByAddress(frame: Frame, address: number): { block: Block; index: number } | null {
  for (const block of frame.blocks) {
    const offset = (address - block.address) / 8;
    if (offset < 0 || offset >= block.size) continue;
    const index = objectAt(frame, block, Math.floor(offset));
    if (index >= 0) return { block, index };
  }
  return null;
}
