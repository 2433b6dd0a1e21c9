/** Entropic optimal transport as a differentiable function (M. Cuturi 2013; G. Luise et al. 2018). */
import { COUNT, POSITIVE } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { solveTransport } from '../../solvers/transport/sinkhorn.ts';
import { isTensor, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { checkPositiveOrTensor, lastAxes, readNodeArguments } from './arguments.ts';
import { NODE_OPTIONS, type NodeOptions, nodeSettings } from './options.ts';
import { type NodeSolution, solveNode } from './solve-node.ts';
import { TransportSample } from './transport-sample.ts';

/** The options of `optimalTransport`. */
export interface OptimalTransportOptions extends NodeOptions {
  /** ε > 0, the weight of the entropy, in units of C: a number, or a tensor [1], which gets a gradient. */
  epsilon: number | Tensor;
  /** The sums of the rows of P, > 0, [n] or [.., n]. Default 1/n. */
  a?: Tensor;
  /** The sums of the columns, > 0, [m] or [.., m], with the same sum as a. Default Σa/m. */
  b?: Tensor;
  /** The largest Σ|P1 − a|/Σa of a sample that is solved. Default 1e-11. */
  tolerance?: number;
  /** The largest number of Sinkhorn iterations. Default 10,000. */
  limit?: number;
}

/**
 * What `optimalTransport` returns. P > 0 makes the theorem hold; a sample is unknown where P falls apart into blocks up to
 * rounding, since ε is small beside the range of C.
 */
export interface OptimalTransport extends NodeSolution {
  /** [n, m] or [.., n, m]. Reading it awaits the report. */
  readonly plan: Tensor;
}

const OPTIONS: Checks<OptimalTransportOptions> = {
  ...NODE_OPTIONS,
  epsilon: 0,
  a: TENSOR,
  b: TENSOR,
  tolerance: POSITIVE,
  limit: COUNT,
};

/**
 * The plan P ≥ 0 with the marginals P1 = a and Pᵀ1 = b that minimises Σ PᵢⱼCᵢⱼ + ε Σ Pᵢⱼ(log Pᵢⱼ − 1), differentiated in
 * C, a, b and ε. With (u, w) the solution of diag(a)u + Pw = (P̄∘P)1, Pᵀu + diag(b)w = (P̄∘P)ᵀ1 for a cotangent P̄:
 * C̄ = −P∘(P̄ − u ⊕ w)/ε, ā = u, b̄ = w, ε̄ = −⟨C, C̄⟩/ε. Only changes of a and b of equal sums are meant, so that ā and b̄
 * are known up to (+c, −c): ā has the mean 0.
 *
 * Forward: Sinkhorn's iterations in the log domain, and Newton's method where they are slow; by the host, in float64 on
 * every backend. Returns at once. Reading plan, or anything computed from it, rejects with a RangeError where a number of
 * an argument is not finite or not allowed, with a ConvergenceError where the limit was reached, and with the signal's
 * reason once the signal is aborted.
 * @param C [n, m] or [.., n, m]
 * @throws RangeError if a shape or an option is wrong; the signal's reason if the signal is aborted already
 */
export function optimalTransport(C: Tensor, given: OptimalTransportOptions): OptimalTransport {
  const what = 'optimalTransport';
  const [n, m] = lastAxes(`${what}: C`, C, 2);
  const options = readOptions(what, given, OPTIONS, 'epsilon');
  const { epsilon, a, b, tolerance = 1e-11, limit = 10_000 } = options;
  checkPositiveOrTensor(`${what}: epsilon`, epsilon);
  const read = readNodeArguments(what, {
    C: [C, [n, m]],
    a: a && [a, [n]],
    b: b && [b, [m]],
    epsilon: isTensor(epsilon) ? [epsilon, [1]] : undefined,
  });
  const order = read.args.map(({ name }) => ['C', 'a', 'b', 'epsilon'].indexOf(name));
  const { tensors, solution } = solveNode(read, [{ shape: [n, m], width: n * m }], {
    what,
    settings: nodeSettings(options, tolerance),
    solver: 'sinkhorn',
    examined: 'the equations of the marginals',
    singular:
      'the plan falls apart into blocks up to rounding, so that nothing ties their potentials to one another; take a larger epsilon',
    selection: 0,
    unsolved: 'Raise limit, loosen tolerance, or take a larger epsilon',
    isSelected: false,
    *solve(numbers, sample, isCutShort) {
      const own = (place: number): Float64Array | undefined => numbers[order.indexOf(place)];
      const rows = own(1) ?? new Float64Array(n).fill(1 / n);
      const columns = own(2) ?? new Float64Array(m).fill(sum(rows) / m);
      const strength = own(3)?.[0] ?? (epsilon as number);
      if (!(strength > 0)) throw new RangeError(`${what}: epsilon is ${strength}; it must be > 0`);
      refuseMarginals(what, { a: rows, b: columns }, sample, read.engine.epsilon);
      // The sums agree but for the rounding of the data.
      const share = sum(rows) / sum(columns);
      const cost = numbers[0].map((value) => value / strength);
      if (!cost.every((value) => Number.isFinite(2 * value))) {
        throw new RangeError(`${what}: epsilon is ${strength}; it is too small for C, which it divides`);
      }
      const data = { cost, a: rows, b: columns.map((value) => value * share) };
      const solved = yield* solveTransport(data, { tolerance, limit, isCutShort });
      return new TransportSample(data, solved, { order, strength, tolerance, epsilon: read.engine.epsilon });
    },
  });
  return { plan: tensors[0], ...solution };
}

const sum = (numbers: Float64Array): number => numbers.reduce((total, value) => total + value, 0);

/** @throws RangeError that names the sample, where a number is not > 0 or the sums differ */
function refuseMarginals(
  what: string,
  { a, b }: Readonly<Record<'a' | 'b', Float64Array>>,
  sample: number,
  epsilon: number,
): void {
  for (const [name, numbers] of Object.entries({ a, b })) {
    const wrong = numbers.find((value) => !(value > 0));
    if (wrong !== undefined) {
      throw new RangeError(`${what}: ${name}, sample ${sample}, holds ${wrong}; every number must be > 0`);
    }
  }
  const [first, second] = [sum(a), sum(b)];
  if (Math.abs(first - second) > 64 * Math.sqrt(a.length + b.length) * epsilon * first) {
    throw new RangeError(`${what}: a has the sum ${first} and b ${second}, sample ${sample}; they must have the same`);
  }
}
