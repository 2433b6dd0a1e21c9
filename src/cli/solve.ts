/** `equilibra solve`: reads one problem and prints one JSON object. */
import { readFile } from 'node:fs/promises';
import { BACKENDS } from '../backends/open.ts';
import { LASSO_SOLVERS } from '../implicit/lasso/options.ts';
import type { Engine, LassoSolverName, ProgramSolveOptions, ProgramSolverName } from '../index.ts';
import { FORWARD_SOLVERS, type ForwardSolverName, LINEAR_SOLVERS, type LinearSolverName } from '../solvers/index.ts';
import { type ConeInput, readCanonicalProblem, readConeProblem } from './cone-problem.ts';
import { answerCone } from './cone-solution.ts';
import { readConvolutionProblem } from './convolution-problem.ts';
import { openEngine } from './engine.ts';
import { EXIT, formatValue, InputError, type IO } from './io.ts';
import { checkObject, type JSONObject, parseJSON } from './json.ts';
import { readLassoProblem } from './lasso-problem.ts';
import { answerLasso } from './lasso-solution.ts';
import { type MonotoneInput, readMonotoneProblem } from './monotone-problem.ts';
import { answerMonotone } from './monotone-solution.ts';
import { type Arguments, formatHelp, readArguments, readChoice, readCount, readPositive } from './options.ts';
import { readProgramProblem } from './program-problem.ts';
import { answerProgram } from './program-solution.ts';
import { readSparseModelProblem } from './sparse-model-problem.ts';
import { answerSparseModel } from './sparse-model-solution.ts';
import { readSupportVectorProblem } from './support-vector-problem.ts';
import { answerSupportVectors } from './support-vector-solution.ts';
import { refuseOptions } from './table-options.ts';

const SOLVERS = ['auto', ...(Object.keys(FORWARD_SOLVERS) as ForwardSolverName[])] as const;
const LINEAR = ['auto', ...(Object.keys(LINEAR_SOLVERS) as LinearSolverName[])] as const;
const LASSO = ['auto', ...(Object.keys(LASSO_SOLVERS) as LassoSolverName[])] as const;
/** Splitting computes in the precision of the backend, and these numbers stay in float64. */
const PROGRAM: readonly (ProgramSolverName | 'auto')[] = ['auto', 'interior-point'];

/** More than the library's default, since here the default tolerance is at the floor of the precision. */
const LIMIT = 10_000;
/** The library's defaults for programs. */
const [PROGRAM_LIMIT, CONE_LIMIT] = [200, 20_000];

const TABLE = {
  backend: { value: '<name>', description: BACKENDS.join(', '), fallback: 'cpu, in float64' },
  solver: {
    value: '<name>',
    description: `forward: ${SOLVERS.join(', ')}; for a lasso: ${LASSO.join(', ')}; for a qp or cone: ${PROGRAM.join(', ')}; other kinds have one only`,
    fallback: SOLVERS[0],
  },
  'linear-solver': {
    value: '<name>',
    description: `backward: ${LINEAR.join(', ')}; for monotone problems and convolutions`,
    fallback: LINEAR[0],
  },
  tolerance: {
    value: '<number>',
    description: 'bound on the relative residual; for a qp or cone also on the absolute one',
    fallback: "4 times the precision's epsilon; for a sparse-model 1e-12; for other kinds 1e-9",
  },
  limit: {
    value: '<count>',
    description: 'forward iterations allowed, in total',
    fallback: `${LIMIT}; for a qp ${PROGRAM_LIMIT}, for a cone ${CONE_LIMIT}, for a sparse-model 500, for a support-vector-machine 100000`,
  },
};

const NOTES = `Problems (matrices are lists of rows; each row of b, v and z is a sample):
  {"kind": "monotone", "activation": name, "W" | "A", "B", "m", "b", "v"?, "selection"?: 0 to 1}
  z = σ(Wz + b), with W or with W = (1 − m)I − AᵀA + B − Bᵀ. With v the answer also has the gradients of Σ v∘z: grad_b
  (for each sample), grad_W, grad_A, grad_B, grad_m. At a kink the derivative is (1 − selection)·min + selection·max of the
  Clarke interval, default 0; "unresolved" of the certificate counts the kinks that the precision could not decide.
  {"kind": "convolution", "tiers": [{"channels", "torus": [rows, columns], "interior"?: [rows, columns]}], "kernel",
  "activation": name, "A", "B", "g", "h", "m", "b", "v"?, "selection"?}
  z = σ(Wz + b) with W = (1 − m)I − γÂᵀÂ + h(B̂ − B̂ᵀ), γ = softplus(g), of correlations on the torus with the kernels A and
  B divided by their lengths, [output][input][row][column], "kernel" × "kernel" and odd. A, B, g and h are lists with one
  entry, that of the only tier; a row of b is channel, row, column. With an interior, z is 0 outside of the rows and
  columns 1 to those of the interior. The answer is that of a monotone problem, with grad_A, grad_B, grad_g, grad_h, grad_m.
  {"kind": "lasso", "X", "y", "lambda": number or list, "selection"?, "weights"?, "ridge"?: 0, "intercept"?: false}
  beta minimises ½‖y − Xβ‖² + λ Σⱼ weightsⱼ|βⱼ| + ½ ridge ‖β‖². "lambda" holds log λ, the natural logarithm of the
  penalty λ, and dbeta_dlambda is the derivative of beta with respect to log λ. The answer also has the support and the
  equicorrelation set (features are counted from 0) and, with "intercept": true, the intercept. For a list of penalties
  it has lists of these. Selection applies to features that are in the equicorrelation set and not in the support:
  "weak" (0, default), "lars" (1), a number from 0 to 1, or one for each feature.
  Where features are linearly dependent β is not unique: the status of the certificate is "failed", and dbeta_dlambda
  is null for each penalty whose entry in "samples" is "failed".
  {"kind": "sparse-model", "X", "y", "lambda": number or list, "loss"?: "square" | "logistic" | "multinomial", "classes"?,
  "groups"?: "entries" | "rows" | lists, "weights"?, "row_weights"?, "intercept"?, "non_negative"?, "selection"?, "v"?}
  beta minimises Σ row_weightsᵢ ℓ(mᵢ, yᵢ) + λ Σ_g weights_g‖β_g‖₂ with m = Xβ + intercept; "lambda" holds log λ. For the loss
  logistic y holds −1 and 1, or 0 and 1; for multinomial 0 to classes − 1; for square numbers, or a list for each row where
  there are several tasks. Groups are lists of places in β, row by row; with several tasks or classes those of a feature,
  else single ones. The answer is that of a lasso, of groups; with v, of the shape of beta, it has the gradients of Σ v∘β,
  grad_X, grad_y (square), grad_lambda, grad_weights, grad_row_weights, and the "interval" of the derivative along log λ.
  {"kind": "support-vector-machine", "X", "y", "logC": number or list, "row_weights"?, "intercept"?, "selection"?: 0, "v"?}
  beta minimises ½‖β‖² + C Σ row_weightsᵢ max(0, 1 − yᵢ(xᵢβ + intercept)), y as for the loss logistic. The answer has beta, the
  dual alpha, the rows "inside" (0 < αᵢ < C row_weightsᵢ), "at_upper" and "on_margin", dbeta_dlogC, dalpha_dlogC, and with v
  grad_X, grad_logC, grad_row_weights and the "interval". Where the certificate fails, derivatives of both kinds are null.
  {"kind": "qp", "q", "P"?, "A"?, "l"?, "u"?, "constant"?, "selection"?, "direction"?: {"dP", "dq", "dA", "dl", "du"},
  "cotangent"?: {"gx", "gy", "gz"}}
  x minimises ½xᵀPx + qᵀx + constant over l ≤ Ax ≤ u. A matrix may also be {"rows", "columns", "entries": [[row, column,
  value], …]}, counted from 0. P is full and symmetric, and null or absent in a linear program. In l and u, null is no
  bound. The answer has x, y, z = Ax with Px + q + Aᵀy = 0, y ≥ 0 at u and y ≤ 0 at l, the objective, and for a
  direction dx, dy, dz, for a cotangent the gradients of gx·x + gy·y + gz·z: grad_P (symmetric), grad_q, grad_A, grad_l,
  grad_u. A matrix of entries has its gradient at these entries. Where l = u the total of both bounds stands in grad_u,
  and du moves both. What the solution does not determine is null, and "undetermined" of the certificate lists it.
  A program without a solution has a "certificate_vector" δ: infeasible, with Aᵀδ = 0 and uᵀδ⁺ + lᵀδ⁻ = −1, or unbounded,
  with Pδ = 0, qᵀδ = −1 and Aδ within what the bounds leave free.
  {"kind": "cone", "A", "b", "c", "P"?, "cone": [{"type", "dim", "alpha"?}], "selection"?,
  "direction"?: {"dA", "db", "dc", "dP"}, "cotangent"?: {"gx", "gy", "gs"}}
  x minimises ½xᵀPx + cᵀx over Ax + s = b with s in the product of the cones, in the order of the rows. "dim" is the
  number of rows; of psd the order k, which takes k(k + 1)/2 rows, the lower triangle column by column with √2 off the
  diagonal. Types: zero, nonneg, soc (s₀ ≥ ‖s₁…‖), psd, exp (y·e^{x/y} ≤ z) and expdual (dim 3), pow (x^α·y^{1−α} ≥ |z|)
  and powdual (dim 3, "alpha"). The answer has x, y, s with Px + c + Aᵀy = 0 and y in the dual cone, and, as a qp has them,
  dx, dy, ds and grad_A, grad_b, grad_c, grad_P; "kinks" of the certificate are first rows of cones. A program without a
  solution has a certificate_vector: infeasible, y in the dual cone with Aᵀy = 0 and bᵀy = −1, or unbounded, x with
  Px = 0, −Ax in the cone and cᵀx = −1.
  {"kind": "canonical", "solver": "SCS", "CLARABEL" or "ECOS", "dims", "c", "A", "b", "G"?, "h"?, "P"?, "offset"?,
  "variables"?, "selection"?, "direction"?, "cotangent"?}
  What get_problem_data of a problem of CVXPY gives, as docs/cones.md writes it. The answer is that of a cone, with the
  offset in the objective; "rows" has for each row the row of the file, and rows are in this order everywhere else.
Activations, with their keys and the defaults of these:
  relu, tanh, sigmoid, softplus, softsign, arctan; softThreshold (tau, the threshold, must be given);
  leakyRelu (slope 0.01, from 0 to 1); clip (low -1, high 1); elu (alpha 1, from 0 to 1).

Prints one JSON object on standard output: the solution, its derivatives, report, certificate. Numbers that are not
finite are null.
Exit code: 0 solved, 2 bad input, 3 not converged (the object is still printed), 4 infeasible or unbounded (the object
has the vector that shows it).`;

/** Solves a problem that was read, and returns the object to print. */
type Solve = (engine: Engine, stopping: Stopping) => Promise<Solved>;

interface Solved {
  readonly answer: object;
  readonly isSolved: boolean;
  /** Whether it was shown that the problem has no solution. */
  readonly hasNoSolution?: boolean;
}

/** The options of the command line, where they were given. */
interface Stopping {
  readonly tolerance: number | undefined;
  readonly limit: number | undefined;
}

/** The default tolerance is at the floor of the precision, where a sample is converged or stalled. */
function atFloor(engine: Engine, { tolerance, limit }: Stopping): { tolerance: number; limit: number } {
  return { tolerance: tolerance ?? 4 * engine.epsilon, limit: limit ?? LIMIT };
}

/** For each kind of problem: checks the object in the file and the options, and returns the solver. */
const KINDS: Readonly<Record<string, (object: JSONObject, given: Arguments) => Solve>> = {
  monotone: (object, given) => solveMonotone(readMonotoneProblem(object), given),
  convolution: (object, given) => solveMonotone(readConvolutionProblem(object), given),
  lasso(object, given) {
    const problem = readLassoProblem(object);
    const solver = readChoice(given, 'solver', LASSO);
    if (given.options['linear-solver'] !== undefined) {
      throw new InputError('--linear-solver: a lasso problem has one only, conjugate gradients; leave it out');
    }
    return (engine, stopping) => answerLasso(engine, problem, { ...atFloor(engine, stopping), solver });
  },
  'sparse-model'(object, given) {
    const problem = readSparseModelProblem(object);
    refuseSolvers('sparse-model', given);
    return (engine, stopping) => answerSparseModel(engine, problem, whatIsGiven(stopping));
  },
  'support-vector-machine'(object, given) {
    const problem = readSupportVectorProblem(object);
    refuseSolvers('support-vector-machine', given);
    return (engine, stopping) => answerSupportVectors(engine, problem, whatIsGiven(stopping));
  },
  qp(object, given) {
    const problem = readProgramProblem(object);
    const choose = readProgramOptions('qp', given);
    return (engine, stopping) => answerProgram(engine, problem, choose(stopping, PROGRAM_LIMIT));
  },
  cone: (object, given) => solveCone('cone', readConeProblem(object), given),
  canonical: (object, given) => solveCone('canonical', readCanonicalProblem(object), given),
};

/** The host solves these models by one method each. */
function refuseSolvers(kind: string, given: Arguments): void {
  refuseOptions(given, ['solver', 'linear-solver'], `a ${kind} problem has one only; leave it out`);
}

/** What is left out has the library's default. */
function whatIsGiven({ tolerance, limit }: Stopping): { tolerance?: number; limit?: number } {
  return { ...(tolerance !== undefined && { tolerance }), ...(limit !== undefined && { limit }) };
}

function solveMonotone(problem: MonotoneInput, given: Arguments): Solve {
  const solver = readChoice(given, 'solver', SOLVERS);
  const linearSolver = readChoice(given, 'linear-solver', LINEAR);
  return (engine, stopping) => answerMonotone(engine, problem, { ...atFloor(engine, stopping), solver, linearSolver });
}

function solveCone(kind: string, problem: ConeInput, given: Arguments): Solve {
  const choose = readProgramOptions(kind, given);
  return (engine, stopping) => answerCone(engine, problem, choose(stopping, CONE_LIMIT));
}

/** Checks the options of programs, and returns what makes those of the library of them. */
function readProgramOptions(
  kind: string,
  given: Arguments,
): (stopping: Stopping, limit: number) => Pick<ProgramSolveOptions, ProgramChoice> {
  const solver = readChoice(given, 'solver', PROGRAM);
  if (given.options['linear-solver'] !== undefined) {
    throw new InputError(`--linear-solver: a ${kind} problem has one only, a factorisation; leave it out`);
  }
  return ({ tolerance, limit }, usual) => ({
    solver,
    limit: limit ?? usual,
    ...(tolerance !== undefined && { absoluteTolerance: tolerance, relativeTolerance: tolerance }),
  });
}

type ProgramChoice = 'solver' | 'limit' | 'absoluteTolerance' | 'relativeTolerance';

const KIND_NAMES = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(Object.keys(KINDS).map(formatValue));

export async function solve(argv: readonly string[], io: IO): Promise<number> {
  const given = readArguments('solve', TABLE, argv);
  if (given.options.help) {
    const usage = 'equilibra solve <problem.json> [options]';
    io.out(formatHelp(usage, 'Solves the problem in a file; - stands for standard input.', TABLE, NOTES));
    return EXIT.done;
  }
  const backend = readChoice(given, 'backend', BACKENDS) ?? 'cpu';
  const tolerance = readPositive(given, 'tolerance', undefined);
  const limit = readCount(given, 'limit', undefined);
  const name = readFileName(given);
  const solveOn = readProblem(parseJSON(name === '-' ? 'standard input' : name, await readText(name, io)), given);
  const engine = await openEngine(backend);
  try {
    const { answer, isSolved, hasNoSolution } = await solveOn(engine, { tolerance, limit });
    io.out(`${JSON.stringify(answer)}\n`);
    if (hasNoSolution) return EXIT.noSolution;
    return isSolved ? EXIT.done : EXIT.notConverged;
  } catch (error) {
    // The library throws a RangeError for unsuitable numbers: a W that is not monotone, or an overflow of the
    // precision.
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    throw error;
  } finally {
    engine.close();
  }
}

function readFileName({ positionals }: Arguments): string {
  if (positionals.length === 1) return positionals[0];
  if (positionals.length === 0) {
    throw new InputError('problem: no file is named; it must be a JSON file, or - for standard input');
  }
  throw new InputError(`problem: ${positionals.length} files are named; it must be one, or - for standard input`);
}

async function readText(name: string, io: IO): Promise<string> {
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

function readProblem(value: unknown, given: Arguments): Solve {
  const object = checkObject('problem', value);
  if (!Object.hasOwn(object, 'kind')) throw new InputError(`kind: this key is missing; it must be ${KIND_NAMES}`);
  const { kind } = object;
  if (typeof kind === 'string' && Object.hasOwn(KINDS, kind)) return KINDS[kind](object, given);
  throw new InputError(`kind: ${formatValue(kind)} is unknown; it must be ${KIND_NAMES}`);
}
