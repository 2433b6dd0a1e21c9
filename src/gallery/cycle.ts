/**
 * A cycle (Bolte et al. 2021, Figure 2a): gradient descent on problem 11 goes round and round, because each corner that s
 * jumps to lies on the other side of the line on which it jumps.
 */
import type { Engine, ImplicitCertificate } from '../index.ts';
import {
  type Bilevel,
  certificateAt,
  descended,
  evaluateLine,
  findSwitches,
  gradients,
  PAPER,
  type Point,
  RATE,
} from './descent.ts';
import { type Flow, followFlow } from './flow.ts';
import { answerOrRefusal } from './refusal.ts';

export const STARTS: readonly Point[] = [
  [0, 0],
  [3, 5],
  [1, 4],
  [2.5, 0.5],
  [-1, 2],
];

/** With this line (3, 5) lies on the side on which it is the answer, and descent ends there. */
export const CALM: Bilevel = { ...PAPER, line: [-2, 1, 2] };

export interface LineAnswer {
  readonly q: number;
  /** Absent where the library refuses. */
  readonly gradient?: Point;
  readonly refusal?: string;
}

export interface Cycle {
  /** From each start, for the line −3x + y + 2 and for −2x + y + 2. */
  readonly cycling: readonly (readonly Point[])[];
  readonly calm: readonly (readonly Point[])[];
  /** From each start, the steps of the last turn: from one crossing of the line to the next but one. */
  readonly stepsAround: readonly number[];
  /** Where the gradient flow crosses the line once it goes round, and in what time. */
  readonly flow: Flow;
  /** What the library answers at (1, 1), on the line: there B = 1 − q. */
  readonly onTheLine: readonly LineAnswer[];
  /** At (1, 1), on the line. */
  readonly certificate: ImplicitCertificate;
  /** Of the steps of the last turn: how many come within RADIUS of the line, and at how many the certificate fails there. */
  readonly near: { readonly steps: number; readonly within: number; readonly failed: number };
}

/** Of |L|: how near the line a step of the cycle is looked at. */
export const RADIUS = 0.5;

export async function cycle(engine: Engine, steps = 600): Promise<Cycle> {
  const problems = [...STARTS.map(() => PAPER), ...STARTS.map(() => CALM)];
  const paths = await descended(engine, problems, [...STARTS, ...STARTS], steps, RATE);
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
    certificate: await certificateAt(engine, PAPER, [[1, 1]]),
    near: await certifyNearLine(engine, cycling[0].slice(-stepsAround[0])),
    onTheLine: await Promise.all([0, 0.5, 1].map((q) => askOnLine(engine, q))),
  };
}

async function certifyNearLine(engine: Engine, turn: readonly Point[]): Promise<Cycle['near']> {
  const { samples } = await certificateAt(engine, PAPER, turn, RADIUS);
  return {
    steps: turn.length,
    within: turn.filter((point) => Math.abs(evaluateLine(PAPER, point)) <= RADIUS).length,
    failed: samples.filter(({ status }) => status === 'failed').length,
  };
}

async function askOnLine(engine: Engine, q: number): Promise<LineAnswer> {
  const answer = await answerOrRefusal(async () => {
    const [gradient] = await gradients(engine, [PAPER], [[1, 1]], q);
    return { gradient };
  });
  return { q, ...answer };
}
