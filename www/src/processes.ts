/** `bx-processes`: the table of processes, sortable; a row selects the process whose memory is drawn. */
import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { View } from './element';
import { bytes, count } from './format';
import type { ProcessRow } from './frame';
import { pidText, samePid } from './protocol';
import { type SortKey, sorted } from './store';

/** Rows drawn; the rest is a line that says how many there are. */
const SHOWN = 200;

const COLUMNS: readonly { key: SortKey; title: string; unit: string; hint: string }[] = [
  { key: 'pid', title: 'Pid', unit: '', hint: 'Process identifier' },
  { key: 'name', title: 'Name', unit: '', hint: 'Registered name, or the function it began with' },
  { key: 'state', title: 'State', unit: '', hint: 'What it is doing' },
  { key: 'reductions', title: 'Reductions', unit: '', hint: 'Work done: about one for each call' },
  { key: 'messages', title: 'Queue', unit: 'messages', hint: 'Messages not yet received' },
  { key: 'heap', title: 'Heap', unit: 'words', hint: 'Young heap: used of size' },
  { key: 'old', title: 'Old heap', unit: 'words', hint: 'What survived two collections: used of size' },
  { key: 'stack', title: 'Stack', unit: 'words', hint: 'Stack in use' },
  { key: 'binaries', title: 'Off-heap', unit: 'bytes', hint: 'Binaries outside the heap that it refers to' },
];

const used = (part: number, whole: number): TemplateResult =>
  whole === 0
    ? html`<span class="none">0</span>`
    : html`${count(part)}<span class="of"> / ${count(whole)}</span>`;

export class ProcessesPane extends View {
  protected watch(): void {
    this.store.frame.value;
    this.store.selected.value;
    this.store.sort.value;
  }

  #row(row: ProcessRow): TemplateResult {
    const { store } = this;
    const chosen = samePid(row.pid, store.selected.value);
    return html`<tr class=${chosen ? 'chosen' : ''} @click=${() => store.select(row.pid)}>
      <td><button class="pid" aria-pressed=${chosen ? 'true' : 'false'}>${pidText(row.pid)}</button></td>
      <td class="name" title=${row.current === '' ? row.name : `${row.name}, now in ${row.current}`}>${row.name}</td>
      <td><span class="state ${row.state}">${row.state}</span></td>
      <td class="number">${count(row.reductions)}</td>
      <td class="number ${row.messages === 0 ? 'none' : ''}">${count(row.messages)}</td>
      <td class="number">${used(row.heapUsed, row.heapSize)}</td>
      <td class="number">${used(row.oldUsed, row.oldSize)}</td>
      <td class="number">${count(row.stack)}</td>
      <td class="number ${row.binaryBytes === 0 ? 'none' : ''}">${row.binaryBytes === 0 ? '0' : bytes(row.binaryBytes)}</td>
    </tr>`;
  }

  #keys(event: KeyboardEvent): void {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by === 0) return;
    const buttons = [...this.querySelectorAll<HTMLButtonElement>('button.pid')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = buttons[at + by];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }

  override render(): TemplateResult {
    const { frame, sort, selected } = this.store;
    const rows = frame.value ? sorted(frame.value.processes, sort.value) : [];
    const shown = rows.slice(0, SHOWN);
    const chosen = rows.find((row) => samePid(row.pid, selected.value));
    if (chosen && !shown.includes(chosen)) shown.push(chosen);
    const more = (frame.value?.totals.processes ?? 0) - shown.length;
    return html`
      <div class="scroll" role="region" aria-label="Table of processes" tabindex="0">
        <table @keydown=${this.#keys}>
          <thead>
            <tr>
              ${COLUMNS.map(({ key, title, unit, hint }) => {
                const mine = sort.value.key === key;
                const order = mine ? (sort.value.descending ? 'descending' : 'ascending') : 'none';
                return html`<th scope="col" class=${key} aria-sort=${order}>
                  <button title=${hint} @click=${() => this.store.sortBy(key)}>
                    <span>${title}${unit === '' ? '' : html` <small>${unit}</small>`}</span><i aria-hidden="true"></i>
                  </button>
                </th>`;
              })}
            </tr>
          </thead>
          <tbody>
            ${repeat(
              shown,
              (row) => pidText(row.pid),
              (row) => this.#row(row),
            )}
          </tbody>
        </table>
        ${rows.length === 0 ? html`<p class="empty">No process yet.</p>` : ''}
        ${more > 0 ? html`<p class="empty">${count(more)} more processes are not listed; sort to see others.</p>` : ''}
      </div>
    `;
  }
}

customElements.define('bx-processes', ProcessesPane);
