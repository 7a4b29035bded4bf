import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../src/examples/index';
import { mochiLanguage } from '../../src/mochi-language';

const highlighter = tagHighlighter([
  { tag: tags.comment, class: 'comment' },
  { tag: tags.string, class: 'string' },
  { tag: tags.number, class: 'number' },
  { tag: tags.keyword, class: 'keyword' },
  { tag: tags.typeName, class: 'type' },
]);

function marks(source: string): string[] {
  const found: string[] = [];
  highlightTree(mochiLanguage.parser.parse(source), highlighter, (from, to, name) => {
    found.push(`${name}:${source.slice(from, to)}`);
  });
  return found;
}

describe('Mochi colours', () => {
  it('knows comments of all three forms', () => {
    expect(marks('// a\n# b\n/* c\nd */ 1')).toEqual([
      'comment:// a',
      'comment:# b',
      'comment:/* c',
      'comment:d */',
      'number:1',
    ]);
  });

  it('follows strings over lines and escapes', () => {
    expect(marks('"a\\"b" "x\ny" 2')).toEqual(['string:"a\\"b"', 'string:"x', 'string:y"', 'number:2']);
  });

  it('tells keywords from fields named like them', () => {
    expect(marks('from x in xs where x select x')).toContain('keyword:from');
    expect(marks('row.from')).toEqual([]);
  });

  it('gets through every example and through garbage', () => {
    for (const { source } of EXAMPLES) expect(marks(source).length).toBeGreaterThan(3);
    expect(() => marks('\u0000"\\\n}}}))/*🍣π"')).not.toThrow();
  });
});
