import { gmres } from '../solvers/gmres.ts';
import type { Begun } from '../solvers/iteration.ts';
import { krylov } from '../solvers/krylov.ts';
import { asColumn, initialState } from '../solvers/monitor.ts';
import { combine, elementwise, reduceRows } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { type ImplicitSystem, makeMatrixFreeProblem } from './system.ts';

/** A Newton step solves its linear system to this residual, relative to ‖F‖. */
const FORCING = 1e-3;
/** Iterations of GMRES in one Newton step: one cycle, without a restart. */
const INNER_LIMIT = 16;
/** The lengths that the line search tries, longest first. */
const LENGTHS = [1, 0.5, 0.125];
/**
 * The last length that is tried. Where it leaves the domain of F too, the sample's next Newton step is no longer than
 * this.
 */
const SHORTEST = 1 / 64;
/** Above every norm that decides between lengths; NaN and infinity are not below it. */
const LARGEST = 2 ** 126;

/**
 * Newton-Krylov (Knoll & Keyes 2004): x⁺ = x − tδ with Bδ = F(x), where GMRES solves for δ by products with B = ∂F/∂z.
 * The line search takes, sample by sample, the length t with the least residual, and the shortest where none reduces
 * the residual. A residual that is NaN, because F is not defined there, counts as infinite; where no length stays in
 * the domain, x stays as it is and the next step tries shorter ones. At kinks B is the element of the Clarke Jacobian
 * that the selection names, which makes this a semismooth Newton method (Qi & Sun 1993).
 */
export function newtonKrylov(system: ImplicitSystem, start: Tensor, context: LoopContext): Begun {
  const [batch] = start.shape;
  const constant = (value: number, shape: readonly number[] = [1]): Tensor =>
    context.constant({ kind: 'fill', value }, shape);
  const method = krylov(gmres);
  const residualAt = (x: Tensor): Tensor => reduceRows('norm', [system.value(x, system.image(x))]);
  return {
    start: { x: start, reach: constant(1, [batch]) },
    step({ x, reach }) {
      const { image, direct, transposed } = system.linearise(x);
      const value = system.value(x, image);
      const size = reduceRows('norm', [value]);
      const problem = makeMatrixFreeProblem(direct, transposed, value, constant(FORCING), INNER_LIMIT);
      const tolerance = elementwise('scale', [size], [FORCING, 0]);
      const round = {
        r: value,
        state: initialState(context, batch, INNER_LIMIT),
        tolerance,
        limit: INNER_LIMIT,
        last: true,
      };
      const { e: change } = method.correct(context, problem, round);
      const tried = (length: number): { stepped: Tensor; residual: Tensor } => {
        const stepped = combine({ x }, { x: change, coefficient: reach, factor: -length });
        return { stepped, residual: residualAt(stepped) };
      };
      let [next, least] = [x, size];
      // Comparisons with NaN are false, so that a NaN never replaces a residual.
      for (const length of LENGTHS) {
        const { stepped, residual } = tried(length);
        const better = elementwise('greater', [least, residual]);
        next = elementwise('select', [asColumn(better), stepped, next]);
        least = elementwise('select', [better, residual, least]);
      }
      const { stepped, residual } = tried(SHORTEST);
      const most = elementwise('select', [elementwise('greater', [size, least]), least, constant(LARGEST)]);
      const taken = elementwise('greater', [most, residual]);
      const inside = elementwise('greater', [constant(LARGEST), residual]);
      const nearer = elementwise('scale', [reach], [SHORTEST, 0]);
      return {
        next: {
          x: elementwise('select', [asColumn(taken), stepped, next]),
          reach: elementwise('select', [inside, constant(1), nearer]),
        },
        residual: system.relativeResidual(x, size),
      };
    },
    keeps: 'x',
    solution: (x) => x,
  };
}
