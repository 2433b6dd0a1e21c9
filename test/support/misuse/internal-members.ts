/** The members of a class that are private, or marked `@internal`: only TypeScript guards them. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** @param path of the source file, relative to the root of the package */
export function internalMembers(path: string, className: string): ReadonlySet<string> {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const declaration = source.statements.find((each) => ts.isClassDeclaration(each) && each.name?.text === className);
  if (!declaration || !ts.isClassDeclaration(declaration)) throw new Error(`${path} declares no class ${className}`);
  const members = declaration.members.filter((member) => {
    const isPrivate = (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
    return isPrivate || ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal');
  });
  return new Set(members.flatMap(({ name }) => (name ? [name.getText(source)] : [])));
}
