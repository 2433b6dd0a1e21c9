/** The solutions of a batch of programs with all that is asked of them later: derivatives, certificates and intervals. */
import { combineProgramCertificates, type ProgramCertificates } from './certificate.ts';
import { createProgramCourse } from './course.ts';
import { type DatumName, tensorsAmong } from './data.ts';
import { placesOfSample } from './datum.ts';
import type { ProgramCotangents, ProgramTangent } from './derivative.ts';
import type { Directions } from './directions.ts';
import { programResidual } from './equation.ts';
import { gradientsOfSample, type SampleGradients, tangentOfSample } from './host-derivative.ts';
import { HostRoute } from './host-route.ts';
import { intervalOf, type ProgramInterval } from './interval.ts';
import type { CheckedPrograms } from './options.ts';
import type { ProgramValues } from './quadratic-program.ts';
import type { ProgramReport } from './report.ts';
import { SolvedRows } from './solved-rows.ts';
import type { SolvedSample } from './solved-sample.ts';
import { SplittingRoute } from './splitting-route.ts';

export class SolvedProgram {
  readonly solved: SolvedRows<SolvedSample, ProgramReport, DatumName>;
  private examined: Promise<ProgramCertificates> | undefined;

  /** Enqueues the solve. */
  constructor(private readonly checked: CheckedPrograms) {
    const { what, engine, settings, data, selection } = checked;
    const course = createProgramCourse(checked, KIND, () => this.certificate());
    // Where there are no rows, nothing has to be split.
    const isSplit = settings.solver === 'splitting' && data.m > 0;
    this.solved = new SolvedRows({
      what,
      engine,
      data,
      course,
      selection,
      tensors: tensorsAmong(data),
      signal: settings.limits.signal,
      createRoute: (owner, guard) =>
        isSplit ? new SplittingRoute(checked, owner, course.run, guard) : new HostRoute(checked, owner, course.run),
      equation: (rows, given) => programResidual(rows, given, data),
    });
  }

  async values(): Promise<ProgramValues> {
    const [x, y, z, objective] = await this.solved.values(({ objective }) => objective);
    return { x, y, z, objective };
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<ProgramCertificates> {
    this.examined ??= this.solved.route
      .settle()
      .then(() => this.solved.computeEach((sample) => sample.certify()))
      .then(combineProgramCertificates);
    return this.examined;
  }

  /** @param cotangentsOf the cotangents of each program */
  async gradients(cotangentsOf: (index: number) => ProgramCotangents): Promise<readonly SampleGradients[]> {
    const selection = this.solved.selectionFor(undefined);
    const { data } = this.checked;
    return this.solved.computeEach((sample, index) =>
      gradientsOfSample(sample, cotangentsOf(index), selection, placesOfSample(data, index)),
    );
  }

  async tangents(directionsOf: (index: number) => Directions): Promise<readonly ProgramTangent[]> {
    const selection = this.solved.selectionFor(undefined);
    return this.solved.computeEach((sample, index) => tangentOfSample(sample, directionsOf(index), selection));
  }

  async gradientIntervals(cotangentsOf: (index: number) => ProgramCotangents): Promise<readonly ProgramInterval[]> {
    return this.solved.computeEach(function* (sample, index) {
      const activity = yield* sample.classify();
      return yield* intervalOf(sample.data, activity.solution, activity, cotangentsOf(index));
    });
  }
}

const KIND = {
  set: 'l ≤ Ax ≤ u',
  examined: 'the active rows',
  singular:
    'the gradient asks for what the solution does not determine, at a degenerate vertex or where x is not unique; certificate() names the rows or the direction. A term such as ½·10⁻³‖x‖² in the objective makes x unique',
};
