/** Builds frames as `docs/wire.md` describes them: for tests of the reader and of the drawing. Not part of the site. */

export interface ObjectSpec {
  readonly words: number;
  readonly kind: number;
  readonly generation?: number;
  /** Words from the block's start; right after the one before when absent. */
  readonly at?: number;
}

export interface BlockSpec {
  readonly kind: number;
  readonly address: number;
  readonly size: number;
  readonly used: number;
  readonly stack?: number;
  readonly highWater?: number;
  readonly place?: number;
  readonly objects: readonly ObjectSpec[];
}

export interface ProcessSpec {
  readonly number: number;
  readonly name: string;
  readonly state?: number;
  readonly messages?: number;
  readonly heap?: readonly [number, number];
  readonly old?: readonly [number, number];
  readonly stack?: number;
  readonly reductions?: number;
  readonly binaries?: number;
}

export function buildFrame(spec: {
  readonly number?: number;
  readonly selected?: number;
  readonly flags?: number;
  readonly totals?: readonly number[];
  readonly processes?: readonly ProcessSpec[];
  readonly blocks?: readonly BlockSpec[];
}): ArrayBuffer {
  const { processes = [], blocks = [] } = spec;
  const totals = [...(spec.totals ?? [0, 0, processes.length, 0, 0, 0, 0, 0, 0, 0, 0, 0])];
  const objects = blocks.flatMap((block) => {
    let next = 0;
    return block.objects.map((object) => {
      const at = object.at ?? next;
      next = at + object.words;
      return [at, object.words, object.kind | ((object.generation ?? 0) << 8)];
    });
  });
  const encoder = new TextEncoder();
  const texts: number[] = [];
  const text = (value: string): [number, number] => {
    const bytes = encoder.encode(value);
    const at = texts.length;
    texts.push(...bytes);
    return [at, bytes.length];
  };
  const round = (bytes: number): number => (bytes + 7) & ~7;
  const names = processes.map((row) => text(row.name));
  const totalsAt = 96;
  const rowsAt = totalsAt + totals.length * 8;
  const blocksAt = rowsAt + processes.length * 96;
  const objectsAt = round(blocksAt + blocks.length * 48);
  const textAt = round(objectsAt + objects.length * 12);
  const length = round(textAt + texts.length);

  const buffer = new ArrayBuffer(length);
  const view = new DataView(buffer);
  const put = (byte: number, values: readonly number[]): void => {
    values.forEach((value, index) => {
      view.setUint32(byte + index * 4, value, true);
    });
  };
  put(0, [0x31465842, 1, length, spec.number ?? 1, totalsAt, totals.length, rowsAt, processes.length]);
  put(32, [blocksAt, blocks.length, objectsAt, objects.length, textAt, texts.length, spec.selected ?? 0, 0]);
  put(64, [spec.flags ?? 1]);
  totals.forEach((value, index) => {
    view.setFloat64(totalsAt + index * 8, value, true);
  });
  processes.forEach((row, index) => {
    const byte = rowsAt + index * 96;
    const [heapUsed, heapSize] = row.heap ?? [0, 233];
    const [oldUsed, oldSize] = row.old ?? [0, 0];
    const [at, bytes] = names[index] ?? [0, 0];
    put(byte, [row.number, 0, row.state ?? 2, 0, at, bytes, 0, 0, row.messages ?? 0, heapUsed, heapSize]);
    put(byte + 44, [oldUsed, oldSize, row.stack ?? 0, 0, 2]);
    view.setFloat64(byte + 72, row.reductions ?? 0, true);
    view.setFloat64(byte + 80, row.binaries ?? 0, true);
  });
  let first = 0;
  blocks.forEach((block, index) => {
    const { kind, address, size, used, stack = 0, highWater = 0, place = 0 } = block;
    put(blocksAt + index * 48, [
      kind,
      address,
      size,
      used,
      stack,
      highWater,
      first,
      block.objects.length,
      place,
    ]);
    first += block.objects.length;
  });
  objects.forEach((object, index) => {
    put(objectsAt + index * 12, object);
  });
  new Uint8Array(buffer).set(texts, textAt);
  return buffer;
}
