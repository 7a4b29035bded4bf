/**
 * `bx-memory`: the memory map of the selected process, one cell a word, with what the chosen object is. A pointer chooses the object under
 * it; on the keyboard the arrows go from object to object, Enter follows the first pointer.
 */
import { html, type TemplateResult } from 'lit';
import { View } from './element';
import { address, bytes, count } from './format';
import {
  type Frame,
  objectAt,
  objectByAddress,
  objectGeneration,
  objectKind,
  objectOffset,
  objectWords,
} from './frame';
import { GENERATIONS, KINDS, kindOf } from './map/kinds';
import { cellOf, type Layout, layoutMap, rectsOf, wordAt, zoomed } from './map/layout';
import { type Palette, paintMap, readPalette } from './map/paint';
import { type KeepsInfo, type ObjectInfo, pidText, samePid } from './protocol';

/** Does the described object lie over the address? While a program runs, another one may begin there at any time. */
const covers = (object: ObjectInfo, at: number): boolean =>
  object.address <= at && at < object.address + object.words * 8;

export class MemoryPane extends View {
  #palette: Palette | null = null;
  #layout: Layout | null = null;
  /** Cell size chosen by the reader, 0: as large as fits. */
  #zoom = 0;
  #observer: ResizeObserver | null = null;
  #reveal = false;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');

  protected watch(): void {
    const { frame, inspected, object, selected } = this.store;
    frame.value;
    inspected.value;
    object.value;
    selected.value;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#scheme.addEventListener('change', this.#recolor);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#scheme.removeEventListener('change', this.#recolor);
    this.#observer?.disconnect();
  }

  protected override firstUpdated(): void {
    const view = this.#view;
    if (!view) return;
    this.#observer = new ResizeObserver(() => this.#draw());
    this.#observer.observe(view);
  }

  protected override updated(): void {
    this.#draw();
  }

  readonly #recolor = (): void => {
    this.#palette = null;
    this.#draw();
  };

  get #view(): HTMLElement | null {
    return this.querySelector('.map');
  }

  get #frame(): Frame | null {
    const { frame, selected } = this.store;
    // A frame of the process selected before is not drawn under the new one's name.
    return frame.value && samePid(frame.value.selected, selected.value) ? frame.value : null;
  }

  #draw(): void {
    const view = this.#view;
    const canvas = this.querySelector('canvas');
    const sizer = this.querySelector<HTMLElement>('.sizer');
    const frame = this.#frame;
    if (!view || !canvas || !sizer || view.clientWidth === 0) return;
    const context = canvas.getContext('2d');
    if (!context) return;
    const style = getComputedStyle(view);
    const width =
      view.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    const height = view.clientHeight;
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    if (!frame) {
      context.clearRect(0, 0, width, height);
      sizer.style.height = '0';
      this.#layout = null;
      return;
    }
    this.#palette ??= readPalette(this);
    const layout = layoutMap(frame.blocks, width, height, this.#zoom);
    this.#layout = layout;
    sizer.style.height = `${Math.max(0, layout.height - height)}px`;
    if (this.#reveal) this.#scrollToChosen(view, frame, layout);
    this.#reveal = false;
    const inspected = this.store.inspected.value;
    const object = this.store.object.value;
    const targets =
      object && inspected !== null && covers(object, inspected)
        ? object.content.flatMap((word) => (word.target === null ? [] : [word.target]))
        : [];
    const selection = inspected === null ? null : { address: inspected, targets };
    paintMap(context, frame, layout, this.#palette, width, height, view.scrollTop, selection);
  }

  #scrollToChosen(view: HTMLElement, frame: Frame, layout: Layout): void {
    const inspected = this.store.inspected.value;
    const found = inspected === null ? null : objectByAddress(frame, inspected);
    const place = found ? cellOf(layout, found.block, objectOffset(frame, found.index)) : null;
    const rect = place ? rectsOf(layout, place.group, place.cell, 1)[0] : undefined;
    if (!rect) return;
    if (rect.y < view.scrollTop + 30) view.scrollTop = Math.max(0, rect.y - 60);
    else if (rect.y + rect.h > view.scrollTop + view.clientHeight - 10)
      view.scrollTop = rect.y - view.clientHeight + 60;
  }

  #choose(index: number, block: { address: number } | null): void {
    const frame = this.#frame;
    if (!frame || !block) return;
    this.#reveal = true;
    this.store.inspect(block.address + objectOffset(frame, index) * 8);
  }

  #pick(event: PointerEvent): void {
    const view = this.#view;
    const canvas = this.querySelector('canvas');
    const frame = this.#frame;
    if (!view || !canvas || !frame || !this.#layout) return;
    const box = canvas.getBoundingClientRect();
    const hit = wordAt(this.#layout, event.clientX - box.left, event.clientY - box.top + view.scrollTop);
    const index = hit ? objectAt(frame, hit.placed.block, hit.offset) : -1;
    if (hit && index >= 0) this.store.inspect(hit.placed.block.address + objectOffset(frame, index) * 8);
    else this.store.inspect(null);
  }

  /** The objects of the frame in the order in which blocks are drawn, so that arrows run through all of them. */
  #neighbour(frame: Frame, from: number | null, by: 1 | -1): [number, { address: number }] | null {
    const blocks = (this.#layout?.groups ?? []).flatMap((group) =>
      group.blocks.map((placed) => placed.block).filter((block) => block.objectCount > 0),
    );
    const found = from === null ? null : objectByAddress(frame, from);
    if (!found) {
      const block = blocks[0];
      return block ? [block.firstObject, block] : null;
    }
    const next = found.index + by;
    if (next >= found.block.firstObject && next < found.block.firstObject + found.block.objectCount) {
      return [next, found.block];
    }
    const other = blocks[blocks.indexOf(found.block) + by];
    return other ? [by > 0 ? other.firstObject : other.firstObject + other.objectCount - 1, other] : null;
  }

  /** The object a row above or below the chosen one. */
  #vertical(frame: Frame, layout: Layout, from: number, by: 1 | -1): [number, { address: number }] | null {
    const found = objectByAddress(frame, from);
    const place = found ? cellOf(layout, found.block, objectOffset(frame, found.index)) : null;
    if (!found || !place) return null;
    for (let step = 1; step < 4000; step++) {
      const rows = rectsOf(layout, place.group, place.cell, 1)[0];
      if (!rows) return null;
      const y = rows.y + by * step * layout.cell + 1;
      if (y < 0 || y > layout.height) return null;
      const hit = wordAt(layout, rows.x + 1, y);
      const index = hit ? objectAt(frame, hit.placed.block, hit.offset) : -1;
      if (hit && index >= 0 && (index !== found.index || hit.placed.block !== found.block)) {
        return [index, hit.placed.block];
      }
    }
    return null;
  }

  #keys(event: KeyboardEvent): void {
    const frame = this.#frame;
    if (!frame || !this.#layout) return;
    const from = this.store.inspected.value;
    let to: [number, { address: number }] | null = null;
    switch (event.key) {
      case 'ArrowRight':
        to = this.#neighbour(frame, from, 1);
        break;
      case 'ArrowLeft':
        to = this.#neighbour(frame, from, -1);
        break;
      case 'ArrowDown':
        to = from === null ? this.#neighbour(frame, null, 1) : this.#vertical(frame, this.#layout, from, 1);
        break;
      case 'ArrowUp':
        to = from === null ? null : this.#vertical(frame, this.#layout, from, -1);
        break;
      case 'Home':
        to = this.#neighbour(frame, null, 1);
        break;
      case 'Enter': {
        const target = this.store.object.value?.content.find((word) => word.target !== null)?.target;
        if (target !== undefined && target !== null) this.#follow(target);
        break;
      }
      case 'Escape':
        this.store.inspect(null);
        break;
      case '+':
      case '=':
        this.#setZoom(1);
        break;
      case '-':
        this.#setZoom(-1);
        break;
      default:
        return;
    }
    event.preventDefault();
    if (to) this.#choose(to[0], to[1]);
  }

  #follow(target: number): void {
    this.#reveal = true;
    this.store.inspect(target);
  }

  #setZoom(by: 1 | -1 | 0): void {
    this.#zoom = by === 0 ? 0 : zoomed(this.#zoom || (this.#layout?.cell ?? 8), by);
    this.#draw();
  }

  /** Who keeps the chosen object alive, and what it keeps alive. */
  #keeps(keeps: KeepsInfo): TemplateResult {
    if (keeps.holder === '')
      return html`<p class="keeps">Nothing holds it: the next collection drops it.</p>`;
    const words = `${count(keeps.retained)} ${keeps.retained === 1 ? 'word' : 'words'}`;
    const gap = keeps.leftOut > 0 ? keeps.way.length / 2 : -1;
    return html`
      <p class="keeps">
        Keeps <strong>${words}</strong> (${bytes(keeps.retained * 8)}) alive. Held by <strong>${keeps.holder}</strong>${
          keeps.way.length > 1 ? ', through' : '.'
        }
      </p>
      ${
        keeps.way.length > 1
          ? html`<ol class="words way">
              ${keeps.way.slice(0, -1).map(
                (step, index) => html`<li>
                  ${index === gap ? html`<span>… ${count(keeps.leftOut)} more …</span>` : ''}
                  <button @click=${() => this.#follow(step.address)}>
                    <span class="arrow">${address(step.address)}</span> ${step.text}
                  </button>
                </li>`,
              )}
            </ol>`
          : ''
      }
    `;
  }

  #details(frame: Frame): TemplateResult {
    const inspected = this.store.inspected.value;
    if (inspected === null) {
      return html`<p class="empty">
        Choose an object: click it, or move through the map with the arrow keys. Enter follows a pointer.
      </p>`;
    }
    const found = objectByAddress(frame, inspected);
    const object = this.store.object.value;
    const known = object && covers(object, inspected) ? object : null;
    if (!found && !known) {
      return html`<p class="empty">Nothing lies at ${address(inspected)} any more: it was moved or collected.</p>`;
    }
    const kind = kindOf(known ? known.kind : found ? objectKind(frame, found.index) : 0);
    const size = known ? known.words : found ? objectWords(frame, found.index) : 0;
    const generation =
      GENERATIONS[known ? known.generation : found ? objectGeneration(frame, found.index) : 0] ?? '';
    return html`
      <p class="what">
        <span class="swatch" style="background: var(${kind.color})"></span>
        <strong>${kind.name}</strong>
        <span>${address(inspected)}</span>
        <span>${count(size)} ${size === 1 ? 'word' : 'words'} (${bytes(size * 8)})</span>
        <span>${generation}</span>
      </p>
      ${known ? html`<pre class="preview">${known.text}</pre>` : ''}
      ${known?.keeps ? this.#keeps(known.keeps) : ''}
      ${
        known && known.content.length > 0
          ? html`<ol class="words" start="0">
              ${known.content.map(
                (word) => html`<li>
                  ${
                    word.target === null
                      ? html`<span>${word.text}</span>`
                      : html`<button @click=${() => this.#follow(word.target ?? 0)}>
                          <span class="arrow">→ ${address(word.target)}</span> ${word.text}
                        </button>`
                  }
                </li>`,
              )}
            </ol>`
          : ''
      }
    `;
  }

  #legend(frame: Frame): TemplateResult {
    const totals = new Map<number, number>();
    for (const block of frame.blocks) {
      for (let index = block.firstObject; index < block.firstObject + block.objectCount; index++) {
        const kind = objectKind(frame, index);
        totals.set(kind, (totals.get(kind) ?? 0) + objectWords(frame, index));
      }
    }
    const free = frame.blocks.reduce((sum, block) => sum + block.size - block.used - block.stack, 0);
    const entries = KINDS.map((kind, number) => ({ kind, words: totals.get(number) ?? 0 })).filter(
      ({ words }) => words > 0,
    );
    return html`<ul class="legend" tabindex="0" aria-label="Kinds of object, in words">
      ${entries.map(
        ({ kind, words }) => html`<li>
          <span class="swatch" style="background: var(${kind.color})"></span>${kind.name} <b>${count(words)}</b>
        </li>`,
      )}
      <li><span class="swatch free"></span>free <b>${count(free)}</b></li>
    </ul>`;
  }

  override render(): TemplateResult {
    const { selected } = this.store;
    const frame = this.#frame;
    const row = frame?.processes.find((each) => samePid(each.pid, frame.selected));
    const name = selected.value ? pidText(selected.value) : 'no process';
    return html`
      <div class="bar">
        <span class="title"><b>${name}</b> ${row?.name ?? ''}</span>
        ${frame?.selectedEnded ? html`<span class="badge">ended; as it last was</span>` : ''}
        ${frame?.objectsCut ? html`<span class="badge">too many objects to list them all</span>` : ''}
        <span class="spacer"></span>
        <span class="tools" role="group" aria-label="Size of a word">
          <button aria-label="Smaller" title="Smaller words (-)" @click=${() => this.#setZoom(-1)}>−</button>
          <button title="As large as fits" @click=${() => this.#setZoom(0)}>Fit</button>
          <button aria-label="Larger" title="Larger words (+)" @click=${() => this.#setZoom(1)}>+</button>
        </span>
      </div>
      <div
        class="map"
        tabindex="0"
        role="application"
        aria-label="Memory map of ${name}: arrow keys move between objects, Enter follows a pointer, plus and minus change the size"
        @scroll=${() => this.#draw()}
        @pointerdown=${this.#pick}
        @keydown=${this.#keys}
      >
        <canvas aria-hidden="true"></canvas>
        <div class="sizer"></div>
        ${frame ? '' : html`<p class="empty">The memory of the selected process is drawn here while a program runs.</p>`}
      </div>
      ${frame ? this.#legend(frame) : ''}
      <div class="details" role="region" aria-label="Chosen object" aria-live="polite" tabindex="0" ?hidden=${!frame}>
        ${frame ? this.#details(frame) : ''}
      </div>
    `;
  }
}

customElements.define('bx-memory', MemoryPane);
