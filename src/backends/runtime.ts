/** What differs between Node and a page, and how a module is imported that only one of them has. */

/** Whether this is Node, or an engine that offers the built-in modules of Node, such as Deno. */
export function isNode(): boolean {
  return typeof process !== 'undefined' && typeof process.versions?.node === 'string';
}

/**
 * Imports a module that bundlers must leave alone, because pages do not have it and do not need it: a built-in of Node
 * or an optional package. Bundlers do not follow a name in a variable, and the comments silence their warnings.
 */
export function importUnbundled(name: string): Promise<unknown> {
  return import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name);
}
