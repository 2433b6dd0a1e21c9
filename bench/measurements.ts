/**
 * The code that runs in the measured environment: one bundle, the same in a page and in Node. Only JSON-like values
 * cross the border.
 */
import type { AdapterDescription } from '../src/index.ts';
import { CASES, type CaseName, type Iterations, type Work } from './cases.ts';
import { type Contestant, nameOf } from './contestants.ts';
import { Contest, differenceOf, type Limits, type Measured, type Timing } from './measure.ts';
import { type OpenEntrant, openEntrant } from './opening.ts';
import type { ReluProblem, Size } from './problems.ts';
import type { Verdict } from './referee.ts';

export interface Assignment extends Size {
  readonly case: CaseName;
  readonly limits: Limits;
}

export interface Finding extends Contestant {
  readonly timing?: Timing;
  /** The adapter at the end of the case. */
  readonly adapter?: AdapterDescription;
  /** The number of threads that had a processor at the end of the case, where the library reports it. */
  readonly threads?: number;
  readonly iterations?: Iterations;
  /** ‖x − y‖/‖y‖, where y is the answer of the first contestant that has one. */
  readonly difference?: number;
  /** The error, in place of all results. */
  readonly error?: string;
}

/** A measured quantity (bytes) against a varied one (iterations). */
export interface Curve {
  readonly points: readonly (readonly [number, number])[];
}

/**
 * Contestants stay open for all cases, because compiling shaders takes a software adapter longer than the work itself.
 */
const field = new Map<string, Contestant & OpenEntrant>();

/** Adds a contestant to the field. Rejects where it cannot be opened. */
export async function openContestant(contestant: Contestant): Promise<AdapterDescription | undefined> {
  const found = await openEntrant(contestant);
  // Not a copy, because its getters report changing values.
  field.set(nameOf(contestant), Object.assign(found, contestant));
  return found.adapter;
}

/** The case under way. */
interface Current {
  readonly name: CaseName;
  readonly entered: readonly (Contestant & OpenEntrant)[];
  readonly works: readonly Work<never>[];
  readonly contest: Contest<never>;
}

let current: Current | undefined;

/**
 * Starts a case for all contestants that can do it, up to the first repetition. Calls of `round` and `judge` follow,
 * then `finish`.
 */
export async function begin({ case: name, limits, ...size }: Assignment): Promise<void> {
  const entered = [...field.values()].filter(({ works, takes }) => works[name] && takes?.(size) !== false);
  const { maximumUnits, problem } = CASES[name];
  const works = entered.map((contestant) => contestant.works[name]?.(size) as Work<never>);
  const match = { maximumUnits, problem: (repetition: number) => problem(size, repetition) as never };
  current = { name, entered, works, contest: new Contest(works, match, limits) };
  await current.contest.begin();
}

export async function round(repetition: number): Promise<boolean> {
  return requireCurrent().contest.round(repetition);
}

export async function judge(verdict: Verdict): Promise<void> {
  await requireCurrent().contest.judge(verdict);
}

/** The results. Frees what the case held. */
export async function finish(): Promise<Finding[]> {
  const { name, entered, works, contest } = requireCurrent();
  current = undefined;
  for (const work of works) work.dispose();
  const results = contest.results();
  return results.map((result, index) => findingOf(name, entered[index], result, referenceOf(results)));
}

function requireCurrent(): Current {
  if (!current) throw new Error('no case is under way: begin comes first');
  return current;
}

function referenceOf(results: readonly Measured[]): ArrayLike<number> | undefined {
  for (const result of results) if ('outcome' in result && result.outcome.answer) return result.outcome.answer;
  return undefined;
}

/** A wrong answer counts as a failure, however fast it was. */
function findingOf(
  name: CaseName,
  { library, backend, adapter, threads }: Contestant & OpenEntrant,
  result: Measured,
  reference: ArrayLike<number> | undefined,
): Finding {
  if ('error' in result) return { library, backend, error: result.error };
  const { answer, iterations } = result.outcome;
  const difference = answer && reference && differenceOf(answer, reference);
  if (difference !== undefined && !(difference <= CASES[name].agreement)) {
    return { library, backend, error: `its answer differs by ${difference.toExponential(1)}` };
  }
  return {
    library,
    backend,
    timing: result.timing,
    ...(adapter && { adapter }),
    ...countOf(threads?.()),
    ...(iterations && { iterations }),
    ...(difference && { difference }),
  };
}

function countOf(threads: number | undefined): Pick<Finding, 'threads'> {
  return threads === undefined ? {} : { threads };
}

/**
 * Milliseconds of each of some repetitions of a case, in a new engine on WebAssembly, and the number of threads that
 * worked.
 */
export async function freshRun(size: Size, repetitions: number): Promise<{ milliseconds: number[]; threads: number }> {
  const { works, threads } = await openEntrant({ library: 'equilibra', backend: 'wasm' });
  const work = works.relu?.(size) as Work<ReluProblem>;
  const milliseconds: number[] = [];
  for (let repetition = 0; repetition < WARM_UP + repetitions; repetition++) {
    await work.prepare(CASES.relu.problem(size, repetition));
    const began = performance.now();
    await work.run(1);
    if (repetition >= WARM_UP) milliseconds.push(performance.now() - began);
  }
  work.dispose();
  return { milliseconds, threads: threads?.() ?? 1 };
}

/** Repetitions before the first one that counts, since compilers of WebAssembly optimise code that runs often. */
const WARM_UP = 5;

/** Bytes needed for solves of the given numbers of iterations, for the contestants that report them. */
export async function memoryAgainst(size: Size, iterations: readonly number[]): Promise<(Contestant & Curve)[]> {
  const curves: (Contestant & Curve)[] = [];
  for (const { library, backend, memory } of field.values()) {
    if (!memory) continue;
    const points: [number, number][] = [];
    for (const count of iterations) points.push([count, await memory(size, count)]);
    curves.push({ library, backend, points });
  }
  return curves;
}
