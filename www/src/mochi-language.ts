/** Mochi for CodeMirror: a stream tokenizer after section 1 of the language reference, with indentation by brackets. */
import {
  HighlightStyle,
  type IndentContext,
  LanguageSupport,
  StreamLanguage,
  type StreamParser,
  type StringStream,
  syntaxHighlighting,
} from '@codemirror/language';
import { tags } from '@lezer/highlight';

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const CONTROL = set('return break continue if else then for while in match import export package');
const DECLARE = set(
  'test expect agent intent on stream emit type fun extern let var generate fetch load save fact rule bench model',
);
const QUERY = set(
  'as update set from where select distinct join left right outer group by into having sort order skip take with to union except intersect query',
);
const ATOMS = set('true false none null nil');
const TYPES = set('int int64 float bigint bigrat string bool unit any list map');
const BUILTINS = set(
  'print json to_json len str int float append push concat first reverse distinct range keys values count exists sum avg min max round abs ceil floor pow upper lower trim split join contains indexOf repeat substring substr slice padStart parseIntStr sha256 num denom now input reduce panic',
);

interface State {
  /** Inside a `/*` comment or a string that spans lines. */
  inside: 'none' | 'comment' | 'string';
  /** Columns to indent for each open bracket. */
  depth: number;
  /** The last word was `fun`, `type`, `agent`, ...: a definition's name follows. */
  defines: boolean;
}

function string(stream: StringStream, state: State): string {
  while (!stream.eol()) {
    const next = stream.next();
    if (next === '\\') stream.next();
    else if (next === '"') {
      state.inside = 'none';
      return 'string';
    }
  }
  state.inside = 'string';
  return 'string';
}

function comment(stream: StringStream, state: State): string {
  state.inside = 'comment';
  if (stream.skipTo('*/')) {
    stream.match('*/');
    state.inside = 'none';
  } else stream.skipToEnd();
  return 'comment';
}

function word(stream: StringStream, state: State, text: string): string {
  const defines = state.defines;
  state.defines = false;
  if (ATOMS.has(text)) return 'atom';
  if (CONTROL.has(text)) return 'keyword';
  if (DECLARE.has(text)) {
    state.defines = ['fun', 'type', 'agent', 'stream', 'intent', 'model'].includes(text);
    return 'definitionKeyword';
  }
  if (defines) return 'definition';
  const called = stream.match(/^\s*\(/, false) !== null;
  if (called && BUILTINS.has(text)) return 'builtin';
  if (called) return 'call';
  if (TYPES.has(text)) return 'typeName';
  // `from`, `where`, ... are ordinary names elsewhere: a keyword only when an operand follows.
  if (QUERY.has(text) && stream.match(/^\s+[\w"([{]/, false) !== null) return 'keyword';
  if (/^\p{Lu}/u.test(text)) return 'typeName';
  if (stream.match(/^\s*:(?!-)/, false) !== null) return 'propertyName';
  return 'variableName';
}

const parser: StreamParser<State> = {
  name: 'mochi',
  startState: () => ({ inside: 'none', depth: 0, defines: false }),
  copyState: (state) => ({ ...state }),
  token(stream, state) {
    if (state.inside === 'string') return string(stream, state);
    if (state.inside === 'comment') return comment(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match('//') || stream.match('#')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match('/*')) return comment(stream, state);
    if (stream.match('"')) return string(stream, state);
    if (stream.match(/^0[xX][\da-fA-F]+|^0[bB][01]+|^0[oO][0-7]+|^\d+(\.\d+)?([eE][+-]?\d+)?/))
      return 'number';
    const name = stream.match(/^[\p{L}\p{So}_][\p{L}\p{So}\p{N}_]*/u);
    if (name && name !== true) return word(stream, state, name[0]);
    if (stream.match(/^[({[]/)) {
      state.depth += 1;
      return 'bracket';
    }
    if (stream.match(/^[)}\]]/)) {
      state.depth = Math.max(0, state.depth - 1);
      return 'bracket';
    }
    if (stream.match(/^(==|!=|<=|>=|&&|\|\||=>|:-|\.\.|\?\?|[-+*/%=<>!|?])/)) return 'operator';
    stream.next();
    return 'punctuation';
  },
  indent(state: State, textAfter: string, context: IndentContext): number | null {
    if (state.inside !== 'none') return null;
    const closes = /^\s*[)}\]]/.test(textAfter) ? 1 : 0;
    return Math.max(0, state.depth - closes) * context.unit;
  },
  languageData: {
    commentTokens: { line: '//', block: { open: '/*', close: '*/' } },
    closeBrackets: { brackets: ['(', '[', '{', '"'] },
    indentOnInput: /^\s*[)}\]]$/,
  },
  tokenTable: {
    definitionKeyword: tags.definitionKeyword,
    definition: tags.definition(tags.variableName),
    builtin: tags.standard(tags.variableName),
    call: tags.function(tags.variableName),
  },
};

export const mochiLanguage = StreamLanguage.define(parser);

const style = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--syn-comment)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--syn-string)' },
  { tag: [tags.number, tags.atom], color: 'var(--syn-number)' },
  { tag: tags.keyword, color: 'var(--syn-keyword)' },
  { tag: tags.definitionKeyword, color: 'var(--syn-keyword)', fontWeight: '600' },
  { tag: tags.typeName, color: 'var(--syn-type)' },
  { tag: tags.definition(tags.variableName), color: 'var(--syn-name)', fontWeight: '600' },
  { tag: tags.standard(tags.variableName), color: 'var(--syn-builtin)' },
  { tag: tags.function(tags.variableName), color: 'var(--syn-name)' },
  { tag: tags.propertyName, color: 'var(--syn-property)' },
  { tag: tags.operator, color: 'var(--syn-operator)' },
]);

export function mochi(): LanguageSupport {
  return new LanguageSupport(mochiLanguage, [syntaxHighlighting(style)]);
}
