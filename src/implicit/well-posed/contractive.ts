/** z = φ(Az + b) of implicit deep learning, well posed by a norm of A (El Ghaoui et al. 2021). */
import { BOOLEAN } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { zerosLike } from '../../autodiff/derivatives.ts';
import { checkMask } from '../../solvers/activations.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { type ImplicitSolution, solveWellPosed } from '../root.ts';
import { checkedEngine, type FixedPointOptions, IMPLICIT_OPTIONS, implicitSettings } from '../root-options.ts';
import { type NonExpansiveActivation, readNonExpansive } from './non-expansive.ts';
import type { WellPosed } from './verdict.ts';
import { examine } from './well-posed.ts';

/** The options of `contractiveFixedPoint`: those of `fixedPoint`, with an activation. */
export interface ContractiveOptions extends Omit<FixedPointOptions, 'unknown' | 'inputs' | 'coupled'> {
  /** φ, non-expansive component by component: |φ(s) − φ(t)| ≤ |s − t|. By name, or with parameters. */
  activation: NonExpansiveActivation;
  /** The start of the iteration, of the shape of b. Default: zeros. */
  initial?: Tensor | undefined;
  /**
   * Whether A is read back and examined, on the host in float64 beside the solve. Without it nothing is certified by A
   * alone, and no error is bounded. Default true.
   */
  checkInputs?: boolean;
}

const { unknown: _unknown, inputs: _inputs, coupled: _coupled, ...OF_SOLVE } = IMPLICIT_OPTIONS;
export const CONTRACTIVE_OPTIONS: Checks<ContractiveOptions> = {
  ...OF_SOLVE,
  activation: 0,
  initial: TENSOR,
  checkInputs: BOOLEAN,
};

/**
 * Solves z = φ(Az + b) for every row of b, and differentiates z with respect to A and b (El Ghaoui, Gu, Travacca, Askari
 * and Tsai, "Implicit Deep Learning", 2021).
 *
 * For every b there is exactly one solution, and a gradient, where φ is non-expansive component by component and the
 * Perron-Frobenius eigenvalue λ_pf(|A|) is below 1, as it is with ‖A‖∞ = max_i Σ_j |A_ij| < 1. Or where φ is nondecreasing
 * besides and I − A is monotone, for which see `monotoneFixedPoint`. All three are tried, and the certificate of each gradient
 * names the one that holds; where none does it is `unknown`, and the solve may fail. A λ_pf is shown by a vector x > 0 with |A|x ≤ κx, κ < 1, found on
 * the host: one product in float64 checks it.
 *
 * Where one of them holds, each sample of the report has an `errorBound`. With x = 1, which means ‖A‖∞ ≤ κ, the bound
 * in the largest entry is residual/(1 − κ); the report's is the Euclidean one.
 *
 * Returns at once. Everything else is as for `fixedPoint`.
 * @param A [n, n]
 * @param b [batch, n]
 * @throws RangeError where a shape or an option is wrong, or where the activation is not non-expansive, as gelu and
 *   swish are not; the signal's reason where the signal is aborted
 */
export function contractiveFixedPoint(A: Tensor, b: Tensor, given: ContractiveOptions): ImplicitSolution {
  const options = readOptions('contractiveFixedPoint', given, CONTRACTIVE_OPTIONS, 'activation');
  return solveContractive('contractiveFixedPoint', A, b, options);
}

/**
 * `contractiveFixedPoint` for layers.
 * @param known what holds of A by construction. Default: A is examined
 */
export function solveContractive(
  what: string,
  A: Tensor,
  b: Tensor,
  { activation, initial, checkInputs = true, ...options }: ContractiveOptions,
  known?: WellPosed,
): ImplicitSolution {
  const { apply, isMonotone, proximal } = readNonExpansive(activation);
  const settings = implicitSettings('fixed point', known ? withSolversFor(options) : options);
  const n = checkShapes(what, A, b, initial);
  if (proximal) checkMask(proximal, n);
  const engine = engineOf(`${what}: b`, b);
  const wellPosed = known ? Promise.resolve(known) : checkInputs ? examine(A, isMonotone, options.signal) : undefined;
  wellPosed?.catch(() => {}); // reported through the report
  return engine.runOrFree(() => {
    const unknown = initial ?? zerosLike(b);
    const inputs = [A, b];
    checkedEngine(what, unknown, inputs);
    const f = (z: Tensor, matrix: Tensor, bias: Tensor): Tensor =>
      apply(z.matmul(matrix, { transposeB: true }).add(bias));
    const solution = solveWellPosed({ what, f, engine, unknown, inputs, settings, wellPosed });
    if (unknown !== initial) unknown.dispose();
    return solution;
  });
}

/**
 * Where repetition is known to contract, the cheapest iterations win: measured on a layer of 50 units in training, all of
 * its steps took less than half of the time with these solvers.
 */
function withSolversFor<Options extends Pick<ContractiveOptions, 'solver' | 'linearSolver'>>(
  options: Options,
): Options {
  const { solver = 'auto', linearSolver = 'auto' } = options;
  return {
    ...options,
    solver: solver === 'auto' ? 'picard+anderson' : solver,
    linearSolver: linearSolver === 'auto' ? 'bicgstab+gmres' : linearSolver,
  };
}

/** @returns n. @throws RangeError where shapes do not fit */
function checkShapes(what: string, A: Tensor, b: Tensor, initial: Tensor | undefined): number {
  TENSOR(`${what}: A`, A);
  TENSOR(`${what}: b`, b);
  checkTogether(what, { A, b, initial });
  if (b.shape.length !== 2)
    throw new RangeError(`${what}: b has the shape ${formatShape(b.shape)}; it must be [batch, n]`);
  const [, n] = b.shape;
  if (!sameShape(A.shape, [n, n])) {
    throw new RangeError(
      `${what}: A has the shape ${formatShape(A.shape)}; b of shape ${formatShape(b.shape)} needs [${n}, ${n}]`,
    );
  }
  if (initial && !sameShape(initial.shape, b.shape)) {
    throw new RangeError(
      `${what}: initial has the shape ${formatShape(initial.shape)}; it must be that of b, ${formatShape(b.shape)}`,
    );
  }
  return n;
}
