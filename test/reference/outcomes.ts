/**
 * Solves the reference problems with an engine. No test runner and no Node here, so that the same code runs inside a
 * page.
 */
import { jacobianVectorProduct, valueAndGrad } from '../../src/autodiff/gradient.ts';
import { Tape } from '../../src/autodiff/tape.ts';
import type { LassoCertificate } from '../../src/implicit/lasso/certificate.ts';
import { lasso } from '../../src/implicit/lasso/lasso.ts';
import type { LassoOptions, LassoSolverName } from '../../src/implicit/lasso/options.ts';
import { monotoneFixedPoint } from '../../src/implicit/monotone.ts';
import { monotoneMatrix } from '../../src/implicit/parametrisation.ts';
import type { ForwardSolverName, LinearSolverName } from '../../src/solvers/index.ts';
import { isSolved } from '../../src/solvers/report.ts';
import type { Engine } from '../../src/tensor/engine.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { KinkCase, LassoReference, Matrix, SmoothCase } from '../fixtures/load.ts';

/** The caller may be in another process: only JSON-like values cross. */
const outcomes = { fixedPoint, parameterGradients, atKinks, lassoSolutions, lassoGradients, lassoSides };
type Outcomes = typeof outcomes;

type Asked<Name extends keyof Outcomes> = Outcomes[Name] extends (engine: Engine, ...given: infer Given) => unknown
  ? Given
  : never;

export type Outcome<Name extends keyof Outcomes> = Awaited<ReturnType<Outcomes[Name]>>;

export type Ask = <Name extends keyof Outcomes>(name: Name, ...given: Asked<Name>) => Promise<Outcome<Name>>;

export function createAsk(engine: () => Promise<Engine>): Ask {
  return async <Name extends keyof Outcomes>(name: Name, ...given: Asked<Name>): Promise<Outcome<Name>> => {
    const outcome = outcomes[name] as unknown as (engine: Engine, ...given: Asked<Name>) => Promise<Outcome<Name>>;
    return outcome(await engine(), ...given);
  };
}

export type Solvers = readonly [solver: ForwardSolverName | 'auto', linearSolver: LinearSolverName | 'auto'];

/** z, and the gradients of ⟨v, z⟩. */
async function fixedPoint(engine: Engine, reference: SmoothCase, [solver, linearSolver]: Solvers) {
  const { n, batch, m } = reference;
  const tape = new Tape();
  const W = tape.watch(engine.tensor(reference.W.flat(), [n, n]));
  const b = tape.watch(engine.tensor(reference.b.flat(), [batch, n]));
  const solution = monotoneFixedPoint(W, b, {
    activation: activationOf(reference),
    margin: m,
    tolerance: 4 * engine.epsilon,
    solver,
    linearSolver,
    limit: 5000,
  });
  const gradients = tape.pullback(solution.z, [W, b], engine.tensor(reference.v.flat(), [batch, n]));
  const [z, gradW, gradB] = await Promise.all([solution.z, ...gradients].map(numbersOf));
  return { z, gradW, gradB, isSolved: (await solution.report).samples.every(isSolved) };
}

/** The gradients of ⟨v, z⟩ with respect to A, B and m, through the parametrisation of W. */
async function parameterGradients(engine: Engine, reference: SmoothCase) {
  const { n, batch } = reference;
  const tape = new Tape();
  const [A, B] = [reference.A, reference.B].map((matrix) =>
    tape.watch(engine.tensor((matrix as Matrix).flat(), [n, n])),
  );
  const m = tape.watch(engine.tensor([reference.m], [1]));
  const solution = monotoneFixedPoint(monotoneMatrix(A, B, m), engine.tensor(reference.b.flat(), [batch, n]), {
    activation: activationOf(reference),
    margin: reference.m,
    tolerance: 4 * engine.epsilon,
  });
  const gradients = tape.pullback(solution.z, [A, B, m], engine.tensor(reference.v.flat(), [batch, n]));
  const [gradA, gradB, gradM] = await Promise.all(gradients.map(numbersOf));
  return { gradA, gradB, gradM: gradM[0] };
}

async function atKinks(engine: Engine, reference: KinkCase, selection: number) {
  const { n } = reference;
  const tape = new Tape();
  const W = tape.watch(engine.tensor(reference.W.flat(), [n, n]));
  const b = tape.watch(engine.tensor(reference.b, [1, n]));
  const solution = monotoneFixedPoint(W, b, {
    activation: activationOf(reference),
    margin: reference.m,
    tolerance: 4 * engine.epsilon,
    selection,
  });
  const gradients = tape.pullback(solution.z, [W, b], engine.tensor(reference.v, [1, n]));
  const [z, gradW, gradB] = await Promise.all([solution.z, ...gradients].map(numbersOf));
  const { kinks, status, argument } = await solution.certificate();
  return { z, gradW, gradB, kinks: kinks.map(({ index }) => index), status, argument };
}

function activationOf({ activation, tau }: Pick<SmoothCase, 'activation' | 'tau'>) {
  return activation === 'softthreshold' ? ({ name: 'softThreshold', threshold: tau ?? 0 } as const) : activation;
}

interface Regression {
  readonly X: Matrix;
  readonly y: readonly number[];
  readonly intercept?: boolean;
  readonly kinkUnits?: number;
}

function tensorsOf(engine: Engine, { X, y, ...options }: Regression): Pick<LassoOptions, 'X' | 'y'> {
  return { X: engine.tensor(X.flat(), [y.length, X[0].length]), y: engine.tensor(y), ...options };
}

async function lassoSolutions(
  engine: Engine,
  given: Regression,
  logLambda: readonly number[],
  solver: LassoSolverName,
) {
  const solution = lasso({ ...tensorsOf(engine, given), logLambda, solver });
  const [beta, report] = await Promise.all([numbersOf(solution.beta), solution.report]);
  const { dualityGap, samples } = report;
  return {
    beta: rowsOf(beta, given.X[0].length),
    certificate: plain(await solution.certificate()),
    dualityGap: Array.from(dualityGap),
    isSolved: samples.every(isSolved),
  };
}

/**
 * dβ/d log λ by forward mode, and the derivative of the mean squared error on held-out rows by reverse mode; for each
 * λ.
 */
async function lassoGradients(
  engine: Engine,
  reference: LassoReference,
  logLambda: readonly number[],
  selection: number | undefined,
) {
  const { X_train, y_train, X_val, y_val } = reference;
  const given = tensorsOf(engine, { X: X_train, y: y_train });
  const held = tensorsOf(engine, { X: X_val, y: y_val });
  const at = engine.tensor(logLambda);
  const betaAt = (where: Tensor): Tensor => lasso({ ...given, logLambda: where, selection }).beta;
  const heldOutErrors = (where: Tensor): Tensor =>
    betaAt(where)
      .matmul(held.X, { transposeB: true })
      .sub(held.y.reshape([1, y_val.length]))
      .square()
      .mean(1);
  const [beta, tangent] = await jacobianVectorProduct(betaAt, [at], [engine.tensor(logLambda.map(() => 1))]);
  const [, [gradient]] = await valueAndGrad((where) => heldOutErrors(where).sum(), [at]);
  const features = X_train[0].length;
  return {
    beta: rowsOf(await numbersOf(beta), features),
    tangent: rowsOf(await numbersOf(tangent), features),
    gradient: await numbersOf(gradient),
  };
}

/**
 * dβ/d log λ for λ falling and rising. Every coordinate is a problem of its own with a unit vector as its cotangent.
 */
async function lassoSides(engine: Engine, given: Regression, logLambdas: readonly number[]) {
  const features = given.X[0].length;
  const batch = logLambdas.length * features;
  const logLambda = Array.from({ length: batch }, (_, problem) => logLambdas[Math.floor(problem / features)]);
  const units = Float64Array.from({ length: batch * features }, (_, at) =>
    Math.floor(at / features) % features === at % features ? 1 : 0,
  );
  const solution = lasso({ ...tensorsOf(engine, given), logLambda, tolerance: 4 * engine.epsilon });
  const intervals = await solution.gradientInterval(engine.tensor(units, [batch, features]));
  const beta = rowsOf(await numbersOf(solution.beta), features).filter((_, problem) => problem % features === 0);
  return {
    beta,
    intervals: intervals.map(({ low, high, left, right, exact }) => ({ low, high, left, right, exact })),
    certificate: plain(await solution.certificate()),
  };
}

function plain({ status, samples, kinks }: LassoCertificate) {
  return {
    status,
    samples: samples.map(({ support, equicorrelation }) => ({ support, equicorrelation })),
    kinks: kinks.map(({ sample, index }) => ({ sample, index })),
  };
}

async function numbersOf(tensor: Tensor): Promise<number[]> {
  return Array.from(await tensor.data());
}

export function rowsOf(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}
