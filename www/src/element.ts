/** Base of the page's elements: drawn into the document itself (one style sheet, one scope for labels), redrawn when a signal it read changes. */
import { effect } from '@preact/signals-core';
import { LitElement } from 'lit';
import type { Store } from './store';

export abstract class View extends LitElement {
  /** Set by the parent before the element is connected. */
  store!: Store;
  #dispose: (() => void) | null = null;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Read here every signal that `render` uses. */
  protected abstract watch(): void;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#dispose = effect(() => {
      this.watch();
      this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#dispose?.();
    this.#dispose = null;
  }
}
