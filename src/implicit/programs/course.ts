/** The course of a batch of programs of any kind: how a failed solve, a certificate and a linear solve are told. */
import type { Engine } from '../../tensor/engine.ts';
import type { OwnAdvice } from '../advice.ts';
import type { ImplicitCertificate } from '../certificate.ts';
import { combineCertificates } from '../combined-certificate.ts';
import { Course } from '../solution.ts';
import type { ProgramSolverName, ProgramSolveSettings } from './options.ts';
import { acceptableResidual, findNoSolution, type ProgramReport, statedTolerance } from './report.ts';

/** What the course needs to know of the kind of programs. */
interface ProgramKind {
  /** The constraints in a formula. */
  readonly set: string;
  /** What a certificate looks at. */
  readonly examined: string;
  /** What a singular linear system means, and what helps. */
  readonly singular: string;
}

/** How linear systems are solved, and the residual that is left where the matrix is not singular. */
const LINEAR: Readonly<Record<ProgramSolverName, { name: string; tolerance: (epsilon: number) => number }>> = {
  'interior-point': { name: 'factorisation', tolerance: () => 1e-6 },
  splitting: { name: 'proximal refinement', tolerance: acceptableResidual },
};

/** @param certify the certificate of the solutions */
export function createProgramCourse(
  { what, engine, settings }: { what: string; engine: Engine; settings: ProgramSolveSettings },
  { set, examined, singular }: ProgramKind,
  certify: () => Promise<ImplicitCertificate>,
): Course {
  const { solver, onFailure, onFailedCertificate, limits } = settings;
  const isExamined = onFailedCertificate !== 'ignore';
  const advice: OwnAdvice = { singular };
  return new Course({
    engine,
    what,
    given: 'the data',
    solver,
    linearSolver: LINEAR[solver].name,
    isBounded: () => false,
    advice,
    failure: (report) => findNoSolution(what, report as ProgramReport, set),
    hypothesis: {
      ofSolve: async ({ report }) => combineCertificates(report, isExamined ? await certify() : undefined, examined),
      ...(isExamined && { closer: certify }),
    },
    settings: {
      tolerance: statedTolerance(settings),
      backwardTolerance: LINEAR[solver].tolerance(engine.epsilon),
      onFailure,
      onFailedCertificate,
      limits,
    },
  });
}
