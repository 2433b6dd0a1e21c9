/** The library's work on batches of programs, through its public face. */

import { random } from '../src/data/random.ts';
import type { AdapterDescription } from '../src/index.ts';
import { type Engine, type OpenOptions, open, quadraticProgram, type Tensor, valueAndGrad } from '../src/index.ts';
import type { Work } from './cases.ts';
import { summaryOf } from './measure.ts';
import {
  createControllers,
  type Judgement,
  judge,
  type ProgramBatch,
  type Solutions,
  UNBOUNDED,
} from './program-problems.ts';

/** P, q, A, l and u; of cone programs P, c, A and b. */
export type Data = readonly Tensor[];

function upload(engine: Engine, { batch, n, m, isShared, P, q, A, l, u }: ProgramBatch): Data {
  const lead = isShared ? [] : [batch];
  const capped = (bounds: Float32Array): Float32Array =>
    bounds.map((value) => Math.max(-UNBOUNDED, Math.min(UNBOUNDED, value)));
  return [
    engine.tensor(P, [...lead, n, n]),
    engine.tensor(q, [batch, n]),
    engine.tensor(A, [...lead, m, n]),
    engine.tensor(capped(l), [...lead, m]),
    engine.tensor(capped(u), [...lead, m]),
  ];
}

function solveTensors([P, q, A, l, u]: Data, tolerance: number) {
  return quadraticProgram({ P, q, A, l, u, absoluteTolerance: tolerance, relativeTolerance: tolerance });
}

/** Work that holds its programs as tensors, which `upload` creates. */
export function workOn<Batch>(
  upload: (programs: Batch) => Data,
  run: (data: Data, programs: Batch) => Promise<void>,
): Work<Batch> {
  let held: { readonly programs: Batch; readonly data: Data } | undefined;
  const free = (): void => {
    for (const tensor of held?.data ?? []) tensor.dispose();
    held = undefined;
  };
  return {
    async prepare(programs) {
      if (held?.programs === programs) return;
      free();
      const data = upload(programs);
      await Promise.all(data.map((tensor) => tensor.data()));
      held = { programs, data };
    },
    async run() {
      if (!held) throw new Error('run: nothing was prepared');
      await run(held.data, held.programs);
      return {};
    },
    dispose: free,
  };
}

const uploadTo =
  (engine: Engine) =>
  (programs: ProgramBatch): Data =>
    upload(engine, programs);

/** Waits until all gradients are there. */
export async function readAndFree(gradients: readonly Tensor[]): Promise<readonly ArrayLike<number>[]> {
  const numbers = await Promise.all(gradients.map((tensor) => tensor.data()));
  for (const tensor of gradients) tensor.dispose();
  return numbers;
}

/** Solves all programs and reads x. */
export function forwardWork(engine: Engine, tolerance: number): Work<ProgramBatch> {
  return workOn(uploadTo(engine), async (data) => {
    const solution = solveTensors(data, tolerance);
    await solution.x.data();
    solution.dispose();
  });
}

/** Solves all programs, differentiates a loss in x with respect to all data, and reads every gradient. */
export function gradientWork(engine: Engine, tolerance: number): Work<ProgramBatch> {
  return workOn(uploadTo(engine), async (data, programs) => {
    await readAndFree(await differentiate(engine, data, programs, tolerance));
  });
}

/** The gradients of Σvx with random v. */
async function differentiate(
  engine: Engine,
  data: Data,
  { batch, n }: ProgramBatch,
  tolerance: number,
): Promise<readonly Tensor[]> {
  const generator = random(3);
  const v = Float32Array.from({ length: batch * n }, () => generator.normal());
  const weights = engine.tensor(v, [batch, n]);
  const [, gradients] = await valueAndGrad(
    (...tensors: Tensor[]) => solveTensors(tensors, tolerance).x.mul(weights).sum(),
    [...data],
  );
  weights.dispose();
  return gradients;
}

/** What is computed once, to be judged: not timed. */
export async function solutionsOf(engine: Engine, programs: ProgramBatch, tolerance: number): Promise<Solutions> {
  const data = upload(engine, programs);
  const solution = solveTensors(data, tolerance);
  const { x, y } = await solution.values();
  solution.dispose();
  for (const tensor of data) tensor.dispose();
  return { x, y };
}

/** The gradients in P, q, A, l and u, one sample after another. */
export async function gradientsOf(
  engine: Engine,
  programs: ProgramBatch,
  tolerance: number,
): Promise<readonly ArrayLike<number>[]> {
  const data = upload(engine, programs);
  const gradients = await differentiate(engine, data, programs, tolerance);
  for (const tensor of data) tensor.dispose();
  return readAndFree(gradients);
}

/** How the controllers are solved. */
export interface ControllerTask {
  readonly open: OpenOptions;
  readonly solver: 'interior-point' | 'splitting';
  readonly tolerance: number;
  readonly batch: number;
  readonly repetitions: number;
  readonly warmUps: number;
}

/** The times of a batch of controllers, and what was found. */
export interface ControllerFinding extends Pick<ControllerTask, 'solver' | 'tolerance' | 'batch'> {
  readonly backend: string;
  readonly adapter: AdapterDescription;
  /** Milliseconds of each repetition. */
  readonly all: readonly number[];
  readonly median: number;
  /** The number of programs that the report calls converged. */
  readonly converged: number;
  /** Of every `stride`-th program. */
  readonly judgement: Judgement;
  readonly stride: number;
}

/** So many programs of a batch are judged. */
const JUDGED = 200;

/** Solves the controllers, given as q in a tensor and the rest as arrays, and reads x. */
export async function measureControllers({
  open: options,
  solver,
  tolerance,
  batch,
  repetitions: asked,
  warmUps,
}: ControllerTask): Promise<ControllerFinding> {
  const engine = await open(options);
  try {
    const programs = createControllers({ batch });
    // A graphics card in software takes seconds to minutes for a batch.
    const repetitions = engine.backend === 'webgpu' && engine.adapter.software ? 1 : asked;
    const { n, m } = programs;
    const rowsOf = (numbers: Float32Array, rows: number): Float32Array[] =>
      Array.from({ length: rows }, (_, row) => numbers.subarray(row * n, (row + 1) * n));
    const shared = { P: rowsOf(programs.P, n), A: rowsOf(programs.A, m), l: programs.l, u: programs.u };
    const q = engine.tensor(programs.q, [batch, n]);
    const solve = () =>
      quadraticProgram({
        ...shared,
        q,
        solver,
        absoluteTolerance: tolerance,
        relativeTolerance: tolerance,
        onFailure: 'report',
      });
    const times: number[] = [];
    let last: ReturnType<typeof solve> | undefined;
    for (let repetition = -warmUps; repetition < repetitions; repetition++) {
      const started = performance.now();
      const solution = solve();
      await solution.x.data();
      if (repetition >= 0) times.push(performance.now() - started);
      if (repetition + 1 < repetitions) solution.dispose();
      else last = solution;
    }
    if (!last) throw new RangeError(`repetitions: it is ${repetitions}; it must be at least 1`);
    const { samples } = await last.report;
    const stride = Math.max(1, Math.floor(batch / JUDGED));
    const judgement = judge(programs, await last.values(), tolerance, stride);
    return {
      backend: engine.backend,
      adapter: engine.adapter,
      solver,
      tolerance,
      batch,
      all: times,
      median: summaryOf(times).median,
      converged: samples.filter(({ status }) => status === 'converged').length,
      judgement,
      stride,
    };
  } finally {
    engine.close();
  }
}
