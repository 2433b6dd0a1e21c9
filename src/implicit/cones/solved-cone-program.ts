/** The solutions of a batch of cone programs with all that is asked of them later: derivatives, certificates and intervals. */

import { createProgramCourse } from '../programs/course.ts';
import { placesOfSample } from '../programs/datum.ts';
import type { ProgramReport } from '../programs/report.ts';
import { SolvedRows } from '../programs/solved-rows.ts';
import { type ConeCertificates, combineConeCertificates } from './certificate.ts';
import type { ConeValues } from './cone-program.ts';
import { type ConeDatumName, tensorsAmong } from './data.ts';
import type { ConeCotangents, ConeTangent } from './derivative.ts';
import type { ConeDirections } from './directions.ts';
import { gradientsOfSample, type SampleConeGradients, tangentOfSample } from './host-derivative.ts';
import { HostRoute } from './host-route.ts';
import { type ConeInterval, intervalOf } from './interval.ts';
import type { CheckedCones } from './options.ts';
import type { SolvedCone } from './solved-cone.ts';
import { SplittingRoute } from './splitting-route.ts';

export class SolvedConeProgram {
  readonly solved: SolvedRows<SolvedCone, ProgramReport, ConeDatumName>;
  private examined: Promise<ConeCertificates> | undefined;

  /** Enqueues the solve. */
  constructor(private readonly checked: CheckedCones) {
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
    });
  }

  async values(): Promise<ConeValues> {
    const [x, y, s, objective] = await this.solved.values(({ result }) => result.objective);
    return { x, y, s, objective };
  }

  /** The certificates are computed once, when they are first asked for. */
  certificate(): Promise<ConeCertificates> {
    this.examined ??= this.solved.route
      .settle()
      .then(() => this.solved.computeEach((sample) => sample.certify()))
      .then(combineConeCertificates);
    return this.examined;
  }

  /** @param cotangentsOf the cotangents of each program */
  async gradients(cotangentsOf: (index: number) => ConeCotangents): Promise<readonly SampleConeGradients[]> {
    const { data } = this.checked;
    return this.solved.computeEach((sample, index) =>
      gradientsOfSample(sample, cotangentsOf(index), this.choice, placesOfSample(data, index)),
    );
  }

  async tangents(directionsOf: (index: number) => ConeDirections): Promise<readonly ConeTangent[]> {
    return this.solved.computeEach((sample, index) => tangentOfSample(sample, directionsOf(index), this.choice));
  }

  async gradientIntervals(cotangentsOf: (index: number) => ConeCotangents): Promise<readonly ConeInterval[]> {
    return this.solved.computeEach(function* (sample, index) {
      return yield* intervalOf(sample.data, yield* sample.examine(), cotangentsOf(index));
    });
  }

  private get choice(): Parameters<typeof tangentOfSample>[2] {
    return { selection: this.solved.selectionFor(undefined), leastNorm: this.checked.settings.leastNorm };
  }
}

const KIND = {
  set: 'b − Ax ∈ K',
  examined: 'the cones',
  singular:
    'the gradient asks for what the solution does not determine; certificate() names the rows or the direction. A term such as ½·10⁻³‖x‖² in the objective makes x unique, and the option leastNorm takes the solution of least norm, which need be no derivative',
};
