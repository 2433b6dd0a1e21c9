/** Programs in cvxopt, one after the other, in a Python process that answers each line with another. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProgramBatch, Solutions } from '../program-problems.ts';

/** A Python that has read the programs. */
export interface CvxoptLoop {
  /** Solves all programs once. */
  pass(): Promise<void>;
  /** What the last pass found. */
  solutions(): Promise<Solutions>;
  close(): Promise<void>;
}

/** Quadratic programs. */
export function openCvxopt(program: string, programs: ProgramBatch, tolerance: number): Promise<CvxoptLoop> {
  const { batch, n, m, equalities, P, q, A, u } = programs;
  return openLoop(program, 'bench/python/qp_loop.py', { batch, n, m, equalities, tolerance }, [P, q, A, u]);
}

/**
 * @param sizes what the script is told beside its files
 * @param data what is written into its file
 */
export async function openLoop(
  program: string,
  script: string,
  sizes: Pick<ProgramBatch, 'batch' | 'n' | 'm'> & Readonly<Record<string, unknown>>,
  data: readonly Float32Array[],
): Promise<CvxoptLoop> {
  const { batch, n, m } = sizes;
  const folder = await mkdtemp(join(tmpdir(), 'equilibra-cvxopt-'));
  const [file, answer] = [join(folder, 'programs.bin'), join(folder, 'answer.bin')];
  await writeFile(file, Buffer.concat(data.map((numbers) => Buffer.from(numbers.buffer as ArrayBuffer))));
  const child = spawn(program, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  send(child, JSON.stringify({ ...sizes, file, answer }));
  return {
    async pass() {
      send(child, 'pass');
      if ((await lines.next()).done) throw new Error('Python ended');
    },
    async solutions() {
      const bytes = await readFile(answer);
      const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const each = Array.from({ length: batch }, (_, sample) =>
        numbers.subarray(sample * (n + m), (sample + 1) * (n + m)),
      );
      return {
        x: each.flatMap((values) => Array.from(values.subarray(0, n))),
        y: each.flatMap((values) => Array.from(values.subarray(n))),
      };
    },
    async close() {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function send(child: ChildProcess, line: string): void {
  child.stdin?.write(`${line}\n`);
}
