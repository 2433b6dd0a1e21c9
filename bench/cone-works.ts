/** The library's work on batches of cone programs, through its public face. */
import {
  type ConeSolution,
  coneProgram,
  type Engine,
  type MemoryFigures,
  type OpenOptions,
  open,
  type Tensor,
  valueAndGrad,
} from '../src/index.ts';
import type { Work } from './cases.ts';
import type { ConeBatch } from './cone-problems.ts';
import type { Solutions } from './program-problems.ts';
import { type Data, readAndFree, workOn } from './program-works.ts';

/** How all programs of a batch are solved. */
export interface ConeRun {
  /** Whether certificates of gradients are ignored: by default the host computes one for each program. */
  readonly isUncertified?: boolean;
  readonly solver: 'splitting' | 'interior-point';
  readonly tolerance: number;
  readonly limit?: number;
}

const uploadTo =
  (engine: Engine) =>
  ({ batch, n, m, isShared, P, c, A, b }: ConeBatch): Data => {
    const lead = isShared ? [] : [batch];
    return [
      engine.tensor(P, [...lead, n, n]),
      engine.tensor(c, [batch, n]),
      engine.tensor(A, [...lead, m, n]),
      engine.tensor(b, [batch, m]),
    ];
  };

/** What does not meet the tolerance is reported, since the judge counts it. */
function solveTensors([P, c, A, b]: Data, { cones }: ConeBatch, { solver, tolerance, limit, isUncertified }: ConeRun) {
  const tolerances = { absoluteTolerance: tolerance, relativeTolerance: tolerance };
  return coneProgram({
    ...{ P, c, A, b, cones, solver, ...tolerances, onFailure: 'report' },
    ...(limit !== undefined && { limit }),
    ...(isUncertified && { onFailedCertificate: 'ignore' }),
  });
}

/** Work of the library, and what its last pass found, which is not read again within the time that is measured. */
export interface ConeWork {
  readonly work: Work<ConeBatch>;
  found(): Promise<Found>;
}

export interface Found {
  readonly solutions: Solutions;
  readonly report: ReportedSolutions;
}

/** What the library says of its solutions. */
export interface ReportedSolutions {
  /** The number of programs that the report calls converged. */
  readonly converged: number;
  /** The most iterations that a program took. */
  readonly iterations: number;
}

/** Solves all programs and reads x. */
export function coneForwardWork(engine: Engine, run: ConeRun): ConeWork {
  let last: ConeSolution | undefined;
  const work = workOn<ConeBatch>(uploadTo(engine), async (data, programs) => {
    last?.dispose();
    last = solveTensors(data, programs, run);
    await last.x.data();
  });
  return {
    work: {
      ...work,
      dispose() {
        last?.dispose();
        last = undefined;
        work.dispose();
      },
    },
    async found() {
      if (!last) throw new Error('found: nothing was solved');
      const { x, y } = await last.values();
      return { solutions: { x, y }, report: reportedOf(await last.report) };
    },
  };
}

function reportedOf({ samples }: Awaited<ConeSolution['report']>): ReportedSolutions {
  return {
    converged: samples.filter(({ status }) => status === 'converged').length,
    iterations: Math.max(...samples.map(({ iterations }) => iterations)),
  };
}

/** Solves all programs, differentiates the sum of x with respect to A, b and c, and reads every gradient. */
export function coneGradientWork(
  engine: Engine,
  run: ConeRun,
): { readonly work: Work<ConeBatch>; gradients(): readonly ArrayLike<number>[] } {
  let last: readonly ArrayLike<number>[] = [];
  const work = workOn<ConeBatch>(uploadTo(engine), async ([P, ...others], programs) => {
    const loss = (...data: Tensor[]): Tensor => solveTensors([P, ...data], programs, run).x.sum();
    const [, gradients] = await valueAndGrad(loss, [...others]);
    last = await readAndFree(gradients);
  });
  return { work, gradients: () => last };
}

/** The memory of an engine that has solved a batch with a limit of iterations, and holds data and solutions. */
export interface MemoryFinding {
  readonly limit: number;
  readonly batch: number;
  /** The most iterations that a program took. */
  readonly iterations: number;
  readonly bytes: MemoryFigures['bytes'];
  readonly pooledBytes: MemoryFigures['pooledBytes'];
  readonly programBytes: MemoryFigures['programBytes'];
}

/** Far below what float32 reaches, so that every program takes all iterations. */
const UNREACHABLE = 1e-30;

/** In an engine of its own, whose pool shows what was held at the same time. */
export async function measureMemory(options: OpenOptions, programs: ConeBatch, limit: number): Promise<MemoryFinding> {
  const engine = await open(options);
  try {
    const data = uploadTo(engine)(programs);
    const solution = solveTensors(data, programs, { solver: 'splitting', tolerance: UNREACHABLE, limit });
    await solution.x.data();
    const { iterations } = reportedOf(await solution.report);
    await engine.idle();
    const { bytes, pooledBytes, programBytes } = engine.memory();
    return { limit, batch: programs.batch, iterations, bytes, pooledBytes, programBytes };
  } finally {
    engine.close();
  }
}
