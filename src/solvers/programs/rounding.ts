/**
 * Moves of single numbers by a few units in the last place, which bring the gap of a solution down where the rounding of
 * one large multiplier outweighs it.
 */
import { EQUALITY, type Form } from './form.ts';
import { type Judged, judge } from './judgement.ts';
import type { ProgramSettings } from './problem.ts';

const MOVES = 24;
/** Candidates that are judged exactly for each move. */
const TRIALS = 6;

interface Move {
  /** Of y, or of x. */
  readonly isMultiplier: boolean;
  readonly index: number;
  readonly value: number;
  /** The size of the gap after it, to first order. */
  readonly gap: number;
}

/** @returns the best point found, which may be the one given */
export function moveByUnits(form: Form, from: Judged, settings: ProgramSettings): Judged {
  let best = from;
  for (let move = 0; move < MOVES && best.merit > 1; move++) {
    const candidates = movesFrom(form, best).sort((first, second) => first.gap - second.gap);
    const better = candidates
      .slice(0, TRIALS)
      .map((candidate) => judge(form, moved(best, candidate), settings))
      .find(({ merit }) => merit < best.merit);
    if (!better) break;
    best = better;
  }
  return best;
}

function moved({ x, y }: Judged, { isMultiplier, index, value }: Move): { x: Float64Array; y: Float64Array } {
  const [newX, newY] = [x.slice(), y.slice()];
  (isMultiplier ? newY : newX)[index] = value;
  return { x: newX, y: newY };
}

function movesFrom(form: Form, { x, y, evaluation }: Judged): Move[] {
  const { gap, Px } = evaluation;
  const moves: Move[] = [];
  const consider = (isMultiplier: boolean, index: number, before: number, slope: number): void => {
    if (slope === 0 || !Number.isFinite(slope)) return;
    const value = before - gap / slope;
    const change = value - before;
    // A step that changes many digits would change the residuals as well.
    if (value === before || value * before <= 0 || Math.abs(change) > 1e-9 * Math.abs(before)) return;
    moves.push({ isMultiplier, index, value, gap: Math.abs(gap + slope * change) });
  };
  for (let i = 0; i < form.m; i++) {
    if (y[i] !== 0) consider(true, i, y[i], form.kinds[i] === EQUALITY || y[i] > 0 ? form.u[i] : form.l[i]);
  }
  for (let j = 0; j < form.n; j++) consider(false, j, x[j], 2 * Px[j] + form.q[j]);
  return moves;
}
