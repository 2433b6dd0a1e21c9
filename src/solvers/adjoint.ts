/**
 * The adjoint system (I − JW)ᵀu = v of a monotone layer (Bolte et al. 2021, Proposition 3); rows are samples. Krylov
 * methods solve it, and so do the splittings of the layer itself, because ũ = Jᵀu is the fixed point ũ = J(Wᵀũ + v).
 */
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Norms, preActivation } from './equation.ts';
import type { ForwardMethod } from './forward.ts';
import { type Jacobian, proximalMapOfJacobian } from './jacobian.ts';
import type { KrylovProblem } from './krylov.ts';
import type { LinearMethod } from './linear.ts';
import { applyMap, type LinearOperator, transposeMap, transposeResolvent } from './linear-map.ts';
import { resolventOf, type SteppedResolvent } from './resolvent.ts';

interface AdjointOptions {
  readonly map: LinearOperator; // W
  readonly J: Jacobian;
  readonly v: Tensor; // [batch, n]
  /** Bound of ‖v − (I − JW)ᵀu‖ / ‖v‖, [1]. */
  readonly tolerance: Tensor;
  /** m > 0 with I − (W + Wᵀ)/2 ⪰ m·I, [1]. */
  readonly margin: Tensor;
  readonly norms: Norms;
  /** The resolvent of the forward solve, if it had one. */
  readonly resolvent: SteppedResolvent | undefined;
  /** Largest number of iterations. */
  readonly limit: number;
}

export type AdjointProblem = KrylovProblem & AdjointOptions;

/**
 * Krylov methods get the active-block form. The correction e of a u with residual r solves (I − JW)ᵀe = r. With J = F
 * Fᵀ (F = diag(√d) for J = diag(d)) and e = r + WᵀFy it becomes
 *   S y = Fᵀr,  S = I − FᵀWᵀF,
 * which for 0/1 J is the system on the active block A, (I − W_AA)ᵀy_A = r_A, and the identity elsewhere. Its
 * symmetric part is I − FᵀF + Fᵀ(I − (W + Wᵀ)/2)F ⪰ min(1, m)·I for every 0 ⪯ J ⪯ I, whereas that of I − JW can be
 * indefinite. A residual s of this form is a residual WᵀFs of the whole system.
 */
export function adjointProblem(options: AdjointOptions): AdjointProblem {
  const { map, J, norms } = options;
  const adjoint = transposeMap(map); // Wᵀ
  const apply = (y: Tensor, operator: LinearOperator): Tensor => {
    const weighted = J.factor(y);
    if (J.diagonalFactor) return applyMap(operator, weighted, { scale: J.diagonalFactor, subtractedFrom: y });
    return elementwise('subtract', [y, J.factorTransposed(applyMap(operator, weighted, {}))]);
  };
  return {
    ...options,
    floor: norms.floor,
    // v − u + WᵀJu
    residual: (u, v) => elementwise('subtract', [applyMap(adjoint, J.apply(u), { bias: v }), u]),
    apply: (y) => apply(y, adjoint),
    applyTransposed: (x) => apply(x, map),
    enter: J.factorTransposed,
    leave: (y, r) => applyMap(adjoint, J.factor(y), { bias: r }),
  };
}

/**
 * A splitting method or a Neumann series as a linear method. The correction e of a u with residual r solves (I −
 * JW)ᵀe = r; a forward iteration on ẽ = J(Wᵀẽ + r), from 0, gives e = r + Wᵀẽ, its pre-activation.
 */
export function adjointIteration({ iteration, run }: ForwardMethod): LinearMethod<AdjointProblem> {
  const { converges, needsResolvent } = iteration;
  return {
    converges,
    needsResolvent,
    prepare(_tracing, problem) {
      const { map, margin, norms, tolerance } = problem;
      if (problem.resolvent || !needsResolvent) return problem;
      const options = { margin, norms, step: undefined, tolerance };
      return { ...problem, resolvent: resolventOf(map, options) };
    },
    correct(tracing, { map, J, margin, norms, resolvent: given }, { r, state, tolerance, limit, last }) {
      const sigma = proximalMapOfJacobian(J, (x) => reduceRows('norm', [x]));
      const resolvent = given && transposeResolvent(given);
      const equation = { map: transposeMap(map), b: r, sigma, margin, norms, step: undefined, resolvent };
      const zeros = tracing.constant({ kind: 'fill', value: 0 }, r.shape);
      const begun = iteration.begin(tracing, equation, zeros, r);
      const floor = elementwise('multiply', [reduceRows('norm', [r]), correctionFloor(norms, margin)]);
      const final = run(tracing, begun, { tolerance, floor, limit, giveUp: !last }, state);
      const e = begun.preActivation?.(final.x) ?? preActivation(equation, begun.solution(final.x));
      return { e, state: final.state };
    },
  };
}

/** The rounding in e for ‖r‖ = 1: ε(1 + ‖W‖)·‖e‖ with ‖e‖ ≤ (m + ‖W‖)/m, [1]. */
function correctionFloor({ bound, floor }: Norms, margin: Tensor): Tensor {
  const largest = elementwise('divide', [elementwise('scale', [bound], [1, 1]), margin]);
  return elementwise('multiply', [floor, elementwise('scale', [largest], [1, 1])]);
}
