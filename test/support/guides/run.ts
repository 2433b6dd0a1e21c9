/** Runs snippets in a folder of a project that has installed the package: in Node, in a shell, or in a browser. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { build, transform } from 'esbuild';
import { openPage } from '../../browser/harness.ts';
import { chainOf, type Snippet } from './snippets.ts';

/** How long a snippet may take, in milliseconds. */
export const LONGEST = 300_000;

/** What is printed between the snippets of a chain. */
const DIVIDER = '\u2500'.repeat(20);

/** The code of a chain, which prints a divider before each snippet but the first. */
function codeOf(chain: readonly Snippet[]): string {
  return chain.map(({ code }) => code).join(`\nconsole.log('${DIVIDER}');\n`);
}

/**
 * Runs a chain of snippets.
 * @param folder where its files go; its parent has the package installed
 * @param files the files that the page puts beside its snippets
 * @returns what each snippet of the chain has printed
 * @throws Error with everything that was printed where a snippet fails
 */
export async function runChain(folder: string, end: Snippet, files: readonly Snippet[]): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of files) writeFileSync(join(folder, file as string), code);
  const chain = chainOf(end);
  const run = end.browser ? runInBrowser : end.language === 'sh' ? runShell : runModule;
  const output = await run(folder, chain);
  return output.split(`${DIVIDER}\n`);
}

async function runModule(folder: string, chain: readonly Snippet[]): Promise<string> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const { code } = await transform(readFileSync(join(folder, file), 'utf8'), { loader: 'ts' });
    writeFileSync(join(folder, file.replace(/ts$/, 'js')), code);
  }
  const { code } = await transform(codeOf(chain), { loader: 'ts', target: 'es2022' });
  writeFileSync(join(folder, 'main.mjs'), code);
  return outputOf(process.execPath, ['main.mjs'], folder);
}

const runShell = (folder: string, chain: readonly Snippet[]): Promise<string> =>
  outputOf('bash', ['-e', '-o', 'pipefail', '-c', chain.map(({ code }) => code).join('')], folder);

function outputOf(program: string, parameters: readonly string[], cwd: string): Promise<string> {
  const PATH = [join(cwd, '..', 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const child = spawn(program, parameters, { cwd, env: { ...process.env, PATH, FORCE_COLOR: '0' }, timeout: LONGEST });
  const [output, errors]: Buffer[][] = [[], []];
  child.stdout.on('data', (part) => output.push(part));
  child.stderr.on('data', (part) => errors.push(part));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const text = Buffer.concat(output).toString();
      if (code === 0) resolve(text);
      else reject(new Error(`it ended with code ${code}\n${text}${Buffer.concat(errors)}`));
    });
  });
}

/** Opens a page that is the snippet, or that loads it, and waits until it has printed everything. */
async function runInBrowser(folder: string, chain: readonly Snippet[]): Promise<string> {
  const end = chain[chain.length - 1];
  const page =
    end.language === 'html'
      ? end.code
      : `<!doctype html><meta charset="utf-8"><script type="module" src="main.js"></script>`;
  if (end.language !== 'html') await bundle(folder, codeOf(chain));
  writeFileSync(join(folder, 'index.html'), EMPTY);
  writeFileSync(join(folder, 'snippet.html'), page.replace('<meta', '<link rel="icon" href="data:,"><meta'));
  symlinkSync(join(folder, '..', 'node_modules'), join(folder, 'node_modules'), 'junction');
  const opened = await openPage({ site: folder, isolated: end.browser === 'isolated page' });
  try {
    const printed: string[] = [];
    opened.page.on('console', (message) => printed.push(message.text()));
    await opened.page.goto(`${opened.url}/snippet.html`);
    const expected = end.prints?.trimEnd().split('\n').length ?? 1;
    const isDone = (): boolean => (end.language === 'html' ? printed.length >= expected : printed.at(-1) === END);
    for (const from = performance.now(); !isDone(); await new Promise((resolve) => setTimeout(resolve, 100))) {
      const all = [...printed, ...opened.errors].join('\n');
      if (opened.errors.length > 0) throw new Error(all);
      if (performance.now() - from > LONGEST) throw new Error(`it did not end\n${all}`);
    }
    return `${printed.filter((line) => line !== END).join('\n')}\n`;
  } finally {
    await opened.close();
  }
}

const EMPTY = '<!doctype html><title>before</title><link rel="icon" href="data:,">';

/** Printed when a module has ended. */
const END = '\u2500 end';

/** Bundles the code, and the files that it starts as workers, as a bundler does for a site. */
async function bundle(folder: string, code: string): Promise<void> {
  writeFileSync(join(folder, 'main.ts'), `${code}\nconsole.log('${END}');\n`);
  await build({
    entryPoints: readdirSync(folder).flatMap((name) => (name.endsWith('.ts') ? [join(folder, name)] : [])),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: folder,
    logLevel: 'silent',
  });
}
