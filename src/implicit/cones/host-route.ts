/** Cone programs in float64: by the kernels of WebAssembly where these take them, and by the host where they do not. */
import { runInTurns } from '../../backends/event-loop.ts';
import type { ConeData, ConeResult } from '../../solvers/cones/problem.ts';
import { solveConeProgram } from '../../solvers/cones/solve.ts';
import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RowSelection } from '../programs/active-rows.ts';
import type { TensorDatum } from '../programs/datum.ts';
import { completeReport, enqueueOutputs } from '../programs/host-outputs.ts';
import { leaveUnsolved as leaveRowsUnsolved, readAll, refuseUnlessConvex, startOf } from '../programs/host-solve.ts';
import { createOperands, type Operands, tensorsOf } from '../programs/operands.ts';
import { type ProgramReport, statedTolerance } from '../programs/report.ts';
import type { Route } from '../programs/route.ts';
import { createPlainTest } from '../programs/sample-numbers.ts';
import { divideObjective as divideQuadratic, multiplyObjective, objectiveFactor } from '../programs/small-objective.ts';
import { pullBack, pushForward } from '../programs/tensor-derivative.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { type ConeDatumName, dataOfSample, directionsOfSample, listData, tensorsAmong } from './data.ts';
import { adjointOfSample, tangentRowOfSample } from './host-derivative.ts';
import { type KernelAdjoint, solveAdjointByKernel } from './kernel-derivative.ts';
import { isForKernel, solveByKernel } from './kernel-solve.ts';
import type { CheckedCones, ConeStart } from './options.ts';
import { SolvedCone } from './solved-cone.ts';

export class HostRoute implements Route<SolvedCone, ProgramReport, ConeDatumName> {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly solving: Promise<readonly SolvedCone[]>;
  /** The data and the results of the kernel on the device, where it treats them. */
  private readonly kernel: { readonly operands: Operands<ConeDatumName>; readonly point: Tensor } | undefined;
  private isDisposed = false;
  /** What the kernel was asked for besides, which may shorten certificates. */
  private readonly linear: Promise<unknown>[] = [];

  /** @param owner a tensor of the data whose arena is that of the solutions */
  constructor(
    private readonly checked: CheckedCones,
    owner: Tensor | undefined,
    run: LimitedRun,
  ) {
    const { engine, data, settings } = checked;
    const readings = readTensors(checked);
    let byKernel: ReturnType<typeof solveByKernel>['results'] | undefined;
    if (isForKernel(checked)) {
      const operands = createOperands(engine, listData(data), owner);
      const { point, results } = solveByKernel(checked, operands, run);
      byKernel = results;
      this.kernel = { operands, point };
    }
    const solving = solvePrograms(checked, readings, run, byKernel);
    this.solving = unlessAborted(engine.trackRead(solving), settings.limits.signal);
    this.solving.catch(() => {}); // the report and the solutions reject with it
    const outputs = enqueueOutputs(checked, this.solving, statedTolerance(settings), owner);
    this.rows = outputs.rows;
    this.summary = outputs.summary;
  }

  complete(read: SolveReport): Promise<ProgramReport> {
    return completeReport(read, this.solving, statedTolerance(this.checked.settings));
  }

  follow(): void {} // the samples say it all

  samples(): Promise<readonly SolvedCone[]> {
    return this.solving;
  }

  pullBack(
    cotangent: Tensor,
    wanted: readonly TensorDatum<ConeDatumName>[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const { engine, data, settings } = this.checked;
    const names = wanted.map(({ name }) => name);
    const choice = { selection, leastNorm: settings.leastNorm };
    const batch = { engine, data, samples: this.differentiateByKernel(cotangent) };
    return pullBack(batch, cotangent, wanted, run, false, ({ sample, row }, [x, y, s]) =>
      adjointOfSample(sample, { x, y, s }, choice, names, row),
    ).result;
  }

  pushForward(
    given: readonly (readonly [ConeDatumName, Tensor])[],
    selection: RowSelection,
    run: LimitedRun,
  ): LinearResult {
    const { engine, data, settings } = this.checked;
    const choice = { selection, leastNorm: settings.leastNorm };
    const batch = { engine, data, samples: this.solving };
    return pushForward(batch, listData(data), given, run, (sample, numbers, index) =>
      tangentRowOfSample(sample, directionsOfSample(data, numbers, index), choice),
    );
  }

  settle(): Promise<unknown> {
    if (this.kernel && !this.isDisposed && this.linear.length === 0) this.factoriseByKernel();
    return Promise.allSettled(this.linear);
  }

  /** The solutions, and what the kernel found for each of them. */
  private differentiateByKernel(
    cotangent: Tensor,
  ): Promise<readonly { readonly sample: SolvedCone; readonly row: KernelAdjoint | undefined }[]> {
    const { engine, data } = this.checked;
    const { solving, kernel } = this;
    const byKernel = kernel && solveAdjointByKernel(engine, data, kernel.operands, kernel.point, cotangent);
    const samples = Promise.all([solving, byKernel]).then(([solved, rows]) =>
      solved.map((sample, index) => {
        const row = sample.isFromKernel ? rows?.[index] : undefined;
        if (row) sample.usePivots(row.pivots);
        return { sample, row };
      }),
    );
    samples.catch(() => {}); // the gradients reject with it
    this.linear.push(samples);
    return samples;
  }

  /** Lets the kernel factorise the systems for certificates alone. */
  private factoriseByKernel(): void {
    const { engine, data } = this.checked;
    const shape = [data.batch, data.n + 2 * data.m];
    const nothing = engine.runLasting(() => engine.constant({ kind: 'fill', value: 0 }, shape));
    this.differentiateByKernel(nothing);
    nothing.dispose();
  }

  dispose(): void {
    this.isDisposed = true;
    if (!this.kernel) return;
    for (const tensor of [...tensorsOf(this.kernel.operands), this.kernel.point]) tensor.dispose();
  }
}

/** The numbers of tensors as they are now, which arrive later. */
interface Readings {
  readonly data: ReturnType<typeof readAll<ConeDatumName>>;
  readonly start: ReturnType<typeof readAll<keyof ConeStart>>;
}

/** Begins to read all tensors. It must be called before anything is enqueued that waits for what is computed from them. */
function readTensors({ engine, data, initial }: CheckedCones): Readings {
  const starts = (['x', 'y', 's'] as const).flatMap((name) => {
    const given = initial[name];
    return given === undefined ? [] : [[name, given] as const];
  });
  return {
    data: readAll(
      engine,
      tensorsAmong(data).map(({ name, tensor }) => [name, tensor] as const),
    ),
    start: readAll(engine, starts),
  };
}

/**
 * @param byKernel what a kernel found for each program
 * @throws RangeError where the numbers of a tensor are wrong, or P is not convex; the signal's reason
 */
async function solvePrograms(
  checked: CheckedCones,
  readings: Readings,
  run: LimitedRun,
  byKernel: Promise<readonly (ConeResult | undefined)[]> | undefined,
): Promise<readonly SolvedCone[]> {
  const { engine, data, settings } = checked;
  const { absolute, isAbsoluteUsual, relative, limit } = settings;
  const epsilon = tensorsAmong(data).length > 0 ? engine.epsilon : Number.EPSILON;
  const [numbers, start, found] = await Promise.all([readings.data, readings.start, byKernel]);
  const isPlain = createPlainTest<ConeDatumName>(data, numbers);
  const solved: SolvedCone[] = [];
  for (let sample = 0; sample < data.batch; sample++) {
    const makeData = (): ConeData => dataOfSample(data, numbers, sample, engine.epsilon);
    const known = found?.[sample];
    if (known && isPlain(sample)) {
      solved.push(new SolvedCone(known, { data: makeData, epsilon, isExact: true, isFromKernel: true }));
      continue;
    }
    const program = makeData();
    const origin = { data: () => program, epsilon, isExact: true };
    if (run.isCutShort?.()) {
      solved.push(new SolvedCone(leaveUnsolved(program), origin));
      continue;
    }
    await refuseUnlessConvex(program, data, sample, data.P.tensor ? engine.epsilon : Number.EPSILON, run.signal);
    const factor = isAbsoluteUsual ? objectiveFactor({ P: program.P, q: program.c }) : 1;
    const point = startOf(start, { x: data.n, y: data.m, s: data.m }, sample, factor);
    const tolerances = { absolute, relative, limit, initial: point, isCutShort: run.isCutShort };
    const result = await runInTurns(solveConeProgram(divideObjective(program, factor), tolerances), run.signal);
    solved.push(new SolvedCone(multiplyObjective(result, factor), origin));
  }
  return solved;
}

/** The program with its objective divided by the factor, a power of two. */
function divideObjective(program: ConeData, factor: number): ConeData {
  const { P, q: c } = divideQuadratic({ P: program.P, q: program.c }, factor);
  return { ...program, P, c };
}

/** What there is of a program for which no time was left. */
function leaveUnsolved({ n, m }: ConeData): ConeResult {
  const { z: s, ...result } = leaveRowsUnsolved({ n, m });
  return { ...result, s };
}
