/**
 * Iterations in rounds. A method iterates on a residual of its own, which costs nothing. Each round ends with the
 * true residual. If that misses the tolerance, another round continues from there and aims lower, by the factor that
 * this one missed.
 */
import { elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { createFreshState, monitor, statusOf, takeOverRemaining } from './monitor.ts';

/** Number of rounds of a method that ends a round only when it considers itself done. */
const ROUNDS = 8;
/**
 * After this many rounds without progress a sample is at the floor, or given up; a method that restarts may need
 * more.
 */
const STALE_ROUNDS = 2;
const STALE_RESTARTS = 8;

interface RoundOptions {
  /** Bound of the true residual, [1]. */
  readonly tolerance: Tensor;
  /** What the method's residual has to reach in the first round, as a share of the tolerance. */
  readonly aim: number;
  /** Largest number of iterations of all rounds. */
  readonly limit: number;
  /** Number of iterations after which the method starts a new round, whether it is done or not. */
  readonly restart?: number;
}

/** A round as the method sees it. Samples that have stopped stay as they are. */
export interface Round {
  /** State of the samples; it holds how many iterations remain for each. */
  readonly state: Tensor;
  /** Bound of the method's own residual, [batch]. */
  readonly tolerance: Tensor;
  /** Largest number of iterations that remain for any sample. */
  readonly limit: number;
}

interface RoundEnd<Values> {
  readonly values: Values;
  /** The true residual, [batch], and its rounding. */
  readonly residual: Tensor;
  readonly floor: Tensor;
  /** State after the method. */
  readonly state: Tensor;
}

/** What the rounds carry: the values of the method, and the state of the samples. */
export interface RoundsEnd<Values> {
  readonly values: Values;
  readonly state: Tensor;
}

/**
 * Traces the rounds of a method, until each sample has met the tolerance, is at the floor, or is given up.
 * @param round traces one round: from the carried values to the values and the true residual at its end
 */
export function runInRounds<Values extends Record<string, Tensor>>(
  tracing: LoopContext,
  start: RoundsEnd<Values>,
  { tolerance, aim, limit, restart }: RoundOptions,
  round: (values: Values, round: Round) => RoundEnd<Values>,
): RoundsEnd<Values> {
  const length = Math.min(restart ?? limit, limit);
  const rounds = restart ? Math.ceil(limit / length) : ROUNDS;
  const ones = tracing.constant({ kind: 'fill', value: 1 }, [start.state.shape[1]]);
  const aimed = elementwise('scale', [tolerance], [aim, 0]);
  const carried = {
    ...start.values,
    state: start.state,
    aimedAt: elementwise('multiply', [ones, aimed]),
  };
  const final = tracing.loop<typeof carried>(
    carried,
    ({ state }) => statusOf(state),
    rounds,
    ({ state, aimedAt, ...values }) => {
      const end = round(values as unknown as Values, {
        state: createFreshState(state),
        tolerance: aimedAt,
        limit: length,
      });
      const staleLimit = restart ? STALE_RESTARTS : STALE_ROUNDS;
      // A round itself is no iteration; the method has counted its own.
      const counted = takeOverRemaining(state, end.state);
      const options = { giveUp: true, staleLimit, count: 0 };
      const missed = elementwise('minimum', [ones, elementwise('divide', [aimed, end.residual])]);
      return {
        ...end.values,
        state: monitor(counted, end.residual, tolerance, end.floor, options),
        aimedAt: elementwise('multiply', [aimedAt, missed]),
      };
    },
  );
  const { state, aimedAt: _, ...values } = final;
  return { values: values as unknown as Values, state };
}
