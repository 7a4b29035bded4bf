/** `bx-editor`: the source, with Mochi colours and the compiler's findings as squiggles, marks in the gutter and a list underneath. */
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language';
import { type Diagnostic as Finding, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Prec } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { html, type TemplateResult } from 'lit';
import { View } from './element';
import { mochi } from './mochi-language';
import type { Diagnostic } from './protocol';

const CHECK_AFTER = 250;

/** The place of a finding within a document of `length`: at least one character wide where there is one. */
export function placed(diagnostic: Diagnostic, length: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(diagnostic.from, length));
  const to = Math.max(from, Math.min(diagnostic.to, length));
  if (to > from) return { from, to };
  return from < length ? { from, to: from + 1 } : { from: Math.max(0, from - 1), to: from };
}

function message(diagnostic: Diagnostic): Node {
  const box = document.createElement('div');
  box.className = 'finding';
  const head = document.createElement('div');
  const code = document.createElement('code');
  code.textContent = diagnostic.code;
  head.append(code, ` ${diagnostic.message}`);
  box.append(head);
  if (diagnostic.help !== '') {
    const help = document.createElement('div');
    help.className = 'help';
    help.textContent = diagnostic.help;
    box.append(help);
  }
  return box;
}

export class EditorPane extends View {
  #view: EditorView | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #shown: readonly Diagnostic[] | null = null;

  protected watch(): void {
    this.store.diagnostics.value;
    this.store.source.value;
  }

  protected override firstUpdated(): void {
    const host = this.querySelector('.code');
    if (!host) return;
    const store = this.store;
    this.#view = new EditorView({
      parent: host,
      state: EditorState.create({
        doc: store.source.value,
        extensions: [
          lineNumbers(),
          lintGutter(),
          highlightActiveLineGutter(),
          highlightSpecialChars(),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of('  '),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightSelectionMatches(),
          mochi(),
          EditorView.contentAttributes.of({
            'aria-label': 'Mochi source',
            spellcheck: 'false',
            tabindex: '0',
          }),
          // Tab leaves the editor after Escape, as CodeMirror does by default; the hint under the editor says so.
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: () => {
                  store.run();
                  return true;
                },
              },
            ]),
          ),
          keymap.of([
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...lintKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            const source = update.state.doc.toString();
            if (source !== store.source.value) store.edit(source);
            if (this.#timer !== null) clearTimeout(this.#timer);
            this.#timer = setTimeout(() => store.check(), CHECK_AFTER);
          }),
        ],
      }),
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#view?.destroy();
  }

  protected override updated(): void {
    const view = this.#view;
    if (!view) return;
    const source = this.store.source.value;
    if (source !== view.state.doc.toString()) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: source } });
    }
    const { items } = this.store.diagnostics.value;
    if (items === this.#shown) return;
    this.#shown = items;
    const length = view.state.doc.length;
    const findings = items.map(
      (item): Finding => ({
        ...placed(item, length),
        severity: item.severity,
        message: `${item.code} ${item.message}`,
        renderMessage: () => message(item),
      }),
    );
    view.dispatch(setDiagnostics(view.state, findings));
  }

  /** Puts the cursor on a finding. */
  #show(item: Diagnostic): void {
    const view = this.#view;
    if (!view) return;
    const { from } = placed(item, view.state.doc.length);
    view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
    view.focus();
  }

  override render(): TemplateResult {
    const { items } = this.store.diagnostics.value;
    const errors = items.filter((item) => item.severity === 'error').length;
    const others = items.length - errors;
    const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
    const summary = [errors > 0 ? plural(errors, 'error') : '', others > 0 ? plural(others, 'warning') : '']
      .filter((part) => part !== '')
      .join(', ');
    return html`
      <div class="code"></div>
      <div class="findings" role="region" aria-label="Compiler findings" ?hidden=${items.length === 0}>
        <p class="summary" role="status">${summary}</p>
        <ul>
          ${items.slice(0, 50).map(
            (item) => html`<li>
              <button class="find ${item.severity}" @click=${() => this.#show(item)}>
                <span class="place">${item.line}:${item.column}</span>
                <code>${item.code}</code>
                <span>${item.message}${item.help === '' ? '' : html`<small>${item.help}</small>`}</span>
              </button>
            </li>`,
          )}
        </ul>
      </div>
    `;
  }
}

customElements.define('bx-editor', EditorPane);
