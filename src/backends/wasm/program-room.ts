/** The room that samples of both kinds of programs take; the modules in assembly/ lay it out. */
import type { Reservations } from './lower.ts';

/** The work between two looks at the clock, in multiplications: some milliseconds on one thread. */
const AT_ONCE = 2 ** 24;
/** What the samples in progress may take, in numbers. */
const MEMORY = 2 ** 24;
/** Numbers before the matrices. */
const FACTS = 8;

/** The number of rows or columns that a matrix has in memory. */
export function padded(count: number): number {
  return 4 * Math.ceil(count / 4);
}

/** Facts, scales, P, A and Aᵀ of padded sizes, in numbers; see assembly/program-matrices.ts. */
export function matricesSize(N: number, M: number): number {
  return FACTS + N + M + N ** 2 + 2 * M * N;
}

interface Needs {
  readonly batch: number;
  /** Whether all samples share P and A, which are prepared once then. */
  readonly isShared: boolean;
  /** Numbers of what is prepared, and of a sample besides. */
  readonly preparedSize: number;
  readonly sampleSize: number;
  /** The approximate work of a sample, in multiplications. */
  readonly work: number;
}

/** Where the programs of a call are prepared and solved, and how many at once. */
export interface Room {
  /** 0 where each sample has its own. */
  readonly prepared: number;
  readonly space: number;
  readonly spaceOfSample: number;
  readonly atOnce: number;
}

export function reserveRoom(aside: Reservations, needs: Needs): Room {
  const { batch, isShared, preparedSize, sampleSize, work } = needs;
  const spaceOfSample = 8 * Math.ceil((sampleSize + (isShared ? 0 : preparedSize)) / 8);
  const atOnce = Math.min(batch, Math.max(1, Math.floor(Math.min(AT_ONCE / work, MEMORY / spaceOfSample))));
  const prepared = isShared ? aside.reserve(2 * preparedSize) : 0;
  return { prepared, space: aside.reserve(2 * spaceOfSample * atOnce), spaceOfSample, atOnce };
}

/** What an iteration does for each row and variable, in multiplications of a factorisation that take as long. */
const VECTOR_WORK = 128;

/** The work of an iteration of an interior point method, in multiplications. */
export function workOfIteration(n: number, m: number): number {
  return (n * (n + m) ** 2) / 16 + VECTOR_WORK * (n + m);
}

/** Flags of operands as bits. */
export function bitsOf(flags: readonly boolean[]): number {
  return flags.reduce((bits, isSet, index) => bits | (Number(isSet) << index), 0);
}
