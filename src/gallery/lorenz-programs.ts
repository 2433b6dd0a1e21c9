/**
 * The inner problem of the Lorenz ascent as a program, as the paper has it solved (Bolte et al. 2021, problem 14). Each
 * power of ‖s − F(u)‖ has the same minimum s = F(u), but whether the theorem applies depends on the power.
 */
import {
  concat,
  coneProgram,
  type Engine,
  type ImplicitCertificate,
  quadraticProgram,
  type Tensor,
  valueAndGrad,
} from '../index.ts';
import { field, type Vector } from './lorenz-field.ts';
import { catchRefusal } from './refusal.ts';

/** What is asked of a gradient through a program. */
export interface ProgramOptions {
  /** Asks for the solution of least norm where the solution does not determine the gradient. Default false. */
  readonly leastNorm?: boolean;
}

/** A solved program, of which s is the first three variables. */
interface SolvedInner {
  readonly x: Tensor;
  certificate(): Promise<ImplicitCertificate>;
}

/** The inner problem with some power of the norm, for u [1, 3]. */
type InnerProgram = (u: Tensor, options?: ProgramOptions) => SolvedInner;

/** min ½‖s‖² − F(u)ᵀs, which is min ½‖s − F(u)‖² up to a constant: a quadratic program. */
function solveSquare(u: Tensor): SolvedInner {
  return quadraticProgram({ P: IDENTITY, q: field(u).neg(), onFailedCertificate: 'throw' });
}

const IDENTITY = [0, 1, 2].map((row) => [0, 1, 2].map((column) => (row === column ? 1 : 0)));

/** min w with (w, s − F(u)) in the second-order cone: the norm itself. */
function solveNorm(u: Tensor, options: ProgramOptions = {}): SolvedInner {
  return coneProgram({
    A: rowsOf(4, NORM_ROWS),
    b: concat([constants(u, [0]), field(u).neg()], 1),
    c: [0, 0, 0, 1],
    cones: [{ type: 'soc', dim: 4 }],
    ...policyOf(options),
  });
}

/**
 * min t with ‖s − F(u)‖ ≤ w, w² ≤ v and v² ≤ t: the fourth power by second-order cones, as modelling languages write it.
 * w² ≤ v is (v + 1, v − 1, 2w) ∈ K.
 */
export function solveFourthPower(u: Tensor, options: ProgramOptions = {}): SolvedInner {
  const square = (of: number, bound: number): Entries[] => [[[bound, -1]], [[bound, -1]], [[of, -2]]];
  return coneProgram({
    A: rowsOf(6, [...NORM_ROWS, ...square(3, 4), ...square(4, 5)]),
    b: concat([constants(u, [0]), field(u).neg(), constants(u, [1, -1, 0, 1, -1, 0])], 1),
    c: [0, 0, 0, 0, 0, 1],
    cones: [
      { type: 'soc', dim: 4 },
      { type: 'soc', dim: 3 },
      { type: 'soc', dim: 3 },
    ],
    ...policyOf(options),
  });
}

/** Entries [column, value] of a row of A. */
type Entries = readonly (readonly [number, number])[];

/** b − Ax = (w, s − F(u)) with the variables (s, w, …). */
const NORM_ROWS: readonly Entries[] = [[[3, -1]], [[0, -1]], [[1, -1]], [[2, -1]]];

function rowsOf(columns: number, rows: readonly Entries[]): number[][] {
  return rows.map((entries) => {
    const row = new Array<number>(columns).fill(0);
    for (const [column, value] of entries) row[column] = value;
    return row;
  });
}

/** Numbers beside a tensor, [1, length]. */
function constants(beside: Tensor, values: readonly number[]): Tensor {
  const zero = beside.slice([0, 0], [1, 1]).mul(0);
  return concat(
    values.map((value) => zero.add(value)),
    1,
  );
}

/** What is asked for in spite of the certificate cannot be refused by it. */
function policyOf({ leastNorm = false }: ProgramOptions): {
  leastNorm: boolean;
  onFailedCertificate: 'ignore' | 'throw';
} {
  return { leastNorm, onFailedCertificate: leastNorm ? 'ignore' : 'throw' };
}

/** The gradient of uᵀs through the program. */
export async function programGradient(
  engine: Engine,
  inner: InnerProgram,
  at: Vector,
  options?: ProgramOptions,
): Promise<Vector> {
  return engine.tidy(async (scope) => {
    const objective = (u: Tensor): Tensor => inner(u, options).x.slice([0, 0], [1, 3]).mul(u).sum();
    const [, [gradient]] = await valueAndGrad(objective, [scope.tensor(at, [1, 3])]);
    const [x, y, z] = await gradient.data();
    gradient.dispose();
    return [x, y, z];
  });
}

/** What the library makes of the inner problem with one power of the norm. */
export interface ProgramAnswer {
  readonly power: 1 | 2 | 4;
  readonly certificate: ImplicitCertificate;
  readonly gradient?: Vector;
  readonly refusal?: string;
}

const PROGRAMS = [
  { power: 1, inner: solveNorm },
  { power: 2, inner: solveSquare },
  { power: 4, inner: solveFourthPower },
] as const;

export async function askPrograms(engine: Engine, at: Vector): Promise<ProgramAnswer[]> {
  const answers: ProgramAnswer[] = [];
  for (const { power, inner } of PROGRAMS) {
    const certificate = await engine.tidy((scope) => inner(scope.tensor(at, [1, 3])).certificate());
    const answer = await catchRefusal(async () => ({ gradient: await programGradient(engine, inner, at) }));
    answers.push({ power, certificate, ...answer });
  }
  return answers;
}
