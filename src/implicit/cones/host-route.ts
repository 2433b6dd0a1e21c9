/** Cone programs in float64, on the host. */
import { runInTurns } from '../../backends/event-loop.ts';
import type { ConeData, ConeResult } from '../../solvers/cones/problem.ts';
import { solveConeProgram } from '../../solvers/cones/solve.ts';
import type { SolveReport } from '../../solvers/report.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RowSelection } from '../programs/active-rows.ts';
import type { TensorDatum } from '../programs/datum.ts';
import { completeReport, enqueueOutputs } from '../programs/host-outputs.ts';
import { leaveUnsolved as leaveRowsUnsolved, readAll, refuseUnlessConvex, startOf } from '../programs/host-solve.ts';
import { type ProgramReport, statedTolerance } from '../programs/report.ts';
import type { Route } from '../programs/route.ts';
import { divideObjective as divideQuadratic, multiplyObjective, objectiveFactor } from '../programs/small-objective.ts';
import { pullBack, pushForward } from '../programs/tensor-derivative.ts';
import type { LinearResult } from '../reporting.ts';
import { type LimitedRun, unlessAborted } from '../run-limits.ts';
import { type ConeDatumName, dataOfSample, directionsOfSample, listData, tensorsAmong } from './data.ts';
import { adjointOfSample, tangentRowOfSample } from './host-derivative.ts';
import type { CheckedCones } from './options.ts';
import { SolvedCone } from './solved-cone.ts';

export class HostRoute implements Route<SolvedCone, ProgramReport, ConeDatumName> {
  readonly rows: Tensor;
  readonly summary: Tensor;
  private readonly solving: Promise<readonly SolvedCone[]>;

  /** @param owner a tensor of the data whose arena is that of the solutions */
  constructor(
    private readonly checked: CheckedCones,
    owner: Tensor | undefined,
    run: LimitedRun,
  ) {
    const { engine, settings } = checked;
    const solving = solveOnHost(checked, run);
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
    const batch = { engine, data, samples: this.solving };
    return pullBack(batch, cotangent, wanted, run, false, (sample, [x, y, s]) =>
      adjointOfSample(sample, { x, y, s }, choice, names),
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

  async settle(): Promise<void> {}

  dispose(): void {}
}

/** @throws RangeError where the numbers of a tensor are wrong, or P is not convex; the signal's reason */
async function solveOnHost(checked: CheckedCones, run: LimitedRun): Promise<readonly SolvedCone[]> {
  const { engine, data, settings, initial } = checked;
  const { absolute, isAbsoluteUsual, relative, limit } = settings;
  const tensors = tensorsAmong(data);
  const epsilon = tensors.length > 0 ? engine.epsilon : Number.EPSILON;
  const starts = (['x', 'y', 's'] as const).flatMap((name) => {
    const given = initial[name];
    return given === undefined ? [] : [[name, given] as const];
  });
  const [numbers, start] = await Promise.all([
    readAll(
      engine,
      tensors.map(({ name, tensor }) => [name, tensor] as const),
    ),
    readAll(engine, starts),
  ]);
  const solved: SolvedCone[] = [];
  for (let sample = 0; sample < data.batch; sample++) {
    const program = dataOfSample(data, numbers, sample, engine.epsilon);
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
