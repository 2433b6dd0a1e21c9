/** Measurements in Python, in a process of its own that takes one line of JSON for each case and answers with another. */
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { CASES, type CaseName, type Problems } from './cases.ts';
import type { Contestant } from './contestants.ts';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';
import { differenceOf, median } from './measure.ts';
import type { Assignment, Finding } from './measurements.ts';
import { plainWorks } from './peers/plain.ts';

const PYTORCH: Contestant = { library: 'pytorch', backend: 'cpu' };
const SCRIPT = 'bench/python/mondeq.py';

interface Answer {
  /** Milliseconds of each repetition, of one unit. */
  readonly all: readonly number[];
  readonly units: number;
  readonly iterations?: { readonly forward: number; readonly backward: number };
  readonly error?: string;
}

/** Rejects with a reason where Python or PyTorch is missing. */
export async function openPython(program: string): Promise<Environment> {
  const ask =
    'import json, platform, torch; print(platform.python_version(), torch.__version__, torch.get_num_threads())';
  const { stdout } = await promisify(execFile)(program, ['-c', ask], { timeout: 60_000 }).catch((error: Error) => {
    const reason = error.message.trim().split('\n').pop();
    throw new Error(`${program} has no PyTorch (${reason})`);
  });
  const [python, torch, threads] = stdout.trim().split(' ');
  return {
    name: 'python',
    version: `Python ${python}, PyTorch ${torch}, ${threads} threads`,
    openSession: async () => openSession(program),
    close: async () => {},
  };
}

async function openSession(program: string): Promise<Session> {
  const child = spawn(program, [SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async call<Result>(exportName: string, ...values: unknown[]) {
      if (exportName === 'openContestant') return undefined as Result;
      return [await measureIn(child, lines, values[0] as Assignment)] as Result;
    },
    async close() {
      child.kill('SIGKILL');
    },
  };
}

async function measureIn(
  child: ChildProcessByStdio<Writable, Readable, null>,
  lines: AsyncIterator<string>,
  assignment: Assignment,
): Promise<Finding> {
  const { case: name, limits, ...size } = assignment;
  const folder = await mkdtemp(join(tmpdir(), 'equilibra-python-'));
  try {
    for (let repetition = 0; repetition <= limits.repetitions; repetition++) {
      await writeProblem(join(folder, `${repetition}.bin`), CASES[name].problem(size, repetition));
    }
    child.stdin.write(`${JSON.stringify({ ...assignment, most: CASES[name].most, folder })}\n`);
    const { all, units, iterations, error } = JSON.parse(await nextOf(lines)) as Answer;
    if (error !== undefined) return { ...PYTORCH, error };
    const summary = { median: median(all), minimum: Math.min(...all), maximum: Math.max(...all) };
    const difference = await differenceFromPlain(name, size, folder);
    if (difference !== undefined && !(difference <= CASES[name].agreement)) {
      return { ...PYTORCH, error: `its answer differs by ${difference.toExponential(1)}` };
    }
    return {
      ...PYTORCH,
      timing: { ...summary, all, units, cut: all.length < limits.repetitions },
      ...(iterations && { iterations }),
      ...(difference !== undefined && { difference }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All arrays of a problem one after the other, each with its number of elements; integers as numbers. */
async function writeProblem(file: string, problem: Problems[CaseName]): Promise<void> {
  const arrays = Object.values(problem).flatMap((part) => (ArrayBuffer.isView(part) ? [part] : Object.values(part)));
  const pieces = (arrays as (Float32Array | Int32Array)[]).flatMap((array) => [
    Int32Array.of(array.length),
    Float32Array.from(array),
  ]);
  await writeFile(file, Buffer.concat(pieces.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
}

async function nextOf(lines: AsyncIterator<string>): Promise<string> {
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

/** The answer of the first repetition against that of the plain loops. */
async function differenceFromPlain(
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
