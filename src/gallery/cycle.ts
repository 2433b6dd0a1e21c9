/**
 * A cycle (Bolte et al. 2021, Figure 2a). Gradient descent on problem 11 goes round in a cycle, because each corner to
 * which s jumps lies on the other side of the line at which it jumps.
 */
import type { Engine, ProgramCertificate, ProgramCertificates } from '../index.ts';
import {
  type Bilevel,
  certifyAt,
  computeGradients,
  descend,
  evaluateLine,
  findCrossings,
  findSwitches,
  type GradientOptions,
  PAPER,
  type Point,
  RATE,
} from './descent.ts';
import { type Flow, followFlow } from './flow.ts';
import { catchRefusal } from './refusal.ts';

/** The starting points of descent. */
export const STARTS: readonly Point[] = [
  [0, 0],
  [3, 5],
  [1, 4],
  [2.5, 0.5],
  [-1, 2],
];

/** With this line, (3, 5) lies on the side where it solves the inner problem, and descent converges to it. */
export const CALM: Bilevel = { ...PAPER, line: [-2, 1, 2] };

/** With −½‖s‖² in the inner problem s is unique and continuous, and descent converges to critical points. */
export const MENDED: Bilevel = { ...PAPER, curvature: 1 };

/** The library's gradient, or the message of its refusal. */
type Answer = { readonly gradient?: Point; readonly refusal?: string };

/** The certificate and the gradient at a point. */
export type PointAnswer = Answer & {
  readonly point: Point;
  /** L(x, y) */
  readonly level: number;
  readonly certificate: ProgramCertificate;
};

/** The answer at (1, 1), where the certificate is ignored. */
export type SelectedAnswer = Answer & {
  /** The share with which the bounds count as active. */
  readonly selection: number;
};

export interface Cycle {
  /** The path of descent from each start for the line −3x + y + 2. */
  readonly cycling: readonly (readonly Point[])[];
  /** The path of descent from each start for the line −2x + y + 2. */
  readonly calm: readonly (readonly Point[])[];
  /** The path of descent from each start with −½‖s‖² in the inner problem. */
  readonly mended: readonly (readonly Point[])[];
  /** The gradients at the ends of these. */
  readonly mendedGradients: readonly Point[];
  /**
   * For each start, the number of steps of the last turn, that is, between the last crossing of the line and the last
   * but two.
   */
  readonly stepsAround: readonly number[];
  /** The gradient flow in its cycle: where it crosses the line, and its period. */
  readonly flow: Flow;
  /** The certificate at (1, 1), which is on the line. */
  readonly certificate: ProgramCertificates;
  /** The answers at POINTS. */
  readonly answers: readonly PointAnswer[];
  /** The answers at (1, 1), where the certificate is ignored. */
  readonly selected: readonly SelectedAnswer[];
  /** The certificates of the layer along the last turn from the first start: at each step, and where it crosses the line. */
  readonly turn: { readonly steps: Verdicts; readonly crossings: Verdicts };
}

/** At how many points the theorem applies to the layer, and at how many it does not. */
export interface Verdicts {
  readonly points: number;
  readonly certified: number;
  readonly failed: number;
}

/** Three points of the line, and points off it, two of them by a millionth. */
const POINTS: readonly Point[] = [
  [1, 1],
  [2, 4],
  [0, -2],
  [1, 1.000001],
  [1, 0.999999],
  [1, 2],
  [1, 0],
];

export async function cycle(engine: Engine, steps = 600): Promise<Cycle> {
  const problems = [PAPER, CALM, MENDED].flatMap((problem) => STARTS.map(() => problem));
  const starts = problems.map((_, row) => STARTS[row % STARTS.length]);
  const paths = await descend(engine, problems, starts, steps, RATE);
  const [cycling, calm, mended] = [0, 1, 2].map((each) =>
    paths.slice(each * STARTS.length, (each + 1) * STARTS.length),
  );
  const stepsAround = cycling.map((path) => {
    const switches = findSwitches(PAPER, path);
    return switches[switches.length - 1] - switches[switches.length - 3];
  });
  const ends = mended.map((path) => path[path.length - 1]);
  const answers: PointAnswer[] = [];
  for (const point of POINTS) answers.push(await answerAt(engine, point));
  const selected: SelectedAnswer[] = [];
  for (const selection of [0, 0.5, 1]) {
    const answer = await askGradient(engine, [1, 1], { selection, onFailedCertificate: 'ignore' });
    selected.push({ selection, ...answer });
  }
  return {
    cycling,
    calm,
    mended,
    mendedGradients: await computeGradients(
      engine,
      ends.map(() => MENDED),
      ends,
    ),
    stepsAround,
    flow: followFlow(PAPER, [1, 4], 20),
    certificate: await certifyAt(engine, [PAPER], [[1, 1]]),
    answers,
    selected,
    turn: await certifyTurn(engine, cycling[0].slice(-stepsAround[0] - 1)),
  };
}

async function answerAt(engine: Engine, point: Point): Promise<PointAnswer> {
  const [certificate] = (await certifyAt(engine, [PAPER], [point])).samples;
  return { point, level: evaluateLine(PAPER, point), certificate, ...(await askGradient(engine, point)) };
}

async function askGradient(engine: Engine, point: Point, options?: GradientOptions): Promise<Answer> {
  return catchRefusal(async () => {
    const [gradient] = await computeGradients(engine, [PAPER], [point], options);
    return { gradient };
  });
}

async function certifyTurn(engine: Engine, turn: readonly Point[]): Promise<Cycle['turn']> {
  return {
    steps: await countVerdicts(engine, turn.slice(1)),
    crossings: await countVerdicts(engine, findCrossings(PAPER, turn)),
  };
}

async function countVerdicts(engine: Engine, points: readonly Point[]): Promise<Verdicts> {
  const { samples } = await certifyAt(
    engine,
    points.map(() => PAPER),
    points,
  );
  const count = (wanted: string): number => samples.filter(({ status }) => status === wanted).length;
  return { points: points.length, certified: count('certified'), failed: count('failed') };
}
