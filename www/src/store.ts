/**
 * The page's state and the only code that changes it: what the user does goes in by the methods, what the worker says by `receive`.
 * Views read signals and never talk to the worker.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals-core';
import { EXAMPLES } from './examples/index';
import { count, duration } from './format';
import { type Frame, type ProcessRow, readFrame } from './frame';
import {
  type Diagnostic,
  type ObjectInfo,
  type PageMessage,
  type Pid,
  type RunState,
  samePid,
  type WorkerMessage,
} from './protocol';
import { append, EMPTY, type Scrollback } from './scrollback';

export type SortKey =
  | 'pid'
  | 'name'
  | 'state'
  | 'reductions'
  | 'messages'
  | 'heap'
  | 'old'
  | 'stack'
  | 'binaries';

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

export interface ExitStatus {
  readonly status: number;
  readonly reason: string;
}

export type Pane = 'code' | 'output' | 'processes' | 'memory';

/** Sends to the worker; the client replaces the worker when it has to. */
export interface Port {
  send(message: PageMessage): void;
}

export class Store {
  readonly source: Signal<string> = signal(EXAMPLES[0]?.source ?? '');
  readonly state: Signal<RunState> = signal<RunState>('loading');
  readonly diagnostics: Signal<{ version: number; items: readonly Diagnostic[] }> = signal({
    version: 0,
    items: [],
  });
  readonly output: Signal<Scrollback> = signal(EMPTY);
  readonly frame: Signal<Frame | null> = signal<Frame | null>(null);
  readonly selected: Signal<Pid | null> = signal<Pid | null>(null);
  readonly inspected: Signal<number | null> = signal<number | null>(null);
  readonly object: Signal<ObjectInfo | null> = signal<ObjectInfo | null>(null);
  readonly exit: Signal<ExitStatus | null> = signal<ExitStatus | null>(null);
  readonly sort: Signal<Sort> = signal<Sort>({ key: 'pid', descending: false });
  readonly pane: Signal<Pane> = signal<Pane>('code');
  readonly speed: Signal<number | null> = signal<number | null>(null);
  /** Frames drawn and reductions made in the last second. */
  readonly pace: Signal<{ frames: number; reductions: number }> = signal({ frames: 0, reductions: 0 });

  #version = 0;
  #followMain = true;
  #pacing = { time: 0, frames: 0, reductions: 0 };

  constructor(private readonly port: Port) {}

  get version(): ReadonlySignal<number> | number {
    return this.#version;
  }

  // What the user does.

  edit(source: string): void {
    this.source.value = source;
    this.#version += 1;
  }

  check(): void {
    this.port.send({ type: 'check', source: this.source.value, version: this.#version });
  }

  run(): void {
    if (this.state.value === 'loading') return;
    this.output.value = EMPTY;
    this.exit.value = null;
    this.object.value = null;
    this.inspected.value = null;
    this.selected.value = null;
    this.#followMain = true;
    this.#pacing = { time: 0, frames: 0, reductions: 0 };
    this.port.send({ type: 'run', source: this.source.value, version: this.#version });
  }

  stop(): void {
    if (this.active) this.port.send({ type: 'stop' });
  }

  pause(): void {
    if (this.state.value === 'paused') this.port.send({ type: 'resume' });
    else if (this.active) this.port.send({ type: 'pause' });
  }

  step(): void {
    if (this.state.value === 'paused') this.port.send({ type: 'step' });
  }

  get active(): boolean {
    return this.state.value === 'running' || this.state.value === 'paused' || this.state.value === 'input';
  }

  select(pid: Pid): void {
    this.#followMain = false;
    if (samePid(pid, this.selected.value)) return;
    this.selected.value = pid;
    this.inspect(null);
    this.port.send({ type: 'select', pid });
  }

  inspect(address: number | null): void {
    this.inspected.value = address;
    if (address === null) this.object.value = null;
    this.port.send({ type: 'inspect', address });
  }

  stdin(text: string | null): void {
    if (text !== null) this.#write('note', text);
    this.port.send({ type: 'stdin', text });
  }

  setSpeed(reductionsPerSecond: number | null): void {
    this.speed.value = reductionsPerSecond;
    this.port.send({ type: 'rate', framesPerSecond: 30, reductionsPerSecond });
  }

  sortBy(key: SortKey): void {
    const { key: old, descending } = this.sort.value;
    const numeric = key !== 'pid' && key !== 'name' && key !== 'state';
    this.sort.value = key === old ? { key, descending: !descending } : { key, descending: numeric };
  }

  // What the worker says.

  receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        this.state.value = 'idle';
        if (this.speed.value !== null) this.setSpeed(this.speed.value);
        this.check();
        break;
      case 'diagnostics':
        if (message.version === this.#version) {
          this.diagnostics.value = { version: message.version, items: message.items };
        }
        break;
      case 'state':
        // Where panes are tabs, who runs a program wants to see what it says; findings keep the editor in front.
        if (message.state === 'running' && this.state.value === 'idle' && this.pane.value === 'code')
          this.pane.value = 'output';
        this.state.value = message.state;
        break;
      case 'output':
        if (message.skipped > 0) this.#write('note', `… ${count(message.skipped)} characters left out\n`);
        this.output.value = append(this.output.value, message.chunks);
        break;
      case 'frame':
        this.#frame(message.buffer);
        break;
      case 'object':
        this.object.value = message.info;
        break;
      case 'exit': {
        this.state.value = 'idle';
        this.exit.value = { status: message.status, reason: message.reason };
        const spent = `${duration(message.milliseconds)}, ${count(message.reductions)} reductions`;
        const how = message.reason === '' ? `ended with status ${message.status}` : message.reason;
        this.#write('note', `${this.#fresh()}[${how}; ${spent}]\n`);
        break;
      }
      case 'error':
        this.#write('stderr', `${this.#fresh()}${message.message}\n`);
        if (message.fatal) this.state.value = 'loading';
        break;
    }
  }

  #fresh(): string {
    const last = this.output.value.segments.at(-1)?.text ?? '\n';
    return last.endsWith('\n') ? '' : '\n';
  }

  #write(stream: 'note' | 'stderr', text: string): void {
    this.output.value = append(this.output.value, [{ stream, text }]);
  }

  #frame(buffer: ArrayBuffer): void {
    const frame = readFrame(buffer);
    this.frame.value = frame;
    if (this.#followMain) this.selected.value = frame.selected;
    const { time, frames, reductions } = this.#pacing;
    const now = performance.now();
    if (time === 0) {
      this.#pacing = { time: now, frames: 0, reductions: frame.totals.reductions };
    } else if (now - time >= 1000) {
      const seconds = (now - time) / 1000;
      this.pace.value = {
        frames: (frames + 1) / seconds,
        reductions: Math.max(0, frame.totals.reductions - reductions) / seconds,
      };
      this.#pacing = { time: now, frames: 0, reductions: frame.totals.reductions };
    } else this.#pacing = { time, frames: frames + 1, reductions };
  }
}

/** Processes in the chosen order; equal ones by pid, so that rows don't jump. */
export function sorted(rows: readonly ProcessRow[], { key, descending }: Sort): ProcessRow[] {
  const value: Record<SortKey, (row: ProcessRow) => number | string> = {
    pid: (row) => row.pid.number,
    name: (row) => row.name,
    state: (row) => row.state,
    reductions: (row) => row.reductions,
    messages: (row) => row.messages,
    heap: (row) => row.heapUsed,
    old: (row) => row.oldUsed,
    stack: (row) => row.stack,
    binaries: (row) => row.binaryBytes,
  };
  const of = value[key];
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return order !== 0 ? order * sign : a.pid.number - b.pid.number || a.pid.serial - b.pid.serial;
  });
}
