/** On which of twenty perturbed copies of the problem does descent cycle (Bolte et al. 2021, Figure 2b)? */
import { random } from '../data/random.ts';
import type { Engine } from '../index.ts';
import { type Bilevel, certifyAt, descend, findSwitches, PAPER, type Point, RATE } from './descent.ts';

/** The variance of the perturbation of each coefficient. */
export const VARIANCE = 0.4;

/** The number of perturbed copies. */
const DRAWS = 20;

/** Possible meanings of "the coefficients" in the paper, which defines them only in an appendix. */
const READINGS = ['the line', 'the line and the weights', 'the line, the weights and the box'] as const;

/**
 * 'cycle': goes round. 'slide': moves along the line while crossing it to and fro. 'rest': converges to a corner.
 * 'unfinished': neither.
 */
export type Outcome = 'cycle' | 'slide' | 'rest' | 'unfinished';

export interface PerturbedReading {
  readonly reading: (typeof READINGS)[number];
  readonly paths: readonly (readonly Point[])[];
  readonly outcomes: readonly Outcome[];
  /** The number of paths at whose ends the theorem applies to the layer. */
  readonly certified: number;
}

/** How long descent goes on. */
export interface Patience {
  /** The number of steps after which outcomes are first looked at. */
  readonly first: number;
  /** A problem that is unfinished goes on for twice as many, at most to this number. */
  readonly most: number;
}

export async function perturbed(
  engine: Engine,
  patience: Patience = { first: 200, most: 800 },
  seed = 20,
): Promise<PerturbedReading[]> {
  const problems = READINGS.flatMap((_, reading) => drawProblems(reading, seed));
  const { paths, outcomes } = await descendUntilSettled(engine, problems, RATE, patience);
  const ends = paths.map((path) => path[path.length - 1]);
  const { samples } = await certifyAt(engine, problems, ends);
  return READINGS.map((reading, index) => {
    const own = (_: unknown, row: number): boolean => Math.floor(row / DRAWS) === index;
    const certified = samples.filter(own).filter(({ status }) => status === 'certified').length;
    return { reading, paths: paths.filter(own), outcomes: outcomes.filter(own), certified };
  });
}

/** Descent from (1, 1) on each problem until its outcome is clear. */
export async function descendUntilSettled(
  engine: Engine,
  problems: readonly Bilevel[],
  rate: number,
  { first, most }: Patience,
): Promise<{ readonly paths: readonly (readonly Point[])[]; readonly outcomes: readonly Outcome[] }> {
  const paths = problems.map((): Point[] => [[1, 1]]);
  const outcomes = problems.map((): Outcome => 'unfinished');
  for (let steps = first, done = 0; steps <= most; done = steps, steps *= 2) {
    const rows = problems.flatMap((_, row) => (outcomes[row] === 'unfinished' ? [row] : []));
    const further = await descend(
      engine,
      rows.map((row) => problems[row]),
      rows.map((row) => paths[row][done]),
      rows.length > 0 ? steps - done : 0,
      rate,
    );
    for (const [index, row] of rows.entries()) {
      paths[row].push(...further[index].slice(1));
      outcomes[row] = classifyOutcome(problems[row], paths[row]);
    }
  }
  return { paths, outcomes };
}

/** Each problem draws the same seven normal numbers for every reading, which uses as many as it needs. */
function drawProblems(reading: number, seed: number): Bilevel[] {
  const { normal } = random(seed);
  return Array.from({ length: DRAWS }, () => {
    const [p, q, r, v, w, a, b] = Array.from({ length: 7 }, () => Math.sqrt(VARIANCE) * normal());
    const { line, weights, box } = PAPER;
    return {
      line: [line[0] + p, line[1] + q, line[2] + r],
      weights: reading >= 1 ? [weights[0] + v, weights[1] + w] : weights,
      box: reading >= 2 ? [box[0] + a, box[1] + b] : box,
    };
  });
}

/** Classifies the second half of the path, where the start no longer matters. */
export function classifyOutcome(problem: Bilevel, path: readonly Point[]): Outcome {
  const late = path.slice(Math.floor(path.length / 2));
  const switches = findSwitches(problem, late);
  if (switches.some((step) => isAttracting(problem, late[step]))) return 'slide';
  if (switches.length >= 2) return 'cycle';
  const [before, after] = path.slice(-2);
  const moved = Math.hypot(after[0] - before[0], after[1] - before[1]);
  return switches.length === 0 && moved < RESTING_STEP ? 'rest' : 'unfinished';
}

/** Whether, near this point, descent returns to the line from both sides. */
function isAttracting(problem: Bilevel, point: Point): boolean {
  return rateOfRise(problem, point, problem.box) < 0 && rateOfRise(problem, point, [0, 0]) > 0;
}

/** The rate at which L grows along the flow towards the corner s. */
function rateOfRise({ line, weights }: Bilevel, point: Point, s: Point): number {
  return [0, 1].reduce((sum, k) => sum + line[k] * 2 * weights[k] * (s[k] - point[k]), 0);
}

/** A descent whose last step is shorter than this has come to rest. */
const RESTING_STEP = 1e-4;
