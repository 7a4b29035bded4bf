/**
 * Owns the worker: starts it, hands its messages on, and replaces it when it is broken or deaf. Stop is answered between two slices
 * of the VM; a worker that does not answer in time is inside something that a slice can't interrupt, so it is ended and a new one takes over.
 */
import type { PageMessage, WorkerMessage } from './protocol';

const DEAF_AFTER = 2000;

export class Client {
  #worker: Worker | null = null;
  #deadline: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;

  constructor(private readonly receive: (message: WorkerMessage) => void) {}

  start(): void {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'beambox' });
    worker.onmessage = (event: MessageEvent<WorkerMessage>) => this.#hear(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#replace(`The VM's worker failed: ${event.message || 'it could not be loaded'}.`);
    };
    this.#worker = worker;
  }

  send(message: PageMessage): void {
    this.#worker?.postMessage(message);
    if (message.type === 'stop') {
      this.#deadline ??= setTimeout(
        () => this.#replace('Stopped; the session was started afresh.'),
        DEAF_AFTER,
      );
    }
  }

  #hear(message: WorkerMessage): void {
    if (message.type === 'exit') this.#answered();
    if (message.type === 'ready') this.#failures = 0;
    if (message.type === 'error' && message.fatal) {
      this.#replace(message.message);
      return;
    }
    this.receive(message);
    // The views draw before the next animation frame; a hidden page asks for no more frames.
    if (message.type === 'frame') requestAnimationFrame(() => this.send({ type: 'drawn' }));
  }

  #answered(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  #replace(reason: string): void {
    this.#answered();
    this.#worker?.terminate();
    this.#worker = null;
    this.receive({ type: 'error', message: reason, fatal: true });
    this.#failures += 1;
    // A worker that can't even start is not tried for ever.
    if (this.#failures <= 3) this.start();
  }
}
