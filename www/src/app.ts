/** `bx-app`: the page. A bar with the controls over four panes, which are side by side where there is room and tabs where there isn't. */
import { html, type TemplateResult } from 'lit';
import { Client } from './client';
import './editor';
import { View } from './element';
import { EXAMPLES } from './examples/index';
import { bytes, count, short } from './format';
import './memory';
import './output';
import './processes';
import type { RunState } from './protocol';
import { type Pane, Store } from './store';

const STATE_TEXT: Record<RunState, string> = {
  loading: 'Loading',
  idle: 'Ready',
  running: 'Running',
  paused: 'Paused',
  input: 'Waiting for input',
};

const PANES: readonly { id: Pane; title: string }[] = [
  { id: 'code', title: 'Code' },
  { id: 'output', title: 'Output' },
  { id: 'processes', title: 'Processes' },
  { id: 'memory', title: 'Memory' },
];

/** Reductions a second; slow enough speeds let a reader follow single allocations. */
const SPEEDS: readonly { value: number | null; title: string }[] = [
  { value: null, title: 'Full speed' },
  { value: 100_000, title: '100,000 reductions/s' },
  { value: 10_000, title: '10,000 reductions/s' },
  { value: 1_000, title: '1,000 reductions/s' },
  { value: 100, title: '100 reductions/s' },
];

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

export class App extends View {
  readonly #client: Client = new Client((message) => this.store.receive(message));
  override store: Store = new Store(this.#client);

  override connectedCallback(): void {
    super.connectedCallback();
    this.#client.start();
    document.addEventListener('keydown', this.#keys);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.#keys);
  }

  protected watch(): void {
    const { state, pane, speed, exit, frame, pace, diagnostics, output } = this.store;
    for (const each of [state, pane, speed, exit, frame, pace, diagnostics, output]) each.value;
  }

  readonly #keys = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.store.run();
  };

  #example(event: Event): void {
    const select = event.currentTarget as HTMLSelectElement;
    const example = EXAMPLES.find((each) => each.id === select.value);
    if (!example) return;
    this.store.stop();
    this.store.edit(example.source);
    this.store.check();
  }

  #speed(event: Event): void {
    const { value } = event.currentTarget as HTMLSelectElement;
    this.store.setSpeed(value === '' ? null : Number(value));
  }

  #tabKeys(event: KeyboardEvent): void {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    const at = PANES.findIndex((pane) => pane.id === this.store.pane.value);
    const next = PANES[(at + by + PANES.length) % PANES.length];
    if (!next) return;
    event.preventDefault();
    this.store.pane.value = next.id;
    this.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  }

  #bar(): TemplateResult {
    const { store } = this;
    const state = store.state.value;
    const exit = store.exit.value;
    const failed = state === 'idle' && exit !== null && exit.status !== 0;
    return html`<header>
      <h1><span class="logo" aria-hidden="true"><i></i><i></i><i></i><i></i></span>beambox<small>playground</small></h1>
      <div class="controls">
        <label class="picker"><span class="label">Example</span>
          <select id="example" aria-label="Example" @change=${this.#example}>
            ${EXAMPLES.map((example) => html`<option value=${example.id}>${example.title}</option>`)}
          </select>
        </label>
        <button class="run" ?disabled=${state === 'loading'} title="${MAC ? '⌘' : 'Ctrl+'}Enter" @click=${() => store.run()}>
          <span aria-hidden="true">▶</span> Run
        </button>
        <button class="stop" ?disabled=${!store.active} @click=${() => store.stop()}>
          <span aria-hidden="true">■</span> Stop
        </button>
        <button class="pause" ?disabled=${!store.active} aria-pressed=${state === 'paused' ? 'true' : 'false'} @click=${() => store.pause()}>
          ${state === 'paused' ? 'Resume' : 'Pause'}
        </button>
        <button class="step" ?disabled=${state !== 'paused'} title="Runs a few reductions" @click=${() => store.step()}>Step</button>
        <label class="speed"><span class="label">Speed</span>
          <select aria-label="Speed" @change=${this.#speed}>
            ${SPEEDS.map((speed) => html`<option value=${speed.value ?? ''}>${speed.title}</option>`)}
          </select>
        </label>
      </div>
      <p class="state-now ${failed ? 'failed' : state}" role="status" aria-label="State">
        <i aria-hidden="true"></i>${failed ? `Failed (${exit?.status})` : STATE_TEXT[state]}
      </p>
    </header>`;
  }

  #figures(): TemplateResult {
    const totals = this.store.frame.value?.totals;
    if (!totals) return html``;
    const pace = this.store.pace.value;
    const running = this.store.state.value === 'running';
    return html`<dl class="figures">
      <div><dt>Processes</dt><dd>${count(totals.processes)}</dd></div>
      <div><dt>Reductions</dt><dd>${short(totals.reductions)}</dd></div>
      <div class="rate"><dt>per second</dt><dd>${running ? short(pace.reductions) : '–'}</dd></div>
      <div><dt>Memory</dt><dd>${bytes(totals.arenaBytes)}</dd></div>
      <div><dt>Collections</dt><dd>${count(totals.minorCollections)} + ${count(totals.fullCollections)}</dd></div>
      <div class="rate"><dt>Frames/s</dt><dd>${running ? pace.frames.toFixed(0) : '–'}</dd></div>
    </dl>`;
  }

  #pane(id: Pane, title: string, extra: TemplateResult | string, body: TemplateResult): TemplateResult {
    const chosen = this.store.pane.value === id;
    return html`<section id="pane-${id}" class="pane ${id} ${chosen ? 'chosen' : ''}" aria-labelledby="title-${id}">
      <div class="head"><h2 id="title-${id}">${title}</h2>${extra}</div>
      ${body}
    </section>`;
  }

  override render(): TemplateResult {
    const { store } = this;
    const { pane, diagnostics } = store;
    const findings = diagnostics.value.items.length;
    return html`
      ${this.#bar()}
      <nav class="tabs" aria-label="Panes" @keydown=${this.#tabKeys}>
        ${PANES.map(
          ({ id, title }) => html`<button
            id="tab-${id}"
            aria-controls="pane-${id}"
            aria-current=${pane.value === id ? 'true' : 'false'}
            @click=${() => {
              pane.value = id;
            }}
          >${title}${id === 'code' && findings > 0 ? html`<b class="count">${findings}</b>` : ''}</button>`,
        )}
      </nav>
      <main>
        <div class="left">
          ${this.#pane('code', 'Code', html`<span class="hint">${MAC ? '⌘' : 'Ctrl+'}Enter runs · Esc then Tab leaves the editor</span>`, html`<bx-editor .store=${store}></bx-editor>`)}
          ${this.#pane('output', 'Output', '', html`<bx-output .store=${store}></bx-output>`)}
        </div>
        <div class="right">
          ${this.#pane('processes', 'Processes', this.#figures(), html`<bx-processes .store=${store}></bx-processes>`)}
          ${this.#pane('memory', 'Memory', html`<span class="hint">one cell is one 64-bit word</span>`, html`<bx-memory .store=${store}></bx-memory>`)}
        </div>
      </main>
    `;
  }
}

customElements.define('bx-app', App);
