/**
 * The messages between the page and the worker that runs the VM. Everything that crosses is one of these shapes; nothing else
 * is shared. Frames cross as transferred buffers (see `docs/wire.md`), the rest as small plain objects.
 */

/** A process, as in `<0.number.serial>`. */
export interface Pid {
  readonly number: number;
  readonly serial: number;
}

export type Severity = 'error' | 'warning' | 'info';

/** One finding of the compiler. Places are UTF-16 offsets into the checked source, `from <= to`. */
export interface Diagnostic {
  readonly from: number;
  readonly to: number;
  readonly severity: Severity;
  /** For example `T002`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it; may be empty. */
  readonly help: string;
  /** 1-based, for people. */
  readonly line: number;
  readonly column: number;
}

export type Stream = 'stdout' | 'stderr';

export interface OutputChunk {
  readonly stream: Stream;
  readonly text: string;
}

/** What the VM is doing. `input`: a process waits for a line of standard input. */
export type RunState = 'loading' | 'idle' | 'running' | 'paused' | 'input';

/** One word of a described object. */
export interface ObjectWord {
  readonly text: string;
  /** Address that the word points to, in bytes, or null when it holds no pointer. */
  readonly target: number | null;
}

/** What lies at an address; asked for with `inspect`. */
export interface ObjectInfo {
  readonly address: number;
  /** Number of the kind, see `map/kinds.ts`. */
  readonly kind: number;
  readonly words: number;
  /** 0 young, 1 young and survived a collection, 2 old. */
  readonly generation: number;
  readonly text: string;
  readonly content: readonly ObjectWord[];
  /** Not while the program runs: it takes time by the size of the process. */
  readonly keeps: KeepsInfo | null;
}

/** Who keeps an object alive, and how much it keeps alive itself. */
export interface KeepsInfo {
  /** Words that would become free with it, its own included. */
  readonly retained: number;
  /** What holds it in the end; empty when nothing does. */
  readonly holder: string;
  /** From what the holder points to, to the object itself. */
  readonly way: readonly { readonly address: number; readonly kind: number; readonly text: string }[];
  /** Steps in the middle that were left out. */
  readonly leftOut: number;
}

export type PageMessage =
  | { readonly type: 'check'; readonly source: string; readonly version: number }
  | { readonly type: 'run'; readonly source: string; readonly version: number }
  | { readonly type: 'stop' }
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'step' }
  | { readonly type: 'select'; readonly pid: Pid | null }
  | { readonly type: 'inspect'; readonly address: number | null }
  /** A line (with its newline) for the program's standard input; null is the end of input. */
  | { readonly type: 'stdin'; readonly text: string | null }
  /** `reductionsPerSecond` null is as fast as it goes. */
  | { readonly type: 'rate'; readonly framesPerSecond: number; readonly reductionsPerSecond: number | null }
  /** The page has drawn the last frame and is ready for another. */
  | { readonly type: 'drawn' };

export type WorkerMessage =
  | { readonly type: 'ready'; readonly modules: number }
  | { readonly type: 'diagnostics'; readonly version: number; readonly items: readonly Diagnostic[] }
  | { readonly type: 'state'; readonly state: RunState }
  | { readonly type: 'output'; readonly chunks: readonly OutputChunk[]; readonly skipped: number }
  | { readonly type: 'frame'; readonly buffer: ArrayBuffer }
  | { readonly type: 'object'; readonly info: ObjectInfo | null }
  | {
      readonly type: 'exit';
      readonly status: number;
      /** Why the program ended when not by itself: `stopped`, an exception, a limit; empty after a normal end. */
      readonly reason: string;
      readonly reductions: number;
      readonly milliseconds: number;
    }
  /** `fatal`: the worker can't go on and must be replaced. */
  | { readonly type: 'error'; readonly message: string; readonly fatal: boolean };

export function samePid(a: Pid | null, b: Pid | null): boolean {
  return a === b || (a !== null && b !== null && a.number === b.number && a.serial === b.serial);
}

export function pidText(pid: Pid): string {
  return `<0.${pid.number}.${pid.serial}>`;
}
