/** Runs measurements in a Python process of their own, which answers each line of JSON with another. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CASES, type CaseName, type Problems } from './cases.ts';
import type { Contestant } from './contestants.ts';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';
import { findNewestWith, requireInterpreter, titleOf } from './interpreters.ts';
import { differenceOf, summaryOf } from './measure.ts';
import type { Assignment, Finding } from './measurements.ts';
import { plainWorks } from './peers/plain.ts';
import type { Verdict } from './referee.ts';

const PYTORCH: Contestant = { library: 'pytorch', backend: 'cpu' };
const SCRIPT = 'bench/python/mondeq.py';

interface Answer {
  /** Milliseconds of one unit, for each repetition. */
  readonly all: readonly number[];
  readonly units: number;
  readonly foreign: number;
  readonly repeated: number;
  readonly threads: number;
  readonly iterations?: { readonly forward: number; readonly backward: number };
  readonly error?: string;
}

/**
 * Rejects with a reason where PyTorch is missing.
 * @param program the Python to use; undefined for the one with the newest PyTorch
 */
export async function openPython(program: string | undefined): Promise<Environment> {
  const found = program === undefined ? await findNewestWith('torch') : await requireInterpreter('torch', program);
  return {
    name: 'python',
    version: titleOf('torch', found),
    openSession: async () => openSession(found.program),
    close: async () => {},
  };
}

async function openSession(program: string): Promise<Session> {
  const child = spawn(program, [SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let current: { readonly assignment: Assignment; readonly folder: string } | undefined;
  const ask = async <Reply extends object>(what: string, more: object = {}): Promise<Reply> => {
    child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    return JSON.parse(await readLine(lines)) as Reply;
  };
  const calls: Readonly<Record<string, (given: never) => Promise<unknown>>> = {
    openContestant: async () => undefined,
    async begin(assignment: Assignment) {
      const folder = await mkdtemp(join(tmpdir(), 'equilibra-python-'));
      current = { assignment, folder };
      const { case: name, limits, ...size } = assignment;
      for (let repetition = 0; repetition <= limits.repetitions; repetition++) {
        await writeProblem(join(folder, `${repetition}.bin`), CASES[name].problem(size, repetition));
      }
      await ask('begin', { ...assignment, most: CASES[name].maximumUnits, folder });
    },
    round: async (repetition: number) => (await ask<{ going: boolean }>('round', { repetition })).going,
    judge: (verdict: Verdict) => ask('judge', { verdict }),
    async finish() {
      if (!current) throw new Error('no case is under way: begin comes first');
      const { assignment, folder } = current;
      current = undefined;
      try {
        return [await findingOf(await ask<Answer>('finish'), assignment, folder)];
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
  return {
    call: async <Result>(exportName: string, ...values: unknown[]) =>
      (await calls[exportName](values[0] as never)) as Result,
    async close() {
      child.kill('SIGKILL');
      if (current) await rm(current.folder, { recursive: true, force: true });
    },
  };
}

async function findingOf(
  answer: Answer,
  { case: name, limits, ...size }: Assignment,
  folder: string,
): Promise<Finding> {
  const { error, iterations, threads, ...told } = answer;
  if (error !== undefined) return { ...PYTORCH, error };
  const difference = await compareWithPlain(name, size, folder);
  if (difference !== undefined && !(difference <= CASES[name].agreement)) {
    return { ...PYTORCH, error: `its answer differs by ${difference.toExponential(1)}` };
  }
  return {
    ...PYTORCH,
    timing: { ...summaryOf(told.all), ...told, cut: told.all.length < limits.repetitions },
    threads,
    ...(iterations && { iterations }),
    ...(difference !== undefined && { difference }),
  };
}

/** Writes all arrays of a problem one after the other, each preceded by its number of elements; integers as numbers. */
async function writeProblem(file: string, problem: Problems[CaseName]): Promise<void> {
  const arrays = Object.values(problem).flatMap((part) => (ArrayBuffer.isView(part) ? [part] : Object.values(part)));
  const pieces = (arrays as (Float32Array | Int32Array)[]).flatMap((array) => [
    Int32Array.of(array.length),
    Float32Array.from(array),
  ]);
  await writeFile(file, Buffer.concat(pieces.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
}

async function readLine(lines: AsyncIterator<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CALL_LIMIT / 1000} s`)), CALL_LIMIT);
  });
  try {
    const { value, done } = await Promise.race([lines.next(), late]);
    if (done) throw new Error('Python ended');
    return value;
  } finally {
    clearTimeout(timer);
  }
}

/** Compares the answer of the first repetition with the answer of the plain loops. */
async function compareWithPlain(
  name: CaseName,
  size: { batch: number; width: number },
  folder: string,
): Promise<number | undefined> {
  if (name === 'training') return undefined;
  const bytes = await readFile(join(folder, 'answer.bin'));
  const answer = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const reference =
    name === 'relu'
      ? await outcomeOf(plainWorks.relu?.(size), 'relu')
      : await outcomeOf(plainWorks.solve?.(size), 'solve');
  return reference && differenceOf(answer, reference);

  async function outcomeOf<Name extends 'relu' | 'solve'>(
    work:
      | { prepare(problem: Problems[Name]): Promise<void>; run(units: number): Promise<{ answer?: ArrayLike<number> }> }
      | undefined,
    of: Name,
  ): Promise<ArrayLike<number> | undefined> {
    await work?.prepare(CASES[of].problem(size, 1) as Problems[Name]);
    return (await work?.run(1))?.answer;
  }
}
