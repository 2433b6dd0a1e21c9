/** What runs where it is measured: one bundle, the same in a page and in Node. Only JSON-like values cross. */
import type { AdapterDescription } from '../src/index.ts';
import { CASES, type CaseName, type Iterations, type Work } from './cases.ts';
import { type Contestant, nameOf } from './contestants.ts';
import { differenceOf, type Limits, type Measured, measured, type Timing } from './measure.ts';
import { type Opened, opened } from './opening.ts';
import type { Size } from './problems.ts';

export interface Assignment extends Size {
  readonly case: CaseName;
  readonly limits: Limits;
}

export interface Finding extends Contestant {
  readonly timing?: Timing;
  readonly iterations?: Iterations;
  /** ‖x − y‖/‖y‖, from the answer of the first contestant that has one. */
  readonly difference?: number;
  /** What went wrong, in the place of the rest. */
  readonly error?: string;
}

/** What was found (bytes) against what was varied (iterations). */
export interface Curve {
  readonly points: readonly (readonly [number, number])[];
}

/** They stay open for all cases: compiling shaders takes a software adapter longer than the work itself. */
const field = new Map<string, Contestant & Opened>();

/** Lets somebody take part from now on. Rejects where that is not possible. */
export async function openContestant(contestant: Contestant): Promise<AdapterDescription | undefined> {
  const found = await opened(contestant);
  field.set(nameOf(contestant), { ...contestant, ...found });
  return found.adapter;
}

/** One case, by all who take part and can do it. */
export async function measure({ case: name, limits, ...size }: Assignment): Promise<Finding[]> {
  const entered = [...field.values()].filter(({ works, takes }) => works[name] && takes?.(size) !== false);
  const { most, problem } = CASES[name];
  const works = entered.map((contestant) => contestant.works[name]?.(size) as Work<ReturnType<typeof problem>>);
  try {
    const match = { most, problem: (repetition: number) => problem(size, repetition) };
    const results = await measured(works, match, limits);
    return results.map((result, index) => findingOf(name, entered[index], result, referenceOf(results)));
  } finally {
    for (const work of works) work.dispose();
  }
}

function referenceOf(results: readonly Measured[]): ArrayLike<number> | undefined {
  for (const result of results) if ('outcome' in result && result.outcome.answer) return result.outcome.answer;
  return undefined;
}

/** A wrong answer is a failure, however fast. */
function findingOf(
  name: CaseName,
  { library, backend }: Contestant,
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
    ...(iterations && { iterations }),
    ...(difference && { difference }),
  };
}

/** Bytes of solves of so many iterations, by those who tell. */
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
