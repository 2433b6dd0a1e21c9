/** Formats the outcome of a tuning: as text for the terminal, as JSON, and for the report. */
import type { Engine, TuneResult } from '../../index.ts';
import { formatSignificant } from '../../pictures/numbers.ts';
import type { TuningReport } from '../report/tune/report.ts';
import { formatNames, formatQuantity } from '../wording.ts';
import type { ChosenCriterion } from './criterion.ts';
import { type TuningData, unscaleModel } from './data.ts';
import { type Coefficients, GRID_POINTS, type Line, type LinePoint } from './lines.ts';
import { formatNumber, formatTable, padLines } from './text.ts';

/** A difference below this many per cent is rounding. */
const SAME = 1e-6;

export interface Outcome {
  readonly engine: Engine;
  readonly data: TuningData;
  readonly chosen: ChosenCriterion;
  readonly result: TuneResult;
  readonly grid: Line;
  readonly best: LinePoint;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

function findSupport({ result }: Outcome): number[] {
  return [...result.beta.keys()].filter((feature) => result.beta[feature] !== 0);
}

/** Formats lines with a name and a value, and a table of the coefficients. */
export function formatText(outcome: Outcome): string {
  const { data, chosen, result } = outcome;
  const { features, featureNames } = data.scaled;
  const support = findSupport(outcome);
  const kept = new Set(support);
  const dropped = featureNames.filter((_, feature) => !kept.has(feature));
  const lines: (readonly [string, string])[] = [
    ...formatPenalty(outcome),
    [
      'error',
      `${formatNumber(result.value, 7)}, ${chosen.criterion.name}, in ${formatQuantity(result.solves, 'solve', 'solves')}`,
    ],
    ...(result.optimiser === 'grid' ? [] : [['grid', formatGrid(outcome)] as const]),
    ...(result.slopes ? [['slopes', formatSlopes(result.slopes)] as const] : []),
    ['support', `${support.length} of ${features} features${dropped.length > 0 ? `; 0: ${formatNames(dropped)}` : ''}`],
  ];
  return `${padLines(lines)}\n${formatCoefficients(outcome, support)}\n`;
}

function formatGrid({ result, grid, best }: Outcome): string {
  const what = result.penalty === 'single' ? 'best' : 'best single λ';
  const share = (100 * (best.value - result.value)) / Math.abs(result.value || 1);
  const more = `${formatNumber(Math.abs(share), 2)} % ${share < 0 ? 'less' : 'more'}`;
  return `${formatNumber(best.value, 7)} (${Math.abs(share) < SAME ? 'the same' : more}), ${what} of ${GRID_POINTS} points, log λ ${best.logLambda.toFixed(3)}, in ${grid.solves} solves`;
}

function formatPenalty({ data, result }: Outcome): [string, string][] {
  const { count } = data.scaled;
  const lambda = (logLambda: number): string =>
    `log λ ${logLambda.toFixed(4)}, λ ${formatNumber(Math.exp(logLambda))}, per row (alpha of scikit-learn) ${formatNumber(Math.exp(logLambda) / count)}`;
  if (result.penalty === 'features') {
    const values = Object.values(result.parameters);
    return [
      [
        'penalty',
        `one for each feature, log λ from ${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`,
      ],
    ];
  }
  const { ridge } = result;
  if (ridge === undefined) return [['penalty', lambda(result.logLambda)]];
  return [
    ['penalty', lambda(result.logLambda)],
    ['ridge', `log ρ ${Math.log(ridge).toFixed(4)}, ρ ${formatNumber(ridge)}, per row ${formatNumber(ridge / count)}`],
  ];
}

function formatSlopes({ left, right }: NonNullable<TuneResult['slopes']>): string {
  const kind = left < 0 && right > 0 ? ': a minimum between' : '';
  return `${formatNumber(left, 3)} just below log λ, ${formatNumber(right, 3)} just above${kind}`;
}

/** Formats the coefficients in descending order of their size for standardised features. */
function formatCoefficients({ data, result }: Outcome, support: readonly number[]): string {
  const { featureNames } = data.scaled;
  const { beta, penalty, parameters } = result;
  const model = unscaleModel(data, beta);
  const penalties = penalty === 'features' ? Object.values(parameters) : undefined;
  const order = [...support].sort((a, b) => Math.abs(beta[b]) - Math.abs(beta[a]));
  const rows = [
    ['', 'by unit', 'standardised', ...(penalties ? ['log λ'] : [])],
    ...order.map((feature) => [
      featureNames[feature],
      formatNumber(model.coefficients[feature]),
      formatNumber(beta[feature]),
      ...(penalties ? [penalties[feature].toFixed(3)] : []),
    ]),
    ...(data.intercept ? [['intercept', formatNumber(model.intercept, 7)]] : []),
  ];
  return formatTable(rows);
}

/** Creates the object for `--json`, with numbers in full precision. */
export function createJSON(outcome: Outcome): object {
  const { engine, data, chosen, result, grid, best, warnings, seconds } = outcome;
  const { scaled, intercept } = data;
  const { featureNames, count } = scaled;
  const model = unscaleModel(data, result.beta);
  const named = (values: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(featureNames.map((name, feature) => [name, values[feature]]));
  const penalties =
    result.penalty === 'features'
      ? { logLambdas: named(Object.values(result.parameters)) }
      : {
          logLambda: result.logLambda,
          lambda: Math.exp(result.logLambda),
          lambdaPerRow: Math.exp(result.logLambda) / count,
          ...(result.ridge !== undefined && { ridge: result.ridge, ridgePerRow: result.ridge / count }),
        };
  const { status, reason } = result.certificate;
  return {
    data: scaled.name,
    target: scaled.target,
    rows: count,
    features: scaled.features,
    criterion: chosen.criterion.name,
    ...(chosen.noise && { noise: chosen.noise }),
    penalty: result.penalty,
    optimiser: result.optimiser,
    ...penalties,
    error: result.value,
    solves: result.solves,
    ...(result.slopes && { slopes: result.slopes }),
    grid: { logLambda: best.logLambda, error: best.value, solves: grid.solves, points: GRID_POINTS },
    support: findSupport(outcome).map((feature) => featureNames[feature]),
    ...(intercept && { intercept: model.intercept }),
    coefficients: named(model.coefficients),
    standardised: named(result.beta),
    certificate: { status, reason },
    ...(data.assumed.length > 0 && { assumed: data.assumed }),
    warnings,
    backend: engine.backend,
    seconds,
  };
}

export function createReport(outcome: Outcome, path: Coefficients, curve: Line): TuningReport {
  const { engine, data, chosen, result, grid, best, warnings, seconds } = outcome;
  const { scaled } = data;
  const several = describeSeveralPenalties(outcome);
  return {
    problem: {
      rows: scaled.count,
      features: scaled.features,
      names: scaled.featureNames,
      target: scaled.target,
    },
    criterion: chosen.criterion.name,
    ...(several && { several }),
    path,
    criterionCurve: curve.points,
    visited: result.visited.flatMap(({ parameters, value, gradient }) => {
      if (!Number.isFinite(value)) return [];
      if (several) return [{ value, ...(gradient && { gradient: Math.hypot(...gradient) }) }];
      return [{ logLambda: parameters[0], value, ...(gradient && { gradient: gradient[0] }) }];
    }),
    chosen: {
      logLambda: result.logLambda,
      value: result.value,
      coefficients: result.beta,
      support: findSupport(outcome),
      model: unscaleModel(data, result.beta),
    },
    grid: { ...best, solves: grid.solves },
    solves: result.solves,
    seconds,
    backend: engine.backend,
    warnings,
  };
}

function describeSeveralPenalties({ result }: Outcome): TuningReport['several'] {
  const { penalty, parameters, logLambda, ridge } = result;
  const values = Object.values(parameters);
  if (penalty === 'features') {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return {
      axis: 'change of every log λ',
      card: {
        name: 'Penalties λ',
        value: String(values.length),
        note: `log λ from ${formatSignificant(least, 3)} to ${formatSignificant(most, 3)}`,
      },
      byFeature: values,
    };
  }
  if (ridge === undefined) return undefined;
  return {
    axis: 'log λ, ρ as chosen',
    card: {
      name: 'Penalties λ, ρ',
      value: `${formatSignificant(Math.exp(logLambda), 3)}, ${formatSignificant(ridge, 3)}`,
      note: `log λ = ${formatSignificant(logLambda)}, log ρ = ${formatSignificant(Math.log(ridge))}`,
    },
  };
}
