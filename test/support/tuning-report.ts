/** Reports of tunings: of the reference problems, from the oracle of their paths, and of made-up problems. */
import type { CriterionPoint, TuningReport, VisitedPoint } from '../../src/cli/report/tune/report.ts';
import { type LassoName, loadLasso } from '../fixtures/load.ts';
import { tracePath } from './lars.ts';
import { dot } from './numbers.ts';
import { HOSTILE } from './training-report.ts';

/** The report of tuning λ of a reference problem by its held-out error, from 100 λ and a plain descent. */
export function referenceTuning(name: LassoName, changes: Partial<TuningReport> = {}): TuningReport {
  const { X_train, y_train, X_val, y_val, lambda_max, optimum } = loadLasso(name);
  const features = X_train[0].length;
  const path = tracePath({ X: X_train.flat(), y: y_train, features });
  const errorAt = (logLambda: number): Required<VisitedPoint> => {
    const beta = path.at(logLambda);
    const derivative = path.derivative(logLambda, 'falling');
    const errors = y_val.map((value, row) => dot(X_val[row], beta) - value);
    const slopes = errors.map((error, row) => 2 * error * dot(X_val[row], derivative));
    const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / y_val.length;
    return { logLambda, value: mean(errors.map((error) => error * error)), gradient: mean(slopes) };
  };
  const logLambdas = Array.from({ length: 100 }, (_, index) => lambda_max - (7 * index) / 99);
  const criterionCurve = logLambdas.map(errorAt);
  const grid = criterionCurve.reduce((best, each) => (each.value < best.value ? each : best));
  const chosen = errorAt(optimum.lambda);
  return {
    problem: {
      rows: y_train.length + y_val.length,
      features,
      names:
        name === 'diabetes'
          ? ['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6']
          : Array.from({ length: features }, (_, feature) => `x${feature + 1}`),
      target: name === 'diabetes' ? 'progression' : 'y',
    },
    criterion: 'held-out error',
    path: { logLambdas, coefficients: logLambdas.map((logLambda) => path.at(logLambda)) },
    criterionCurve,
    visited: [0.5, 2.2, 4.2, 3.1, 3.6].map((below) => errorAt(lambda_max - below)).concat(chosen),
    chosen: { ...chosen, coefficients: path.at(optimum.lambda), support: optimum.support },
    grid: { ...(grid satisfies CriterionPoint), solves: 100 },
    solves: 6,
    seconds: 0.4,
    backend: 'cpu',
    warnings: [],
    ...changes,
  };
}

/** The same for a penalty per feature; the path and the curve vary all of them together. */
export function severalTuning(): TuningReport {
  const { problem, path, criterionCurve, visited, chosen, ...rest } = referenceTuning('diabetes');
  const shiftToChosen = <Point extends CriterionPoint>(point: Point): Point => ({
    ...point,
    logLambda: point.logLambda - chosen.logLambda,
  });
  return {
    ...rest,
    problem,
    several: {
      axis: 'change of every log λ',
      card: { name: 'Penalties λ', value: '10', note: 'log λ from 6 to 7' },
      byFeature: problem.names.map((_, feature) => chosen.logLambda + feature / 9),
    },
    path: { ...path, logLambdas: path.logLambdas.map((logLambda) => logLambda - chosen.logLambda) },
    criterionCurve: criterionCurve.map(shiftToChosen),
    visited: visited.map(({ value, gradient }) => ({ value, gradient: Math.abs(gradient as number) })),
    chosen: shiftToChosen(chosen),
  };
}

/** A report of three features. One of them has markup for a name, like every other text that comes from data. */
export function hostileTuning(changes: Partial<TuningReport> = {}): TuningReport {
  const visited = [
    { logLambda: 1, value: 2, gradient: 0.5 },
    { logLambda: -1, value: 1.5, gradient: -1e-3 },
  ];
  return {
    problem: { rows: 9, features: 3, names: ['a', HOSTILE, 'c'], target: HOSTILE },
    criterion: HOSTILE,
    path: {
      logLambdas: [2, 0, -1],
      coefficients: [
        [0, 0, 0],
        [0, -0.5, 0],
        [0.25, -2, 0],
      ],
    },
    criterionCurve: [
      { logLambda: 2, value: 3 },
      { logLambda: -1, value: 1.5 },
    ],
    visited,
    chosen: {
      logLambda: -1,
      value: 1.5,
      coefficients: [0.25, -2, 0],
      support: [0, 1],
      model: { intercept: 12.5, coefficients: Float64Array.of(0.5, -40, 0) },
    },
    grid: { logLambda: -0.9, value: 1.6, solves: 40 },
    solves: 2,
    seconds: 125,
    backend: 'webgpu',
    warnings: [HOSTILE],
    ...changes,
  };
}
