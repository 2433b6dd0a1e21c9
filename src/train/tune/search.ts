/**
 * Methods that minimise a criterion in a box from several starts. The starts advance on the host, one batch per step.
 */
import type { Evaluation } from './evaluation.ts';
import type { Visit } from './progress.ts';

/**
 * The interval of each parameter.
 *
 * @inline
 */
export type Bounds = readonly (readonly [low: number, high: number])[];

export interface SearchOptions {
  readonly bounds: Bounds;
  /** A start ends once no parameter moves by more than this. */
  readonly tolerance: number;
  /** The largest number of evaluations for each start. */
  readonly limit: number;
  /** Called with the evaluations of each step, and awaited. */
  readonly onEvaluated: (found: readonly Visited[]) => Promise<void>;
}

interface Visited extends Visit {
  readonly gradient: readonly number[];
}

export type Search = (
  evaluation: Evaluation,
  starts: readonly (readonly number[])[],
  options: SearchOptions,
) => Promise<void>;

function clamp(parameters: readonly number[], bounds: Bounds): number[] {
  return parameters.map((value, index) => Math.min(Math.max(value, bounds[index][0]), bounds[index][1]));
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index])), 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}

async function evaluateStarts(
  evaluation: Evaluation,
  candidates: readonly { readonly start: number; readonly parameters: readonly number[] }[],
  { onEvaluated }: SearchOptions,
): Promise<Visited[]> {
  const found = await evaluation.evaluateAll(
    candidates.map(({ parameters }) => parameters),
    true,
  );
  const visited = found.map((one, index) => ({ ...one, start: candidates[index].start }) as Visited);
  await onEvaluated(visited);
  return visited;
}

/** A step must achieve this share of the decrease that the gradient predicts (Armijo 1966). */
const SUFFICIENT_DECREASE = 1e-4;
/** The farthest that a parameter may move in one step; a move of 1 is a factor of e in the penalty. */
const LARGEST_MOVE = 1;
/** The factor by which the step size shrinks after a step without sufficient decrease. */
const SHRINKING = 0.4;

/**
 * Bounds gradients from below so that dividing by them stays finite. A gradient of 0, where no feature is selected,
 * moves nothing.
 */
const SMALLEST_NORMAL = 2 ** -1022;

interface DescentState {
  readonly at: Visited;
  readonly stepSize: number;
  readonly done: boolean;
}

/**
 * Gradient descent with a line search for each start: θ⁺ = clamp(θ − s∇C), where s is shortened until C falls. The next
 * s is that of Barzilai & Borwein (1988), ⟨Δθ, Δθ⟩/⟨Δθ, Δ∇C⟩. Descent also finds a minimum at a knot, where no gradient
 * vanishes: the steps shrink until they are below the tolerance.
 */
export const descent: Search = async (evaluation, starts, options) => {
  const { bounds, tolerance, limit } = options;
  const first = await evaluateStarts(
    evaluation,
    starts.map((parameters, start) => ({ start, parameters: clamp(parameters, bounds) })),
    options,
  );
  let states: DescentState[] = first.map((at) => ({ at, stepSize: firstStepSize(at), done: false }));
  for (let count = 1; count < limit && states.some(({ done }) => !done); count++) {
    const tried = states.map(({ at, stepSize, done }) => {
      const reach = Math.min(stepSize, LARGEST_MOVE / Math.max(...at.gradient.map(Math.abs), SMALLEST_NORMAL));
      const parameters = clamp(
        at.parameters.map((value, index) => value - reach * at.gradient[index]),
        bounds,
      );
      return {
        parameters,
        start: at.start,
        reach,
        skip: done || largestDifference(parameters, at.parameters) < tolerance,
      };
    });
    const live = tried.filter(({ skip }) => !skip);
    const found = live.length === 0 ? [] : await evaluateStarts(evaluation, live, options);
    const byStart = new Map(found.map((one) => [one.start, one]));
    states = states.map((state, index) => {
      const next = byStart.get(state.at.start);
      return next ? advance(state, next, tried[index].reach) : { ...state, done: true };
    });
  }
};

function firstStepSize({ gradient }: Visited): number {
  return (0.5 * LARGEST_MOVE) / Math.max(...gradient.map(Math.abs), SMALLEST_NORMAL);
}

function advance({ at }: DescentState, next: Visited, reach: number): DescentState {
  const move = next.parameters.map((value, index) => value - at.parameters[index]);
  const promised = -dot(at.gradient, move);
  if (!(next.value <= at.value - SUFFICIENT_DECREASE * promised))
    return { at, stepSize: reach * SHRINKING, done: false };
  const change = next.gradient.map((value, index) => value - at.gradient[index]);
  const curvature = dot(move, change);
  const stepSize = curvature > 0 ? dot(move, move) / curvature : 2 * reach;
  return { at: next, stepSize, done: false };
}

/** The first step size, in units of log λ. */
const ADAM_RATE = 0.3;

/** Adam (Kingma & Ba 2015) for every start, with a rate that falls as 1/√t. */
export const adamSearch: Search = async (evaluation, starts, options) => {
  const { bounds, tolerance, limit } = options;
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-12];
  let live = starts.map((parameters, start) => ({
    start,
    parameters: clamp(parameters, bounds),
    mean: parameters.map(() => 0),
    square: parameters.map(() => 0),
  }));
  for (let count = 1; count <= limit && live.length > 0; count++) {
    const found = await evaluateStarts(evaluation, live, options);
    const rate = ADAM_RATE / Math.sqrt(count);
    live = live.flatMap((state, index) => {
      const { gradient, parameters } = found[index];
      const mean = state.mean.map((value, at) => beta1 * value + (1 - beta1) * gradient[at]);
      const square = state.square.map((value, at) => beta2 * value + (1 - beta2) * gradient[at] ** 2);
      const moved = parameters.map((value, at) => {
        const scale = Math.sqrt(square[at] / (1 - beta2 ** count)) + epsilon;
        return value - (rate * mean[at]) / ((1 - beta1 ** count) * scale);
      });
      const next = clamp(moved, bounds);
      return largestDifference(next, parameters) < tolerance
        ? []
        : [{ start: state.start, parameters: next, mean, square }];
    });
  }
};
