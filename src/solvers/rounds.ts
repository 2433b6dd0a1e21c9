/**
 * Iterations in rounds. A method iterates on a residual of its own, which costs it nothing; each round ends with the true
 * one, and where that has not met the tolerance another round goes on from there, aiming lower by what this one missed.
 */
import { elementwise } from '../tensor/kernels.ts';
import type { LoopContext, Tensor } from '../tensor/tensor.ts';
import { freshState, monitor, statusOf, withRemaining } from './monitor.ts';

/** Rounds of a method that ends one only when it believes to be done. */
const ROUNDS = 8;
/** Rounds without progress after which a sample is at the floor, or given up; a method that restarts may need some more. */
const STALE_ROUNDS = 2;
const STALE_RESTARTS = 8;

export interface RoundOptions {
  /** Of the true residual, [1]. */
  readonly tolerance: Tensor;
  /** What the method's residual has to reach in the first round, as a share of the tolerance. */
  readonly aim: number;
  /** Most iterations of all rounds. */
  readonly limit: number;
  /** Iterations after which the method wants a new round, whether it is done or not. */
  readonly restart?: number;
}

/** What a round is given: the state of its samples, of which those that have stopped stay as they are. */
export interface Round {
  /** Holds how many iterations remain of each. */
  readonly state: Tensor;
  /** Of the method's own residual, [batch]. */
  readonly tolerance: Tensor;
  /** Most iterations that remain of any. */
  readonly limit: number;
}

export interface RoundEnd<Values> {
  readonly values: Values;
  /** The true residual, [batch], and that of rounding. */
  readonly residual: Tensor;
  readonly floor: Tensor;
  /** Of the method. */
  readonly state: Tensor;
}

export interface RoundsEnd<Values> {
  readonly values: Values;
  readonly state: Tensor;
}

export function inRounds<Values extends Record<string, Tensor>>(
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
      const end = round(values as unknown as Values, { state: freshState(state), tolerance: aimedAt, limit: length });
      const staleLimit = restart ? STALE_RESTARTS : STALE_ROUNDS;
      // A round is no iteration; it has made those of the method.
      const counted = withRemaining(state, end.state);
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
