/**
 * A cycle (Bolte et al. 2021, Figure 2a). Gradient descent on problem 11 goes round in a cycle, because each corner to
 * which s jumps lies on the other side of the line at which it jumps.
 */
import type { Engine, ImplicitCertificate } from '../index.ts';
import {
  type Bilevel,
  certifyAt,
  computeGradients,
  descend,
  evaluateLine,
  findSwitches,
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

/** The library's answer at a point on the line. */
interface LineAnswer {
  /** The selection at the kink. */
  readonly q: number;
  /** Absent where the library refuses to answer. */
  readonly gradient?: Point;
  /** The message of the refusal. */
  readonly refusal?: string;
}

export interface Cycle {
  /** The path of descent from each start for the line −3x + y + 2. */
  readonly cycling: readonly (readonly Point[])[];
  /** The path of descent from each start for the line −2x + y + 2. */
  readonly calm: readonly (readonly Point[])[];
  /**
   * For each start, the number of steps of the last turn, that is, between the last crossing of the line and the last
   * but two.
   */
  readonly stepsAround: readonly number[];
  /** The gradient flow in its cycle: where it crosses the line, and its period. */
  readonly flow: Flow;
  /** The library's answers at (1, 1), which is on the line. There B = 1 − q. */
  readonly onTheLine: readonly LineAnswer[];
  /** The certificate at (1, 1). */
  readonly certificate: ImplicitCertificate;
  /**
   * The number of steps of the last turn, how many of them are within RADIUS of the line, and at how many the
   * certificate fails.
   */
  readonly near: { readonly steps: number; readonly within: number; readonly failed: number };
}

/** A step of the cycle counts as near the line if |L| is at most this. */
export const RADIUS = 0.5;

export async function cycle(engine: Engine, steps = 600): Promise<Cycle> {
  const problems = [...STARTS.map(() => PAPER), ...STARTS.map(() => CALM)];
  const paths = await descend(engine, problems, [...STARTS, ...STARTS], steps, RATE);
  const cycling = paths.slice(0, STARTS.length);
  const stepsAround = cycling.map((path) => {
    const switches = findSwitches(PAPER, path);
    return switches[switches.length - 1] - switches[switches.length - 3];
  });
  return {
    cycling,
    calm: paths.slice(STARTS.length),
    stepsAround,
    flow: followFlow(PAPER, [1, 4], 20),
    certificate: await certifyAt(engine, PAPER, [[1, 1]]),
    near: await certifyNearLine(engine, cycling[0].slice(-stepsAround[0])),
    onTheLine: await Promise.all([0, 0.5, 1].map((q) => askOnLine(engine, q))),
  };
}

async function certifyNearLine(engine: Engine, turn: readonly Point[]): Promise<Cycle['near']> {
  const { samples } = await certifyAt(engine, PAPER, turn, RADIUS);
  return {
    steps: turn.length,
    within: turn.filter((point) => Math.abs(evaluateLine(PAPER, point)) <= RADIUS).length,
    failed: samples.filter(({ status }) => status === 'failed').length,
  };
}

async function askOnLine(engine: Engine, q: number): Promise<LineAnswer> {
  const answer = await catchRefusal(async () => {
    const [gradient] = await computeGradients(engine, [PAPER], [[1, 1]], q);
    return { gradient };
  });
  return { q, ...answer };
}
