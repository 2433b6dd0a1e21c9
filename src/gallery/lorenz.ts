/**
 * Ascent that follows the Lorenz attractor (Bolte et al. 2021, section 5, problem 14 and Figure 3): max uᵀz with z ∈
 * argmin ‖s − F(u)‖⁴ and the Lorenz field F. The solution is z = F(u), but the Hessian of the inner problem vanishes
 * there.
 */
import { type Engine, type ImplicitCertificate, root, type Tensor, valueAndGrad } from '../index.ts';
import { field, type Vector } from './lorenz-field.ts';
import { askPrograms, type ProgramAnswer, programGradient, solveFourthPower } from './lorenz-programs.ts';
import { catchRefusal } from './refusal.ts';

/** The starting point of ascent and of the trajectory. */
export const START: Vector = [0, 1, 1.05];

/** The derivative of ‖s − F(u)‖⁴ in s, 4‖r‖²r with r = s − F(u). The inner solution is its root. */
export function optimality(s: Tensor, u: Tensor): Tensor {
  const r = s.sub(field(u));
  return r.mul(r.square().sum(1, { keepAxes: true })).mul(4);
}

/**
 * The gradient of uᵀz. B = 4‖r‖²I + 8rrᵀ is 0 at the exact solution. With onFailure 'report' the linear solve returns
 * the least solution of this singular system, which is 0: dz/du is lost, and only F(u) remains.
 * @param distance the error in each coordinate of the inner solution
 */
export async function implicitGradient(
  engine: Engine,
  at: Vector,
  { distance = 0, onFailure = 'throw' }: { distance?: number; onFailure?: 'throw' | 'report' },
): Promise<Vector> {
  return engine.tidy(async (scope) => {
    const start = scope.tensor([distance, distance, distance], [1, 3]);
    const solver = (offset: Tensor, u: Tensor): Tensor => field(u).add(offset);
    // A Krylov method needs at most as many iterations as there are unknowns. If it has not converged by then, B is
    // singular.
    const options = { unknown: start, solver, onFailure, backwardLimit: 3 };
    const [, [gradient]] = await valueAndGrad(
      (u) =>
        root(optimality, { ...options, inputs: [u] })
          .mul(u)
          .sum(),
      [scope.tensor(at, [1, 3])],
    );
    const [x, y, z] = await gradient.data();
    gradient.dispose();
    return [x, y, z];
  });
}

/** The gradient of uᵀF(u), which is the true gradient of problem 14. */
export async function trueGradient(engine: Engine, at: Vector): Promise<Vector> {
  return engine.tidy(async (scope) => {
    const [, [gradient]] = await valueAndGrad((u) => field(u).mul(u).sum(), [scope.tensor(at, [1, 3])]);
    const [x, y, z] = await gradient.data();
    gradient.dispose();
    return [x, y, z];
  });
}

/** Gradient ascent. @returns the start and the point after each step */
export async function ascend(
  gradient: (at: Vector) => Promise<Vector>,
  steps: number,
  rate: number,
  start = START,
): Promise<Vector[]> {
  const path = [start];
  for (let step = 0; step < steps; step++) {
    const at = path[step];
    const [x, y, z] = await gradient(at);
    path.push([at[0] + rate * x, at[1] + rate * y, at[2] + rate * z]);
  }
  return path;
}

/** The step size of ascent. */
export const RATE = 0.01;

/** The library's answer at one point. */
interface LorenzAnswer {
  /** The error in each coordinate of the inner solution. */
  readonly distance: number;
  /** Absent where the library refuses to answer. */
  readonly gradient?: Vector;
  /** The message of the refusal. */
  readonly refusal?: string;
}

export interface Lorenz {
  /** The trajectory of the differential equation u' = F(u), in time steps of RATE. */
  readonly attractor: readonly Vector[];
  /** The path of ascent along the gradient of least norm through a cone program. */
  readonly implicit: readonly Vector[];
  /** The path of ascent along the true gradient. */
  readonly gradient: readonly Vector[];
  /** The point of the answers. */
  readonly at: Vector;
  readonly answers: readonly LorenzAnswer[];
  readonly trueGradient: Vector;
  /** F(u) at that point. */
  readonly field: Vector;
  /** The answers where the inner problem is a program, one for each power of the norm. */
  readonly programs: readonly ProgramAnswer[];
  /** The gradient of least norm through the program with the power 4. */
  readonly leastNorm: Vector;
}

export async function lorenz(engine: Engine, steps = 1500): Promise<Lorenz> {
  const at: Vector = [5, 2, 20];
  const answers: LorenzAnswer[] = [];
  const leastNorm = (u: Vector): Promise<Vector> => programGradient(engine, solveFourthPower, u, { leastNorm: true });
  for (const distance of [0, 1e-4, 1e-2]) answers.push(await askLibrary(engine, at, distance));
  return {
    attractor: integrateTrajectory(steps, RATE),
    implicit: await ascend(leastNorm, steps, RATE),
    gradient: await ascend((u) => trueGradient(engine, u), Math.min(steps, 20), RATE),
    at,
    answers,
    trueGradient: await trueGradient(engine, at),
    field: evaluateField(at),
    programs: await askPrograms(engine, at),
    leastNorm: await leastNorm(at),
  };
}

async function askLibrary(engine: Engine, at: Vector, distance: number): Promise<LorenzAnswer> {
  const answer = await catchRefusal(async () => ({ gradient: await implicitGradient(engine, at, { distance }) }));
  return { distance, ...answer };
}

/** The Runge–Kutta method of order 4, with ten steps for each point that is returned. */
function integrateTrajectory(steps: number, rate: number): Vector[] {
  const h = rate / 10;
  const path = [START];
  for (let step = 0; step < steps; step++) {
    let u = path[step];
    for (let part = 0; part < 10; part++) {
      const a = evaluateField(u);
      const b = evaluateField(moveAlong(u, a, h / 2));
      const c = evaluateField(moveAlong(u, b, h / 2));
      const d = evaluateField(moveAlong(u, c, h));
      const [x, y, z] = [0, 1, 2].map((k) => (a[k] + 2 * b[k] + 2 * c[k] + d[k]) / 6);
      u = moveAlong(u, [x, y, z], h);
    }
    path.push(u);
  }
  return path;
}

function moveAlong(u: Vector, direction: Vector, by: number): Vector {
  return [u[0] + by * direction[0], u[1] + by * direction[1], u[2] + by * direction[2]];
}

/** `field` for one point, on the host. */
function evaluateField([x, y, z]: Vector): Vector {
  return [10 * (y - x), x * (28 - z) - y, x * y - (8 / 3) * z];
}

/** @param distance the error in each coordinate of the inner solution */
export async function certifyLorenzAt(engine: Engine, at: Vector, distance = 0): Promise<ImplicitCertificate> {
  return engine.tidy(async (scope) => {
    const start = scope.tensor([distance, distance, distance], [1, 3]);
    const solver = (offset: Tensor, u: Tensor): Tensor => field(u).add(offset);
    return root(optimality, { unknown: start, inputs: [scope.tensor(at, [1, 3])], solver }).solve.certify();
  });
}
