/** Checks commands of snippets without running them: what they name exists. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '../../../src/cli/commands.ts';
import { read, root } from './pages.ts';
import type { Snippet } from './snippets.ts';

/** Commands that belong to npm, or to every computer. */
const KNOWN = /^(npm (ci|install|test)\b|npx vite\b|echo |cd |python3 )/;

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

/** The commands of a snippet, one after another: without comments, with continued lines joined, pipes taken apart. */
export function commandsOf(code: string): string[] {
  return code
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/([|]|&&)\n/g, '$1 ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => splitOutsideQuotes(line))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

const splitOutsideQuotes = (line: string): string[] =>
  line.replaceAll(/'[^']*'|&&|[|;]/g, (part) => (part.startsWith("'") ? part : '\0')).split('\0');

async function faultOf(command: string): Promise<string | undefined> {
  if (KNOWN.test(command)) return undefined;
  const [program, ...words] = command.match(/'[^']*'|\S+/g) as string[];
  if (program === 'npm' && words[0] === 'start') return undefined;
  if (program === 'npm' && words[0] === 'run') {
    if (!scripts.includes(words[1])) return `there is no script ${words[1]}`;
    const [name] = words.slice(words.indexOf('--') + 1);
    if (words[1] !== 'example' || !words.includes('--')) return undefined;
    return existsSync(join(root, 'examples', name, 'main.ts')) ? undefined : `there is no example ${name}`;
  }
  if (program === 'node') return existsSync(join(root, words[0])) ? undefined : `there is no file ${words[0]}`;
  if (program === 'npx' && words[0] === 'equilibra') return faultOfCommandLine(words.slice(1));
  return 'it is no command that is known here';
}

/** A command shows its help only where its name and its options are right. */
async function faultOfCommandLine(words: readonly string[]): Promise<string | undefined> {
  const errors: string[] = [];
  const io = { out: () => {}, error: (text: string) => errors.push(text), environment: {} };
  const code = await main([...words.map((word) => word.replaceAll("'", '')), '--help'], io as never);
  return code === 0 ? undefined : errors.join('').trim();
}

/** What is wrong with the commands of a snippet, as "docs/lasso.md:34: npm run x: message". */
export async function findCommandErrors({ page, line, code }: Snippet): Promise<string[]> {
  const commands = commandsOf(code);
  const faults = await Promise.all(commands.map(faultOf));
  return commands.flatMap((command, index) =>
    faults[index] === undefined ? [] : [`${page}:${line}: ${command}: ${faults[index]}`],
  );
}
