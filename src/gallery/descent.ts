/**
 * Descent along implicit gradients through an inner solution that jumps (Bolte et al. 2021, section 5, problem 11):
 * min (x − s₁)² + 4(y − s₂)² with s ∈ argmax{(a + b)·L(x, y) : a ∈ [0, 3], b ∈ [0, 5]}, L(x, y) = −3x + y + 2.
 */
import { type Engine, fixedPoint, type ImplicitCertificate, type Scope, type Tensor, valueAndGrad } from '../index.ts';

export type Point = readonly [number, number];

export interface Bilevel {
  /** L(x, y) = p·x + q·y + r. */
  readonly line: readonly [number, number, number];
  /** The weights of the two squares. */
  readonly weights: Point;
  /** The upper ends of a and b. */
  readonly box: Point;
}

/** The problem of the paper. */
export const PAPER: Bilevel = { line: [-3, 1, 2], weights: [1, 4], box: [3, 5] };

/** The step size of descent. */
export const RATE = 0.01;

export function evaluateLine({ line: [p, q, r] }: Bilevel, [x, y]: Point): number {
  return p * x + q * y + r;
}

/**
 * Solves the inner problem: the corner (3, 5) where L > 0 and the corner (0, 0) where L < 0. On the line every s is a
 * solution.
 */
function solveInner(problem: Bilevel, point: Point): Point {
  return evaluateLine(problem, point) > 0 ? problem.box : [0, 0];
}

/**
 * A step of projected gradient ascent on the inner problem, whose solution s is a fixed point.
 * @param box the upper ends, [rows, 2]
 * @param q the derivative of the projection at 0, where it begins to bind
 */
export function ascendInner(s: Tensor, point: Tensor, line: Tensor, box: Tensor, q: number): Tensor {
  const [rows] = point.shape;
  const slope = point.mul(line.slice([0, 0], [rows, 2])).sum(1, { keepAxes: true });
  const L = slope.add(line.slice([0, 2], [rows, 1]));
  return s.add(L).minimum(box).relu({ selection: q });
}

/** The problems, their inner solutions and the points as tensors, one problem per row. */
function createRowTensors(scope: Scope, problems: readonly Bilevel[], points: readonly Point[]): RowTensors {
  const rows = points.length;
  const tensor = (numbers: readonly (readonly number[])[], width: number): Tensor =>
    scope.tensor(numbers.flat(), [rows, width]);
  return {
    line: tensor(
      problems.map((problem) => problem.line),
      3,
    ),
    box: tensor(
      problems.map((problem) => problem.box),
      2,
    ),
    corners: tensor(
      points.map((point, row) => solveInner(problems[row], point)),
      2,
    ),
    points: tensor(points, 2),
  };
}

interface RowTensors {
  readonly line: Tensor;
  readonly box: Tensor;
  readonly corners: Tensor;
  readonly points: Tensor;
}

/** Certifies the theorem's hypothesis at each point, and within a radius of it where one is given. */
export async function certifyAt(
  engine: Engine,
  problem: Bilevel,
  points: readonly Point[],
  radius?: number,
): Promise<ImplicitCertificate> {
  return engine.tidy(async (scope) => {
    const {
      line,
      box,
      corners,
      points: at,
    } = createRowTensors(
      scope,
      points.map(() => problem),
      points,
    );
    const step = (s: Tensor, point: Tensor, L: Tensor, ends: Tensor): Tensor => ascendInner(s, point, L, ends, 0);
    return fixedPoint(step, { unknown: corners, inputs: [at, line, box], solver: 'given' }).solve.certify({ radius });
  });
}

/** The gradients of (x − s₁)² + 4(y − s₂)² in x and y through s, for one point of each problem. */
export async function computeGradients(
  engine: Engine,
  problems: readonly Bilevel[],
  points: readonly Point[],
  q = 0,
): Promise<Point[]> {
  const rows = points.length;
  return engine.tidy(async (scope) => {
    const { line, box, corners, points: start } = createRowTensors(scope, problems, points);
    const weights = scope.tensor(
      problems.flatMap((problem) => problem.weights),
      [rows, 2],
    );
    const step = (s: Tensor, at: Tensor, L: Tensor, ends: Tensor): Tensor => ascendInner(s, at, L, ends, q);
    const loss = (at: Tensor): Tensor => {
      const s = fixedPoint(step, { unknown: corners, inputs: [at, line, box], solver: 'given' });
      return at.sub(s).square().mul(weights).sum();
    };
    const [, [gradient]] = await valueAndGrad(loss, [start]);
    const numbers = await gradient.data();
    gradient.dispose();
    return points.map((_, row) => [numbers[2 * row], numbers[2 * row + 1]]);
  });
}

/** Gradient descent for many problems at once. @returns for each problem the points, beginning with the start */
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
    for (const [row, [gx, gy]] of (await computeGradients(engine, problems, points)).entries()) {
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
