/** `bx-output`: what the program wrote, and a line for its standard input. */
import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { View } from './element';
import { count } from './format';

export class OutputPane extends View {
  /** The view follows the end unless the reader has scrolled away from it. */
  #follow = true;

  protected watch(): void {
    this.store.output.value;
    this.store.state.value;
  }

  protected override updated(): void {
    const log = this.querySelector('.log');
    if (log && this.#follow) log.scrollTop = log.scrollHeight;
    const field = this.querySelector('input');
    // The program asks: bring the field to the reader, unless they are in the middle of typing elsewhere.
    if (this.store.state.value === 'input' && field && document.activeElement === document.body)
      field.focus();
  }

  #scrolled(event: Event): void {
    const log = event.currentTarget as HTMLElement;
    this.#follow = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  }

  #send(event: Event): void {
    event.preventDefault();
    const field = this.querySelector('input');
    if (!field) return;
    this.store.stdin(`${field.value}\n`);
    field.value = '';
  }

  override render(): TemplateResult {
    const { segments, dropped } = this.store.output.value;
    const state = this.store.state.value;
    const asks = state === 'input';
    return html`
      <div class="log" role="log" aria-live="polite" aria-label="Program output" tabindex="0" @scroll=${this.#scrolled}>
        ${
          segments.length === 0
            ? html`<p class="empty">${state === 'loading' ? 'Loading the VM…' : 'Run the program to see what it prints.'}</p>`
            : html`${dropped > 0 ? html`<p class="empty">${count(dropped)} earlier characters left out</p>` : ''}<pre>${repeat(
                segments,
                (segment) => segment.id,
                (segment) =>
                  html`<span class="${segment.kind} ${segment.whole ? 'whole' : ''}">${segment.text}</span>`,
              )}</pre>`
        }
      </div>
      <form class="stdin ${asks ? 'asked' : ''}" @submit=${this.#send} ?hidden=${!this.store.active}>
        <label for="stdin">${asks ? 'The program waits for a line' : 'Input'}</label>
        <input id="stdin" autocomplete="off" spellcheck="false" />
        <button type="submit">Send</button>
        <button type="button" title="Tells the program that there is no more input" @click=${() => this.store.stdin(null)}>
          End
        </button>
      </form>
    `;
  }
}

customElements.define('bx-output', OutputPane);
