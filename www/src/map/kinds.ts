/** The kinds of object that a memory map shows: number on the wire, name, sign drawn in large cells, colour (a CSS custom property). */

export interface Kind {
  readonly name: string;
  /** A second sign beside the colour, drawn in the object's first word when cells are large. */
  readonly sign: string;
  readonly color: string;
}

const kind = (name: string, sign: string, color: string): Kind => ({ name, sign, color });

const UNKNOWN = kind('unknown', '?', '--k-unknown');

export const KINDS: readonly Kind[] = [
  UNKNOWN,
  kind('tuple', 'T', '--k-tuple'),
  kind('list cell', 'L', '--k-cons'),
  kind('map', 'M', '--k-map'),
  kind('map node', 'N', '--k-node'),
  kind('binary', 'B', '--k-binary'),
  kind('off-heap binary', 'O', '--k-refc'),
  kind('sub-binary', 'S', '--k-sub'),
  kind('match context', 'C', '--k-match'),
  kind('fun', 'F', '--k-fun'),
  kind('big integer', 'I', '--k-big'),
  kind('float', 'D', '--k-float'),
  kind('reference', 'R', '--k-ref'),
  kind('external', 'E', '--k-external'),
  kind('literal', 'K', '--k-literal'),
  kind('VM record', 'V', '--k-record'),
  kind('return address', '↩', '--k-return'),
  kind('stack value', '·', '--k-value'),
  kind('stack pointer', '→', '--k-pointer'),
  kind('catch mark', '!', '--k-catch'),
  kind('dead words', '×', '--k-dead'),
];

export const kindOf = (number: number): Kind => KINDS[number] ?? UNKNOWN;

export const GENERATIONS = [
  'young',
  'young, survived a collection',
  'old',
  'literal, outside of the heap',
] as const;
