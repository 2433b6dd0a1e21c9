/** Every public name says what it is: it has a docstring, and the guides mention every public function. */
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { pages, read } from '../../support/guides/pages.ts';
import { checker, ENTRIES, exportsOf } from '../../support/guides/public-names.ts';

describe.each(ENTRIES)('%s', (entry) => {
  const exported = exportsOf(entry);

  test('every name has a docstring', () => {
    expect(exported.size).toBeGreaterThan(20);
    const bare = [...exported].filter(([, symbol]) => symbol.getDocumentationComment(checker).length === 0);
    expect(bare.map(([name]) => name)).toEqual([]);
  });

  test('every function is mentioned in the README or in a guide', () => {
    const text = pages.map(read).join('\n');
    const functions = [...exported].filter(([, { flags }]) => flags & ts.SymbolFlags.Function).map(([name]) => name);
    expect(functions.length).toBeGreaterThan(10);
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});
