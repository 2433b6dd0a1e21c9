/** Every public export has a docstring, and so has every member of it, unless the member is private or internal. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries = ['src/index.ts', 'src/data/index.ts'].map((name) => `${root}${name}`);
const program = ts.createProgram([...entries, `${root}src/text-modules.d.ts`], {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  noEmit: true,
  types: ['@webgpu/types', 'node'],
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

/** The exports and members of exports that have no docstring, each as `Export.member (file:line)`. */
function findUndocumented(entry: string): string[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile);
  if (!module) throw new Error(`${entry} exports nothing`);
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const named: [string, ts.Symbol][] = [
      [exported.name, symbol],
      ...publicMembersOf(symbol).map((member): [string, ts.Symbol] => [`${exported.name}.${member.name}`, member]),
    ];
    return named.filter(([, each]) => !isDocumented(each)).map(([name, each]) => `${name} (${placeOf(each)})`);
  });
}

const isDocumented = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0;

/** File and line of the first declaration. */
function placeOf(symbol: ts.Symbol): string {
  const [declaration] = symbol.declarations ?? [];
  const source = declaration.getSourceFile();
  return `${source.fileName.replace(root, '')}:${source.getLineAndCharacterOfPosition(declaration.getStart()).line + 1}`;
}

/**
 * Members of an interface, a class or an object type that its own declarations contain. Inherited members are left out,
 * and so are private, protected and internal ones.
 */
function publicMembersOf(symbol: ts.Symbol): ts.Symbol[] {
  const isObject = (symbol.declarations ?? []).some(
    (each) =>
      ts.isInterfaceDeclaration(each) ||
      ts.isClassDeclaration(each) ||
      (ts.isTypeAliasDeclaration(each) && ts.isTypeLiteralNode(each.type)),
  );
  if (!isObject) return [];
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).filter((member) => {
    const [declaration] = member.declarations ?? [];
    if (!declaration || !isWithin(declaration, symbol)) return false;
    const isHidden = ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
    // The compiler's own names, such as that of a member with a symbol for its key, begin with two underscores.
    return !isHidden && !member.name.startsWith('__') && !isInternal(declaration);
  });
}

/** Whether a declaration of the symbol contains this one. */
const isWithin = (declaration: ts.Declaration, symbol: ts.Symbol): boolean =>
  (symbol.declarations ?? []).some(
    (each) =>
      declaration.pos >= each.pos &&
      declaration.end <= each.end &&
      declaration.getSourceFile() === each.getSourceFile(),
  );

/** The build strips declarations with this tag from the published types. */
const isInternal = (declaration: ts.Declaration): boolean =>
  ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal');

describe('docstrings', () => {
  test.each(entries.map((entry) => [entry.replace(root, ''), entry] as const))(
    'exist for every export of %s and its members',
    (_, entry) => {
      expect(findUndocumented(entry)).toEqual([]);
    },
  );
});
