/** Chooses among the Pythons of this computer the one with the newest release of a package. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

type PythonPackage = 'torch' | 'sklearn' | 'cvxopt';

/** The output of bench/python/about.py. */
export interface Interpreter {
  /** The command that starts it. */
  readonly program: string;
  /** Versions of Python and of the package. */
  readonly python: string;
  readonly version: string;
  /** Threads that the package uses once it may use all cores. */
  readonly threads: number;
  /** The linear algebra library that the package was built with. */
  readonly blas: string;
  readonly threading: string;
  /** For PyTorch: whether it finds a GPU. */
  readonly cuda?: boolean;
  /** The linear algebra libraries that are loaded, by file. */
  readonly libraries: readonly string[];
}

const SCRIPT = 'bench/python/about.py';
const NAMES: Readonly<Record<PythonPackage, string>> = {
  torch: 'PyTorch',
  sklearn: 'scikit-learn',
  cvxopt: 'cvxopt',
};
const TIME_LIMIT = 120_000;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Programs that may be a Python with packages, each once: those on the path, in virtual environments, of conda, of
 * pyenv and of the system.
 */
export function listCandidates(variables: Variables, home = homedir()): string[] {
  const windows = process.platform === 'win32';
  const programIn = (folder: string): string =>
    windows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python3');
  const onPath = (variables.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, windows ? 'python.exe' : 'python3'));
  const environments = [variables.VIRTUAL_ENV, variables.CONDA_PREFIX, '.venv', 'venv'].filter(
    (folder) => folder !== undefined,
  );
  const pyenv = join(variables.PYENV_ROOT ?? join(home, '.pyenv'), 'versions');
  const versions = existsSync(pyenv) ? readdirSync(pyenv).map((version) => join(pyenv, version)) : [];
  const files = [...environments.map(programIn), ...onPath, ...versions.map(programIn), '/usr/bin/python3'];
  return [...new Set(files)].filter((file) => existsSync(file));
}

/**
 * The interpreter with the newest release of the package; among equals the first one.
 * @throws Error where no interpreter has the package
 */
export async function findNewestWith(
  name: PythonPackage,
  programs: readonly string[] = listCandidates(process.env),
  ask: (program: string, name: PythonPackage) => Promise<Interpreter | undefined> = describeInterpreter,
): Promise<Interpreter> {
  let newest: Interpreter | undefined;
  // Not in parallel, because each loads some hundred megabytes.
  for (const program of programs) {
    const found = await ask(program, name);
    if (found && (!newest || isNewer(found.version, newest.version))) newest = found;
  }
  if (newest) return newest;
  throw new Error(`none of ${programs.length} Pythons has ${NAMES[name]}`);
}

/** @throws Error where the program does not have the package */
export async function requireInterpreter(name: PythonPackage, program: string): Promise<Interpreter> {
  const found = await describeInterpreter(program, name);
  if (found) return found;
  throw new Error(`the Python given has no ${NAMES[name]}`);
}

/** Undefined where the program does not have the package, or is not a Python. */
function describeInterpreter(program: string, name: PythonPackage): Promise<Interpreter | undefined> {
  return new Promise((resolve) => {
    execFile(program, [SCRIPT, name], { timeout: TIME_LIMIT, killSignal: 'SIGKILL' }, (error, out) => {
      const [line] = out.split('\n').filter((text) => text.startsWith('{'));
      resolve(error || !line ? undefined : { program, ...(JSON.parse(line) as Omit<Interpreter, 'program'>) });
    });
  });
}

/** Compares releases by their numbers. Suffixes such as a0 or +cu130 do not count. */
export function isNewer(version: string, than: string): boolean {
  const [numbers, others] = [version, than].map((text) => (text.match(/^[\d.]+/)?.[0] ?? '0').split('.').map(Number));
  for (let place = 0; place < Math.max(numbers.length, others.length); place++) {
    const difference = (numbers[place] || 0) - (others[place] || 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** For example "Python 3.11.2, PyTorch 1.13.0a0, BLAS generic (libblas.so.3.11.0), 2 threads by OpenMP". */
export function titleOf(name: PythonPackage, interpreter: Interpreter): string {
  const { python, version, blas, libraries, threads, threading } = interpreter;
  const files = libraries.length > 0 ? ` (${libraries.join(', ')})` : '';
  const count = `${threads} ${threads === 1 ? 'thread' : 'threads'} by ${threading}`;
  return `Python ${python}, ${NAMES[name]} ${version}, BLAS ${blas}${files}, ${count}`;
}
