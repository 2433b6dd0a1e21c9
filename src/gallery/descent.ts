/**
 * Descent along implicit gradients through an inner solution that jumps (Bolte et al. 2021, section 5, problem 11):
 * min (x − s₁)² + 4(y − s₂)² with s ∈ argmax{(a + b)·L(x, y) : a ∈ [0, 3], b ∈ [0, 5]}, L(x, y) = −3x + y + 2. The inner
 * problem is a layer: a program that is solved at each point, and whose solution is differentiated.
 */
import {
  concat,
  type Engine,
  type FailurePolicy,
  type ProgramCertificates,
  type ProgramSolution,
  quadraticProgram,
  type Scope,
  type Tensor,
  valueAndGrad,
} from '../index.ts';

export type Point = readonly [number, number];

export interface Bilevel {
  /** L(x, y) = p·x + q·y + r. */
  readonly line: readonly [number, number, number];
  /** The weights of the two squares. */
  readonly weights: Point;
  /** The upper ends of a and b. */
  readonly box: Point;
  /** ε ≥ 0 in the inner problem max (a + b)·L − ½ε(a² + b²). Default 0, as in the paper. */
  readonly curvature?: number;
}

/** The problem of the paper. */
export const PAPER: Bilevel = { line: [-3, 1, 2], weights: [1, 4], box: [3, 5] };

/** The step size of descent. */
export const RATE = 0.01;

export function evaluateLine({ line: [p, q, r] }: Bilevel, [x, y]: Point): number {
  return p * x + q * y + r;
}

/** What is asked of a gradient. */
export interface GradientOptions {
  /** The share with which a bound counts as active where its multiplier is 0. Default 0. */
  readonly selection?: number;
  /** What happens where the hypothesis of the theorem fails at an inner solution. Default throw. */
  readonly onFailedCertificate?: FailurePolicy;
}

/**
 * The inner problem as a layer: for each row, max (a + b)·L − ½ε(a² + b²) over 0 ≤ a, b ≤ box, which is a linear program
 * where ε = 0.
 * @param points the points (x, y), [rows, 2]
 * @param lines the coefficients of L, [rows, 3]
 */
export function solveInner(
  points: Tensor,
  lines: Tensor,
  problems: readonly Bilevel[],
  { selection = 0, onFailedCertificate = 'throw' }: GradientOptions = {},
): ProgramSolution {
  const [rows] = points.shape;
  const slope = points.mul(lines.slice([0, 0], [rows, 2])).sum(1, { keepAxes: true });
  const L = slope.add(lines.slice([0, 2], [rows, 1]));
  return quadraticProgram({
    P: problems.map(({ curvature = 0 }) => [
      [curvature, 0],
      [0, curvature],
    ]),
    q: concat([L, L], 1).neg(),
    A: [
      [1, 0],
      [0, 1],
    ],
    l: [0, 0],
    u: problems.map(({ box }) => box),
    selection,
    onFailedCertificate,
  });
}

/** Decides at a point of each problem whether the theorem applies to the layer. */
export async function certifyAt(
  engine: Engine,
  problems: readonly Bilevel[],
  points: readonly Point[],
): Promise<ProgramCertificates> {
  return engine.tidy(async (scope) => {
    const { at, lines } = createRowTensors(scope, problems, points);
    return solveInner(at, lines, problems).certificate();
  });
}

/** The gradients of w₁(x − s₁)² + w₂(y − s₂)² in x and y through the layer, for one point of each problem. */
export async function computeGradients(
  engine: Engine,
  problems: readonly Bilevel[],
  points: readonly Point[],
  options: GradientOptions = {},
): Promise<Point[]> {
  return engine.tidy(async (scope) => {
    const { at: start, lines, weights } = createRowTensors(scope, problems, points);
    const loss = (at: Tensor): Tensor => {
      const s = solveInner(at, lines, problems, options).x;
      return at.sub(s).square().mul(weights).sum();
    };
    const [, [gradient]] = await valueAndGrad(loss, [start]);
    const numbers = await gradient.data();
    gradient.dispose();
    return points.map((_, row) => [numbers[2 * row], numbers[2 * row + 1]]);
  });
}

/** The points and the numbers of the problems as tensors, one problem per row. */
function createRowTensors(
  scope: Scope,
  problems: readonly Bilevel[],
  points: readonly Point[],
): { readonly at: Tensor; readonly lines: Tensor; readonly weights: Tensor } {
  const tensor = (numbers: readonly (readonly number[])[], width: number): Tensor =>
    scope.tensor(numbers.flat(), [points.length, width]);
  const of = (pick: (problem: Bilevel) => readonly number[]): readonly (readonly number[])[] => problems.map(pick);
  return {
    at: tensor(points, 2),
    lines: tensor(
      of(({ line }) => line),
      3,
    ),
    weights: tensor(
      of(({ weights }) => weights),
      2,
    ),
  };
}

/**
 * Gradient descent for many problems at once. A certificate for each gradient would take half as long again: what looks
 * at them asks `certifyAt` afterwards. On the line itself the linear system is singular, and descent ends with an error.
 * @returns for each problem the points, beginning with the start
 */
export async function descend(
  engine: Engine,
  problems: readonly Bilevel[],
  starts: readonly Point[],
  steps: number,
  rate: number,
): Promise<Point[][]> {
  const paths = starts.map((start): Point[] => [start]);
  for (let step = 0; step < steps; step++) {
    const points = paths.map((path) => path[step]);
    const gradients = await computeGradients(engine, problems, points, { onFailedCertificate: 'ignore' });
    for (const [row, [gx, gy]] of gradients.entries()) {
      const [x, y] = points[row];
      paths[row].push([x - rate * gx, y - rate * gy]);
    }
  }
  return paths;
}

/** The steps at which descent crosses the line. */
export function findSwitches(problem: Bilevel, path: readonly Point[]): number[] {
  const isAbove = path.map((point) => evaluateLine(problem, point) > 0);
  return path.flatMap((_, step) => (step > 0 && isAbove[step] !== isAbove[step - 1] ? [step] : []));
}

/**
 * The points at which descent crosses the line, one for each switch. They lie on a grid on which L is exactly 0, in float32
 * too, for a line y = −p·x − r with small integers p and r.
 */
export function findCrossings(problem: Bilevel, path: readonly Point[]): Point[] {
  const [p, , r] = problem.line;
  return findSwitches(problem, path).map((step) => {
    const [before, after] = [path[step - 1], path[step]];
    const levels = [before, after].map((point) => evaluateLine(problem, point));
    const share = levels[0] / (levels[0] - levels[1]);
    const x = Math.round(GRID * (before[0] + share * (after[0] - before[0]))) / GRID;
    return [x, -p * x - r];
  });
}

const GRID = 1024;
