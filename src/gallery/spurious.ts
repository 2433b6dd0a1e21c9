/**
 * A spurious derivative (Bolte et al. 2021, section 1 and Figure 1, left): a smooth function that is written with
 * relus, so that its computed derivative at 0 depends on the choice of relu'(0).
 */
import { type Engine, type ImplicitCertificate, root, type Tensor, valueAndGrad } from '../index.ts';
import { catchRefusal } from './refusal.ts';

/**
 * f(z) = tanh z + relu(−z) + z − relu(z), which equals tanh z. With relu'(0) = q, its computed derivative at 0 is 2 −
 * 2q.
 */
export function f(z: Tensor, q: number): Tensor {
  return z
    .tanh()
    .add(z.neg().relu({ selection: q }))
    .add(z)
    .sub(z.relu({ selection: q }));
}

/** An equation between x and z, and its exact solution z(x). */
interface Equation {
  residual(z: Tensor, x: Tensor, q: number): Tensor;
  solution(x: number): number;
}

/** z = f(x), so that z = tanh x. B = 1 for every q. */
export const EXPLICIT: Equation = { residual: (z, x, q) => z.sub(f(x, q)), solution: Math.tanh };

/** x = f(z), so that z = artanh x. B = −f'(z), which is 0 for z = 0 and q = 1. */
export const INVERSE: Equation = { residual: (z, x, q) => x.sub(f(z, q)), solution: Math.atanh };

/** dz/dx at each point, by implicit differentiation. */
export async function computeSlopes(
  engine: Engine,
  equation: Equation,
  at: readonly number[],
  q: number,
): Promise<number[]> {
  return engine.tidy(async (scope) => {
    const x = scope.tensor(at, [at.length, 1]);
    const z = scope.tensor(at.map(equation.solution), [at.length, 1]);
    const F = (unknown: Tensor, given: Tensor): Tensor => equation.residual(unknown, given, q);
    const solved = (given: Tensor): Tensor => root(F, { unknown: z, inputs: [given], solver: 'given' }).sum();
    const [, [gradient]] = await valueAndGrad(solved, [x]);
    const found = Array.from(await gradient.data());
    gradient.dispose();
    return found;
  });
}

export interface SpuriousReading {
  /** relu'(0). */
  readonly q: number;
  /** dz/dx at 0 for z = f(x), the computed derivative of f. The true derivative is 1. */
  readonly explicit: number;
  /** dz/dx at 0 for x = f(z); absent where the library refuses to answer. */
  readonly inverse?: number;
  /** The message of the refusal. */
  readonly refusal?: string;
}

interface SpuriousCurve {
  readonly x: readonly number[];
  readonly slope: readonly number[];
}

export interface Spurious {
  readonly readings: readonly SpuriousReading[];
  /** dz/dx away from 0, where relu has no kink. */
  readonly explicit: SpuriousCurve;
  readonly inverse: SpuriousCurve;
  /** The certificate of x = f(z) at 0. */
  readonly certificate: ImplicitCertificate;
}

export async function spurious(engine: Engine): Promise<Spurious> {
  const readings: SpuriousReading[] = [];
  for (const q of [0, 0.5, 1]) {
    const [explicit] = await computeSlopes(engine, EXPLICIT, [0], q);
    readings.push({ q, explicit, ...(await askInverseAt0(engine, q)) });
  }
  const curve = async (equation: Equation, end: number): Promise<SpuriousCurve> => {
    const x = Array.from({ length: 80 }, (_, index) => (end * (index - 39.5)) / 39.5);
    return { x, slope: await computeSlopes(engine, equation, x, 0) };
  };
  const certificate = await certifyAt0(engine);
  return { readings, explicit: await curve(EXPLICIT, 2), inverse: await curve(INVERSE, 0.8), certificate };
}

/** For q = 1 the linear system is singular, and the library throws. */
async function askInverseAt0(engine: Engine, q: number): Promise<Pick<SpuriousReading, 'inverse' | 'refusal'>> {
  return catchRefusal(async () => {
    const [inverse] = await computeSlopes(engine, INVERSE, [0], q);
    return { inverse };
  });
}

/** Certifies x = f(z) at 0, over all selections at the two kinks. */
async function certifyAt0(engine: Engine): Promise<ImplicitCertificate> {
  return engine.tidy(async (scope) => {
    const zero = scope.tensor([0], [1, 1]);
    const F = (z: Tensor, x: Tensor): Tensor => INVERSE.residual(z, x, 0);
    return root(F, { unknown: zero, inputs: [zero], solver: 'given' }).solve.certify();
  });
}
