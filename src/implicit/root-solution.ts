/** The solution of an equation that the user wrote, and all that is asked of it once it has been enqueued. */
import { FUNCTION } from '../arguments/check.ts';
import { readOptions } from '../arguments/options.ts';
import type { CustomOperation } from '../autodiff/custom.ts';
import type { UniformSelection } from '../autodiff/selection.ts';
import { isSolved, type SolveReport } from '../solvers/report.ts';
import type { Engine } from '../tensor/engine.ts';
import { recordOperation } from '../tensor/operations.ts';
import { TENSOR, type Tensor } from '../tensor/tensor.ts';
import { type ImplicitCertificate, type Known, knownByNorm, type LinearReport } from './certificate.ts';
import { certify } from './certify.ts';
import { CERTIFY_OPTIONS, type CertifyOptions } from './certify-options.ts';
import { UNBOUNDED } from './hypothesis/range-bounds.ts';
import { type GradientInterval, gradientInterval, INTERVAL_OPTIONS, type IntervalOptions } from './interval.ts';
import { type OperationKink, readKinksOf } from './kinks.ts';
import { type Guard, guardTensors } from './overwritten.ts';
import {
  certificateOfSolve,
  type LinearDirection,
  type LinearRead,
  type LinearResult,
  withAwaited,
} from './reporting.ts';
import { forwardAdvice } from './root-advice.ts';
import { solveForward } from './root-forward.ts';
import { solveBackward, solveTangent, UnresolvedError } from './root-linear.ts';
import type { ImplicitSettings } from './root-options.ts';
import { resolveRoot } from './root-resolved.ts';
import { type LimitedRun, unlessAborted } from './run-limits.ts';
import { checkRows } from './samples/separate.ts';
import { type ImplicitSelection, selectionAt } from './selections.ts';
import { Course } from './solution.ts';
import {
  atSolution,
  type ImplicitFunction,
  ImplicitSystem,
  type Resolved,
  rowsOf,
  type SampleRows,
  type Solved,
} from './system.ts';
import { certifyWellPosed } from './well-posed/certify.ts';
import type { WellPosed } from './well-posed/verdict.ts';
import { withErrorBounds } from './well-posed/well-posed.ts';

/** An equation that the user wrote, with the options of its solve, checked. */
export interface UserEquation {
  /** The public function that was called, for messages: root or fixedPoint. */
  readonly what: string;
  readonly f: ImplicitFunction;
  /** root: f(z, …inputs) = 0. fixed point: z = f(z, …inputs). */
  readonly kind: 'root' | 'fixed point';
  readonly engine: Engine;
  readonly unknown: Tensor;
  readonly inputs: readonly Tensor[];
  readonly settings: ImplicitSettings;
  /** What is known of the equation without a look at the solution. Default: nothing. */
  readonly wellPosed?: Promise<WellPosed>;
}

/** Enqueues the solve when it is constructed; nothing waits for it until something is read. */
export class RootSolution {
  /** The solution, of the shape of the unknown. Reading it awaits the report, and rejects where a sample was not solved. */
  readonly z: Tensor;
  readonly report: Promise<SolveReport>;
  private readonly rows: SampleRows;
  private readonly guard: Guard;
  private readonly course: Course;
  /** Where the solver stopped, for the advice on a failure. Absent where failures do not throw. */
  private readonly stopped: Tensor | undefined;
  /** Where F is defined, for samples that failed: see Solved. */
  private readonly instead: Solved['instead'];
  /** Which element of the conservative Jacobian linear solves take from now on; `select` replaces it. */
  private selection: ImplicitSelection | undefined;
  /** The solution at the floor of the precision, from the moment at which something looks for kinks in it. */
  private atFloor: Resolved | undefined;

  constructor(private readonly equation: UserEquation) {
    const { what, engine, unknown, inputs, settings } = equation;
    this.rows = rowsOf(unknown.shape, settings.coupled);
    this.selection = settings.selection;
    this.guard = guardTensors(what, inputs, (index) => `inputs[${index}]`);
    this.course = this.openCourse();
    const found = solveForward(engine, this.solvedAt(unknown).systemOf, unknown, inputs, settings, this.course.run);
    this.instead = found.instead;
    this.stopped = settings.onFailure === 'throw' ? engine.keepAlias(found.z) : undefined;
    const rowsChecked = found.areRowsInDoubt ? checkRows(this.solvedAt(found.z)) : undefined;
    const { report, outputs } = this.course.completeForward(found.summary, [found.z], async (read) => {
      await rowsChecked;
      if (read.timedOut || read.samples.every(isSolved)) this.stopped?.dispose();
      return withErrorBounds(read, await equation.wellPosed, this.rows.n);
    });
    report.catch(() => this.stopped?.dispose()); // the error itself is reported where the solution is read
    this.report = report;
    this.z = rowsChecked ? withAwaited(engine, outputs[0], rowsChecked) : outputs[0];
    recordOperation('custom', inputs, this.z, this.makeOperation());
  }

  get backwardReports(): readonly Promise<LinearReport>[] {
    return this.course.backwardReports;
  }

  async certify(options?: CertifyOptions): Promise<ImplicitCertificate> {
    const { settings, wellPosed } = this.equation;
    this.guard.check();
    const wanted = readOptions('certify', options, CERTIFY_OPTIONS);
    const solved = this.resolve();
    const certificate = wellPosed
      ? certifyWellPosed(solved, settings, wanted, await unlessAborted(wellPosed, settings.limits.signal))
      : certify(solved, settings, wanted);
    return this.course.whereSolved(certificate);
  }

  async select(choose: (kink: OperationKink) => number): Promise<void> {
    const { signal } = this.equation.settings.limits;
    FUNCTION('select: choose', choose);
    signal?.throwIfAborted();
    this.guard.check();
    const reading = atSolution(this.resolve(), (system, x, uncertainty) =>
      readKinksOf(system.linearise(x, uncertainty).kinks(), this.rows.batch),
    );
    const { list } = await unlessAborted(reading, signal);
    this.selection = selectionAt(list, choose);
  }

  async gradientInterval(cotangent: Tensor, options?: IntervalOptions): Promise<GradientInterval> {
    TENSOR('gradientInterval: cotangent', cotangent);
    const wanted = readOptions('gradientInterval', options, INTERVAL_OPTIONS);
    const signal = wanted.signal ?? this.equation.settings.limits.signal;
    this.guard.check();
    const found = await gradientInterval(this.resolve(), cotangent, { ...wanted, signal });
    const { samples } = await this.report;
    return samples.every(isSolved) ? found : { ...found, ...UNBOUNDED, exact: false, argument: 'unbounded' };
  }

  /** Frees what belongs to the solution besides z. */
  dispose(): void {
    const resolved = this.atFloor ? [this.atFloor.z, ...this.atFloor.uncertainty] : [];
    for (const tensor of [...resolved, ...Object.values(this.instead ?? {})]) tensor.dispose();
    this.stopped?.dispose();
  }

  private openCourse(): Course {
    const { what, engine, settings, wellPosed } = this.equation;
    const { certify: wanted } = settings;
    return new Course({
      engine,
      what,
      given: 'the solution',
      solver: solverName(settings.solver),
      linearSolver: settings.linearSolver,
      isBounded: () => false,
      hypothesis: {
        ofSolve: async (read) => {
          const known = await wellPosed;
          return certificateOfSolve(read, known?.status === 'certified' ? known : knownBy(read, known));
        },
        ...(wanted && { closer: () => this.certify(typeof wanted === 'object' ? wanted : undefined) }),
      },
      advice: {
        forward: (report) => {
          const at = this.stopped?.isDisposed === false ? this.solvedAt(this.stopped) : undefined;
          return forwardAdvice(report, settings, at).finally(() => this.stopped?.dispose());
        },
      },
      settings,
    });
  }

  /** @param uniform the selection of the tape on which the solution is recorded, in place of its own */
  private solvedAt(z: Tensor, uniform?: UniformSelection): Solved {
    const { what, f, kind, engine, inputs } = this.equation;
    return {
      engine,
      systemOf: (own) => new ImplicitSystem(what, f, kind, this.rows, own, uniform ?? this.selection),
      z,
      inputs,
      instead: this.instead,
    };
  }

  /** The solution at the floor of the precision: computed when it is first asked for, and kept. */
  private resolve(uniform?: UniformSelection): Resolved {
    const { settings } = this.equation;
    if (!this.atFloor || this.atFloor.z.isDisposed) {
      this.atFloor = resolveRoot(this.solvedAt(this.z), settings, settings.limits.linear());
    }
    return { ...this.atFloor, systemOf: this.solvedAt(this.z, uniform).systemOf };
  }

  /** How a tape differentiates the solution. */
  private makeOperation(): CustomOperation {
    const { what, f, kind, settings } = this.equation;
    return {
      name: what,
      isSelectable: this.selection === undefined,
      equation: (y, inputs) => (kind === 'root' ? f(y, ...inputs) : y.sub(f(y, ...inputs))),
      pullback: (cotangent, needed, uniform) => {
        const gradients = this.solveLinear('backward', uniform, (solved, run) =>
          solveBackward(solved, cotangent, needed, settings, run),
        );
        return needed.map((isNeeded) => (isNeeded ? gradients.shift() : undefined));
      },
      pushforward: (tangents, uniform) =>
        this.solveLinear('tangent', uniform, (solved, run) => solveTangent(solved, tangents, settings, run))[0],
    };
  }

  /**
   * One linear solve. It is taken at the resolved solution where a selection is named, by the options or by the
   * function itself, or where the kinks were read before or are to be read.
   */
  private solveLinear(
    direction: LinearDirection,
    uniform: UniformSelection | undefined,
    solve: (solved: Solved, run: LimitedRun) => LinearResult,
  ): Tensor[] {
    this.guard.check();
    const isAtKinks = (uniform ?? this.selection) !== undefined || this.equation.settings.certify || this.atFloor;
    if (isAtKinks) return this.course.runLinear(direction, (run) => solve(this.resolve(uniform), run));
    try {
      return this.course.runLinear(direction, (run) => solve(this.solvedAt(this.z), run));
    } catch (error) {
      if (!(error instanceof UnresolvedError)) throw error;
      return this.course.runLinear(direction, (run) => solve(this.resolve(), run));
    }
  }
}

/** What the norms of its operations show of an equation; where they show nothing, what else was found. */
function knownBy({ normBound }: LinearRead, otherwise: WellPosed | undefined): Known {
  const known = knownByNorm(normBound);
  return known.status === 'certified' ? known : (otherwise ?? known);
}

/** As reports name it. */
function solverName(solver: ImplicitSettings['solver']): string {
  if (typeof solver === 'function') return 'own';
  return typeof solver === 'object' ? solver.name : solver;
}
