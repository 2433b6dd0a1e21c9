/** What the package exports, by the types of its sources. */
import ts from 'typescript';
import { root } from './pages.ts';

/** The entry points of the package. */
export const ENTRIES = ['src/index.ts', 'src/data/index.ts'];

const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(
  ENTRIES.map((entry) => root + entry),
  { ...options, noEmit: true },
);
export const checker = program.getTypeChecker();

/** What an entry exports, by its public name. */
export function exportsOf(entry: string): ReadonlyMap<string, ts.Symbol> {
  const file = program.getSourceFile(root + entry) as ts.SourceFile;
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(file) as ts.Symbol);
  const resolved = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return new Map(names.map((symbol) => [symbol.name, resolved(symbol)]));
}
