/** The programs of the example picker: one `.mochi` file each, in the order in which they teach. */
import agents from './agents.mochi?raw';
import binaries from './bignums.mochi?raw';
import closures from './closures.mochi?raw';
import hello from './hello.mochi?raw';
import input from './input.mochi?raw';
import lists from './lists.mochi?raw';
import loop from './loop.mochi?raw';
import maps from './maps.mochi?raw';
import queens from './queens.mochi?raw';
import shapes from './shapes.mochi?raw';

export interface Example {
  readonly id: string;
  readonly title: string;
  readonly source: string;
}

export const EXAMPLES: readonly Example[] = [
  { id: 'agents', title: 'Agents: a bank', source: agents },
  { id: 'hello', title: 'Hello', source: hello },
  { id: 'lists', title: 'Lists and the heap', source: lists },
  { id: 'maps', title: 'Counting words in a map', source: maps },
  { id: 'shapes', title: 'Structs, variants, match', source: shapes },
  { id: 'closures', title: 'Closures', source: closures },
  { id: 'bignums', title: 'Big integers', source: binaries },
  { id: 'queens', title: 'Eight queens', source: queens },
  { id: 'input', title: 'Reading input', source: input },
  { id: 'loop', title: 'An endless loop', source: loop },
];
