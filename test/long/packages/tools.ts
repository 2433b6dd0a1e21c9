/** The tools with which the published package is tried: their versions, how they are installed, and how they run. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** TypeScript 5.9 and the types of WebGPU and Node are the project's own. */
const VERSIONS: Readonly<Record<string, string>> = {
  '@arethetypeswrong/cli': '0.18.5',
  '@rollup/plugin-node-resolve': '16.0.3',
  deno: '2.9.6',
  esbuild: '0.28.2',
  publint: '0.3.25',
  rollup: '4.68.8',
  typescript: '7.0.2',
  vite: '8.4.0',
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
};

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const hash = createHash('sha256').update(JSON.stringify(VERSIONS)).digest('hex').slice(0, 12);
/** The folder outlives a run, so that the next one finds the tools. */
export const tools = join(tmpdir(), `equilibra-tools-${hash}`);

export async function installTools(): Promise<void> {
  const isComplete = join(tools, 'complete');
  if (existsSync(isComplete)) return;
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, 'package.json'), JSON.stringify({ private: true, dependencies: VERSIONS }));
  await runOrThrow('npm', ['install', '--no-audit', '--no-fund'], tools);
  writeFileSync(isComplete, '');
}

/** A program that has ended. */
export interface Ended {
  readonly code: number | null;
  /** What the program wrote, on both streams. */
  readonly output: string;
}

/** Runs a program of the tools, or any other that is installed. */
export function run(name: string, parameters: readonly string[], folder: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, parameters, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        NO_COLOR: '1',
        PATH: `${join(tools, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    child.on('error', reject).on('close', (code) => resolve({ code, output }));
  });
}

/** @returns what the program wrote */
export async function runOrThrow(name: string, parameters: readonly string[], folder: string): Promise<string> {
  const { code, output } = await run(name, parameters, folder);
  if (code !== 0) throw new Error(`${name} ${parameters.join(' ')} ended with ${code}: ${output}`);
  return output;
}
