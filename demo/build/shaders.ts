/** Removes comments, space and long names from WGSL, which are for readers of the source only. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * @param folder the folder of all shaders. Shaders are combined when needed, so a name is shortened alike in all of
 *   them.
 */
export function compactShaders(folder: string): Plugin {
  return {
    name: 'compact-shaders',
    setup(build) {
      const names = readdirSync(folder, { recursive: true }).map(String);
      const sources = names
        .filter((name) => name.endsWith('.wgsl'))
        .map((name) => readFileSync(join(folder, name), 'utf8'));
      const shortened = chooseShortNames(sources.map(compactSource));
      build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({
        contents: applyNames(compactSource(await readFile(path, 'utf8')), shortened),
        loader: 'text',
      }));
    },
  };
}

/** Space around an operator between two names, numbers or brackets. Without it no two tokens can merge. */
const BETWEEN_OPERANDS = /(?<=[\w)\]]) ([-+*/%<>&|^]=?|[<>=!]=|&&|\|\||=|<<|>>|->) (?=[\w(])/g;

/** @param source WGSL without block comments */
export function compactSource(source: string): string {
  return source
    .split('\n')
    .map((line) => line.replace(/\/\/.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n')
    .replace(/\s*([{}()[\];,:])\s*/g, '$1')
    .replace(BETWEEN_OPERANDS, '$1');
}

/** A name, except that of an attribute such as @group. */
const NAME = /(?<![@\w.])[A-Za-z_]\w*|(?<=\.)[A-Za-z_]\w*/g;
const DECLARATION = /\b(?:let|const|fn|struct|var(?:<[^>]*>)?) (\w+)/g;
const FUNCTION_OR_TYPE = /\b(?:fn|struct) (\w+)/g;
/** Only names with a small first letter: in a list of cases, other names are constants that are set from outside. */
const PARAMETER_OR_MEMBER = /(?<=[({,]|\))([a-z]\w*):/g;
const CALLED = /(?<!@)\b(\w+)\(/g;
/** Constants that are set from outside by name. */
const OVERRIDE = /\boverride (\w+)/g;
/** Names that must not change: the entry point, the keyword `default`, and the components of vectors. */
const UNCHANGED = /^(main|default|[xyzwrgba]{1,4})$/;
const FIRST = 'cdefhijklmnopqstuvABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Chooses short names for all declarations in these sources, the shortest for the most frequent.
 * @param sources results of `compactSource`
 */
export function chooseShortNames(sources: readonly string[]): Map<string, string> {
  const all = sources.join('\n');
  const findNames = (pattern: RegExp): string[] => [...all.matchAll(pattern)].map(([whole, name = whole]) => name);
  const ownFunctions = new Set(findNames(FUNCTION_OR_TYPE));
  // A variable may have the name of a built-in function, such as length.
  const fixedNames = new Set([...findNames(OVERRIDE), ...findNames(CALLED).filter((name) => !ownFunctions.has(name))]);
  const counts = new Map<string, number>();
  for (const name of [...findNames(DECLARATION), ...findNames(PARAMETER_OR_MEMBER)]) {
    if (!fixedNames.has(name) && !UNCHANGED.test(name)) counts.set(name, 0);
  }
  const words = findNames(NAME);
  for (const word of words) {
    const count = counts.get(word);
    if (count !== undefined) counts.set(word, count + 1);
  }
  const taken = new Set([...words, 'f16', 'f32', 'i32', 'u32']);
  const free = generateUnusedNames(taken);
  const byCount = [...counts].sort(([, x], [, y]) => y - x).map(([name]) => name);
  return new Map(byCount.map((name) => [name, free.next().value as string]));
}

/** Generates c, d, … Z, c0, d0, … without the names that are taken. */
function* generateUnusedNames(taken: ReadonlySet<string>): Generator<string> {
  for (let round = -1; ; round++) {
    for (const letter of FIRST) {
      const name = round < 0 ? letter : `${letter}${round}`;
      if (!taken.has(name)) yield name;
    }
  }
}

export function applyNames(source: string, names: ReadonlyMap<string, string>): string {
  return source.replace(NAME, (name) => names.get(name) ?? name);
}
