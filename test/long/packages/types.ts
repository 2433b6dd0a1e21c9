/** Checks the types of the package, and of programs that use it, with every declaration checked. */
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Projects } from './pack.ts';
import { root, run, tools } from './tools.ts';

export interface Environment {
  readonly name: string;
  readonly lib: readonly string[];
  readonly types: readonly string[];
  /** The versions of TypeScript in whose own library the types of WebGPU are. */
  readonly knowsWebGPU: readonly TypeScript[];
  /** The versions of TypeScript whose library and these types contradict one another, whatever a program imports. */
  readonly contradictory?: readonly TypeScript[];
}

export type TypeScript = '5.9' | '7';

export const environments: readonly Environment[] = [
  { name: 'the language alone', lib: ['ES2022'], types: [], knowsWebGPU: [] },
  { name: 'Node', lib: ['ES2022'], types: ['node'], knowsWebGPU: [] },
  { name: 'the web', lib: ['ES2022', 'DOM'], types: [], knowsWebGPU: ['7'] },
  {
    name: 'the web and @webgpu/types',
    lib: ['ES2022', 'DOM'],
    types: ['@webgpu/types'],
    knowsWebGPU: ['5.9', '7'],
    contradictory: ['7'],
  },
  {
    name: 'all of them',
    lib: ['ESNext', 'DOM', 'DOM.Iterable'],
    types: ['node', '@webgpu/types'],
    knowsWebGPU: ['5.9', '7'],
    contradictory: ['7'],
  },
];

/** A program of modules finds the same with node16 as with nodenext; attw tries that too. */
export const resolutions = ['bundler', 'nodenext'] as const;
type Resolution = (typeof resolutions)[number];

/** The packages of types that a program may have installed. */
const PACKAGES = ['@types/node', 'undici-types', '@webgpu/types'];

/** @returns the errors, without those that the environment has by itself */
export async function checkTypes(
  projects: Projects,
  version: TypeScript,
  resolution: Resolution,
  environment: Environment,
): Promise<string> {
  const folder = join(projects.folder, 'types');
  if (!existsSync(folder)) {
    projects.create('types');
    for (const name of PACKAGES)
      cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  const { lib, types, knowsWebGPU, contradictory } = environment;
  const files = ['src/use.ts'];
  if (knowsWebGPU.includes(version)) files.push('src/use-gpu.ts');
  if (resolution === 'nodenext' && types.includes('node')) files.push('src/required.cts');
  const compilerOptions = {
    ...{ target: 'ES2022', module: resolution === 'bundler' ? 'ESNext' : resolution, moduleResolution: resolution },
    ...{ lib, types, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
  };
  const settings = join(folder, `${version}-${resolution}-${environments.indexOf(environment)}.json`);
  writeFileSync(settings, JSON.stringify({ compilerOptions, files }));
  const compiler = version === '7' ? join(tools, 'node_modules') : join(root, 'node_modules');
  const { code, output } = await run('node', [join(compiler, 'typescript/bin/tsc'), '-p', settings], folder);
  if (!contradictory?.includes(version)) return code === 0 ? output : `ended with ${code}: ${output}`;
  if (code === 0) return 'the environment is not contradictory any more';
  const theirs = /^(\S*\/lib\.dom\.d\.ts|node_modules\/@webgpu\/)/;
  return output
    .split('\n')
    .filter((line) => /\berror TS/.test(line) && !theirs.test(line))
    .join('\n');
}
