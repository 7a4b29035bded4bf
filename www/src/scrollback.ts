/** The text that a program has written, bounded: the oldest goes first. Held in segments so that a view redraws only the last one. */
import type { OutputChunk, Stream } from './protocol';

const SEGMENT = 2048;
/** Characters kept. */
export const LIMIT = 100_000;

export type SegmentKind = Stream | 'note';

export interface Segment {
  readonly id: number;
  readonly kind: SegmentKind;
  readonly text: string;
  /** Full, and ends with a line: may be laid out by itself. */
  readonly whole: boolean;
}

export interface Scrollback {
  readonly segments: readonly Segment[];
  readonly characters: number;
  /** Characters that were let go of. */
  readonly dropped: number;
  readonly nextId: number;
}

export const EMPTY: Scrollback = { segments: [], characters: 0, dropped: 0, nextId: 1 };

/** Adds text; returns a new scrollback that shares all unchanged segments. */
export function append(
  back: Scrollback,
  chunks: readonly (OutputChunk | { stream: 'note'; text: string })[],
): Scrollback {
  const segments = [...back.segments];
  let { characters, dropped, nextId } = back;
  for (const { stream, text } of chunks) {
    let rest = text;
    characters += text.length;
    while (rest.length > 0) {
      const last = segments.at(-1);
      if (last && last.kind === stream && last.text.length < SEGMENT) {
        const cut = cutAt(rest, SEGMENT - last.text.length);
        const joined = last.text + rest.slice(0, cut);
        segments[segments.length - 1] = {
          ...last,
          text: joined,
          whole: joined.length >= SEGMENT && joined.endsWith('\n'),
        };
        rest = rest.slice(cut);
      } else {
        segments.push({ id: nextId++, kind: stream, text: '', whole: false });
      }
    }
  }
  let drop = 0;
  while (characters > LIMIT && drop < segments.length - 1) {
    const length = segments[drop]?.text.length ?? 0;
    characters -= length;
    dropped += length;
    drop += 1;
  }
  return { segments: drop > 0 ? segments.slice(drop) : segments, characters, dropped, nextId };
}

/** A place to cut `text` at, at or soon after `length`: the end of a line if there is one near, else not inside a surrogate pair. */
function cutAt(text: string, length: number): number {
  if (length >= text.length) return text.length;
  const line = text.indexOf('\n', length - 1);
  if (line >= 0 && line < length + SEGMENT) return line + 1;
  const code = text.charCodeAt(length - 1);
  return code >= 0xd800 && code < 0xdc00 ? length + 1 : length;
}
