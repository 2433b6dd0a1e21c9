/** Checks the types of snippets in one TypeScript program, as a project does that has installed the package. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { chainOf, nameOf, type Snippet } from './snippets.ts';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  types: ['node'],
  skipLibCheck: false,
  allowJs: true,
  resolveJsonModule: true,
};

/** What has types, or at least a syntax. */
const isCode = ({ language }: Snippet): boolean => language === 'ts' || language === 'js';

/** The code of a snippet after that of the snippets that it continues, and where each of its lines stands. */
function codeOf(snippet: Snippet): { readonly code: string; readonly lines: readonly string[] } {
  const chain = chainOf(snippet);
  const linesOf = ({ page, line, code }: Snippet): string[] =>
    code.split('\n').flatMap((_, index, all) => (index < all.length - 1 ? [`${page}:${line + 1 + index}`] : []));
  return { code: chain.map(({ code }) => code).join(''), lines: chain.flatMap(linesOf) };
}

/** What TypeScript says of the snippets, as "docs/lasso.md:34: message". The folder has the package installed. */
export function findTypeErrors(folder: string, snippets: readonly Snippet[]): string[] {
  const places = new Map<string, readonly string[]>();
  for (const snippet of snippets.filter(isCode)) {
    const inner = join(folder, snippet.page.replaceAll('/', '-'));
    mkdirSync(inner, { recursive: true });
    const path = join(inner, snippet.file ?? `${nameOf(snippet)}.${snippet.language}`);
    const { code, lines } = codeOf(snippet);
    writeFileSync(path, code);
    places.set(path.replaceAll('\\', '/'), lines);
  }
  const program = ts.createProgram([...places.keys()], OPTIONS);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (file === undefined || start === undefined) return message;
    const line = file.getLineAndCharacterOfPosition(start).line;
    return `${places.get(file.fileName)?.[line] ?? `${file.fileName}:${line + 1}`}: ${message}`;
  });
}
