/**
 * The worker: owns the VM, runs it in slices of a few milliseconds and hears the page between two of them. Sends output and frames at a
 * bounded rate, and a frame only when the page has drawn the one before, so that a slow page is never buried.
 */
import init, { Advance, failure, Session } from './generated/beambox_wasm.js';
import wasm from './generated/beambox_wasm_bg.wasm?url';
import type {
  Diagnostic,
  KeepsInfo,
  ObjectInfo,
  OutputChunk,
  PageMessage,
  RunState,
  Stream,
  WorkerMessage,
} from './protocol';
import { LIMIT } from './scrollback';

/** Milliseconds of one slice: short enough to hear Stop at once. */
const SLICE = 5;
/** Reductions of one press of Step. */
const STEP = 20;
/** Never ask for more at once, whatever the speed. */
const MOST = 0x7fff_ffff;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (message: WorkerMessage, transfer: Transferable[] = []): void =>
  scope.postMessage(message, transfer);

let session: Session | null = null;
let state: RunState = 'loading';
let started = 0;
/** Time that the program itself has had, without pauses and waits for input. */
let lastFrame = 0;
let drawn = true;
let framePeriod = 1000 / 30;
let speed: number | null = null;
let allowance = 0;
let refilled = 0;
let timer: ReturnType<typeof setTimeout> | null = null;
let inspected: number | null = null;
/** Output that the page has not got yet, and how many characters before it were left out. */
let pending: OutputChunk[] = [];
let skipped = 0;
const decoders: Record<Stream, TextDecoder> = { stdout: new TextDecoder(), stderr: new TextDecoder() };

// The loop: a message to ourselves goes behind the page's messages that have already arrived.
const channel = new MessageChannel();
let looping = false;
channel.port1.onmessage = () => {
  looping = false;
  guarded(slice);
};

function again(): void {
  if (looping) return;
  looping = true;
  channel.port2.postMessage(null);
}

function enter(next: RunState): void {
  if (next === state) return;
  state = next;
  post({ type: 'state', state });
}

/** A failure inside the VM (a bug of ours, not of the program) ends this worker; the page starts another. */
function guarded(action: () => void): void {
  try {
    action();
  } catch (error) {
    // A panic says where it was; what arrives here is only the trap that it ended in.
    const panic = session ? failure() : undefined;
    state = 'loading';
    session = null;
    const message = panic ?? (error instanceof Error ? error.message : String(error));
    post({ type: 'error', message: `The VM failed: ${message}`, fatal: true });
  }
}

function slice(): void {
  if (!session || state === 'paused' || state === 'idle' || state === 'loading') return;
  const now = performance.now();
  let budget = MOST;
  if (speed !== null) {
    allowance = Math.min(speed, allowance + ((now - refilled) * speed) / 1000);
    refilled = now;
    if (allowance < 1) {
      show(false);
      later(Math.min(50, Math.ceil(1000 / speed)));
      return;
    }
    budget = Math.floor(allowance);
  }
  const before = session.reductions;
  const found = session.advance(budget, SLICE);
  if (speed !== null) allowance -= session.reductions - before;
  follow(found);
}

function follow(found: Advance): void {
  if (!session) return;
  switch (found) {
    case Advance.Busy:
      show(false);
      enter('running');
      again();
      break;
    case Advance.Timer:
      show(false);
      enter('running');
      later(Math.min(session.wait, framePeriod));
      break;
    case Advance.Input:
      show(state !== 'input');
      enter('input');
      if (session.wait >= 0) later(Math.min(session.wait, framePeriod));
      break;
    case Advance.Ended:
      ended(session.exitStatus, session.exitReason);
      break;
  }
}

function later(milliseconds: number): void {
  if (timer !== null) clearTimeout(timer);
  timer = setTimeout(again, Math.max(0, milliseconds));
}

function ended(status: number, reason: string): void {
  if (!session) return;
  if (timer !== null) clearTimeout(timer);
  show(true);
  const milliseconds = performance.now() - started;
  state = 'idle';
  post({ type: 'exit', status, reason, reductions: session.reductions, milliseconds });
}

/** Sends what there is to see, when the page has drawn what it got before and a frame is due (or `must`). */
function show(must: boolean): void {
  if (!session) return;
  const now = performance.now();
  if (!must && now - lastFrame < framePeriod) return;
  collect(session);
  if (!must && !drawn) return;
  lastFrame = now;
  drawn = false;
  if (pending.length > 0) post({ type: 'output', chunks: pending, skipped });
  pending = [];
  skipped = 0;
  const frame = session.frame();
  post({ type: 'frame', buffer: frame.buffer as ArrayBuffer }, [frame.buffer]);
  describe();
}

/** Takes the program's output over, never more than the page keeps: the oldest would be let go of there anyway. */
function collect(from: Session): void {
  for (const [error, bytes] of from.takeOutput() as [boolean, Uint8Array][]) {
    const stream = error ? 'stderr' : 'stdout';
    pending.push({ stream, text: decoders[stream].decode(bytes, { stream: true }) });
  }
  let over = pending.reduce((sum, chunk) => sum + chunk.text.length, 0) - LIMIT;
  while (over > 0) {
    const first = pending[0];
    if (!first) break;
    const cut = Math.min(over, first.text.length);
    if (cut === first.text.length) pending.shift();
    else pending[0] = { stream: first.stream, text: first.text.slice(cut) };
    skipped += cut;
    over -= cut;
  }
}

function describe(): void {
  if (!session || inspected === null) return;
  const info = session.describe(inspected) as Omit<ObjectInfo, 'keeps'> | undefined;
  const keeps = info && state !== 'running' ? (session.keeps(inspected) as KeepsInfo | undefined) : undefined;
  post({ type: 'object', info: info ? { ...info, keeps: keeps ?? null } : null });
}

function start(source: string, version: number): void {
  if (!session) return;
  if (state !== 'idle') {
    session.stop();
    if (timer !== null) clearTimeout(timer);
  }
  inspected = null;
  pending = [];
  skipped = 0;
  const items = session.run(source) as Diagnostic[];
  post({ type: 'diagnostics', version, items });
  const first = items.find((item) => item.severity === 'error');
  if (first) {
    state = 'idle';
    post({
      type: 'output',
      chunks: [{ stream: 'stderr', text: items.map(line).join('') }],
      skipped: 0,
    });
    post({
      type: 'exit',
      status: 1,
      reason: 'not run: the program has errors',
      reductions: 0,
      milliseconds: 0,
    });
    return;
  }
  for (const stream of ['stdout', 'stderr'] as const) decoders[stream] = new TextDecoder();
  started = performance.now();
  refilled = started;
  allowance = 0;
  drawn = true;
  enter('running');
  again();
}

const line = (item: Diagnostic): string =>
  `${item.line}:${item.column}: ${item.severity}[${item.code}]: ${item.message}\n`;

function receive(message: PageMessage): void {
  if (!session) return;
  switch (message.type) {
    case 'check':
      post({
        type: 'diagnostics',
        version: message.version,
        items: session.check(message.source) as Diagnostic[],
      });
      break;
    case 'run':
      start(message.source, message.version);
      break;
    case 'stop':
      if (state !== 'idle') {
        show(true);
        session.stop();
        ended(1, 'stopped');
      } else post({ type: 'exit', status: 0, reason: 'stopped', reductions: 0, milliseconds: 0 });
      break;
    case 'pause':
      if (state === 'running' || state === 'input') {
        show(true);
        enter('paused');
      }
      break;
    case 'resume':
      if (state === 'paused') {
        refilled = performance.now();
        enter('running');
        again();
      }
      break;
    case 'step':
      if (state === 'paused') step(session);
      break;
    case 'select':
      if (message.pid) session.select(message.pid.number, message.pid.serial);
      show(true);
      break;
    case 'inspect':
      inspected = message.address;
      describe();
      break;
    case 'stdin':
      if (message.text === null) session.closeInput();
      else session.pushInput(message.text);
      if (state === 'input') {
        enter('running');
        again();
      }
      break;
    case 'rate':
      framePeriod = 1000 / Math.max(1, message.framesPerSecond);
      speed = message.reductionsPerSecond;
      refilled = performance.now();
      allowance = 0;
      break;
    case 'drawn':
      drawn = true;
      break;
  }
}

function step(vm: Session): void {
  const found = vm.advance(STEP, SLICE);
  if (found === Advance.Ended) ended(vm.exitStatus, vm.exitReason);
  else show(true);
}

scope.onmessage = (event: MessageEvent<PageMessage>) => guarded(() => receive(event.data));

async function load(): Promise<void> {
  // This script lies one folder below the page, when it is served from its source and when it is built.
  const address = new URL('../otp.bundle', self.location.href);
  await init({ module_or_path: wasm });
  const answer = await fetch(address);
  if (!answer.ok)
    throw new Error(`the OTP modules could not be loaded (${answer.status} for ${address.pathname})`);
  session = new Session(new Uint8Array(await answer.arrayBuffer()));
  state = 'idle';
  post({ type: 'ready', modules: session.modules });
}

load().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  post({ type: 'error', message: `The VM could not be started: ${message}`, fatal: true });
});
