/** `equilibra solve`: one problem in, one JSON object out. */
import { readFile } from 'node:fs/promises';
import { BACKENDS } from '../backends/open.ts';
import type { Engine, SolveOptions } from '../index.ts';
import { FORWARD_SOLVERS, type ForwardSolverName, LINEAR_SOLVERS, type LinearSolverName } from '../solvers/index.ts';
import { isSolved } from '../solvers/report.ts';
import { engineFor } from './engine.ts';
import { EXIT, InputError, type IO, shown } from './io.ts';
import { objectOf, parseJSON } from './json.ts';
import { monotoneProblem } from './monotone-problem.ts';
import { type MonotoneAnswer, solveMonotone } from './monotone-solution.ts';
import { type Arguments, choiceOption, countOption, helpOf, positiveOption, readArguments } from './options.ts';

const SOLVERS = ['auto', ...(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])] as const;
const LINEAR = ['auto', ...(Object.keys(LINEAR_SOLVERS) as LinearSolverName[])] as const;

/** Ten times the library's own: here the default is to go to the floor of the precision. */
const LIMIT = 10_000;

const TABLE = {
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'cpu, in float64' },
  solver: { value: '<name>', description: `forward: ${SOLVERS.join(', ')}`, fallback: SOLVERS[0] },
  'linear-solver': { value: '<name>', description: `backward: ${LINEAR.join(', ')}`, fallback: LINEAR[0] },
  tolerance: {
    value: '<number>',
    description: 'of the relative residual',
    fallback: "4 times the precision's epsilon",
  },
  limit: { value: '<count>', description: 'most forward iterations', fallback: String(LIMIT) },
};

const NOTES = `Problems (matrices are lists of rows; the rows of b, v and z are samples):
  {"kind": "monotone", "activation": name, "W" | "A", "B", "m", "b", "v"?, "selection"?: 0 to 1}
  z = σ(Wz + b) with W given, or as (1 − m)I − AᵀA + B − Bᵀ. With v also the gradients of Σ v∘z: grad_b (for each
  sample), grad_W, grad_A, grad_B, grad_m. At a kink the derivative is (1 − selection)·min + selection·max of the
  Clarke interval, default 0.
Activations, with their keys and the defaults of these:
  relu, tanh, sigmoid, softplus, softsign, arctan; softThreshold (tau, the threshold, must be given);
  leakyRelu (slope 0.01, from 0 to 1); clip (low -1, high 1); elu (alpha 1, from 0 to 1).

Prints one JSON object on standard output: z, the gradients, report, certificate. Numbers that are not finite are null.
Exit code: 0 solved, 2 bad input, 3 not converged (the object is still printed).`;

const NOT_YET = ['lasso', 'cone'];

export async function solve(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('solve', TABLE, argv);
  if (given.options.help) {
    const usage = 'equilibra solve <problem.json> [options]';
    io.out(helpOf(usage, 'Solves the problem in a file; - stands for standard input.', TABLE, NOTES));
    return EXIT.done;
  }
  const backend = choiceOption(given, 'backend', BACKENDS) ?? 'cpu';
  const options = solveOptions(given);
  const name = fileOf(given);
  const problem = problemOf(parseJSON(name === '-' ? 'standard input' : name, await textOf(name, io)));
  const engine = await engineFor(backend);
  try {
    const answer = await solved(engine, problem, options);
    io.out(`${JSON.stringify(answer)}\n`);
    const { report } = answer;
    const statuses = [...report.status, ...(report.backward?.status ?? [])];
    return statuses.every((status) => isSolved({ status })) ? EXIT.done : EXIT.notConverged;
  } finally {
    engine.close();
  }
}

function solveOptions(given: Arguments): Pick<SolveOptions, 'solver' | 'linearSolver' | 'tolerance' | 'limit'> {
  return {
    solver: choiceOption(given, 'solver', SOLVERS),
    linearSolver: choiceOption(given, 'linear-solver', LINEAR),
    tolerance: positiveOption(given, 'tolerance', undefined),
    limit: countOption(given, 'limit', LIMIT),
  };
}

function fileOf({ positionals }: Arguments): string {
  if (positionals.length === 1) return positionals[0];
  if (positionals.length === 0) {
    throw new InputError('problem: no file is named; it must be a JSON file, or - for standard input');
  }
  throw new InputError(`problem: ${positionals.length} files are named; it must be one, or - for standard input`);
}

async function textOf(name: string, io: IO): Promise<string> {
  if (name === '-') return io.input();
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'it may not be read',
    };
    throw new InputError(`${name}: ${reasons[code ?? ''] ?? message}; the problem must be a JSON file, or -`);
  }
}

function problemOf(value: unknown): ReturnType<typeof monotoneProblem> {
  const object = objectOf('problem', value);
  if (!Object.hasOwn(object, 'kind')) throw new InputError('kind: this key is missing; it must be "monotone"');
  if (object.kind === 'monotone') return monotoneProblem(object);
  const problem = NOT_YET.some((kind) => kind === object.kind) ? 'not supported yet' : 'unknown';
  throw new InputError(`kind: ${shown(object.kind)} is ${problem}; it must be "monotone"`);
}

async function solved(
  engine: Engine,
  problem: ReturnType<typeof monotoneProblem>,
  options: ReturnType<typeof solveOptions>,
): Promise<MonotoneAnswer> {
  // To the floor of the precision: a sample ends converged or stalled there.
  const tolerance = options.tolerance ?? 4 * engine.epsilon;
  try {
    return await solveMonotone(engine, problem, { ...options, tolerance });
  } catch (error) {
    // The library refuses numbers by a RangeError: a W that is not monotone, an overflow of the precision.
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}
