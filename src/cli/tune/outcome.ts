/** What a tuning has come to: for the terminal, as JSON, and for the report. */
import type { Engine, TuneResult } from '../../index.ts';
import { significant } from '../../pictures/numbers.ts';
import { onOneLine } from '../io.ts';
import type { TuningReport } from '../report/tune/report.ts';
import { counted, listed } from '../table-options.ts';
import type { ChosenCriterion } from './criterion.ts';
import { modelOf, type TuningData } from './data.ts';
import { type Coefficients, GRID_POINTS, type Line, type LinePoint } from './lines.ts';

/** Per cent that are rounding. */
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

function supportOf({ result }: Outcome): number[] {
  return [...result.beta.keys()].filter((feature) => result.beta[feature] !== 0);
}

/** To so many digits, without zeros at the end. */
function rounded(value: number, digits = 5): string {
  return String(Number(value.toPrecision(digits)));
}

/** Lines of a name and a value, and a table of the coefficients. */
export function textOf(outcome: Outcome): string {
  const { data, chosen, result } = outcome;
  const { features, featureNames } = data.scaled;
  const support = supportOf(outcome);
  const kept = new Set(support);
  const dropped = featureNames.filter((_, feature) => !kept.has(feature));
  const lines: (readonly [string, string])[] = [
    ...penaltyLines(outcome),
    ['error', `${rounded(result.value, 7)}, ${chosen.criterion.name}, in ${counted(result.solves, 'solve', 'solves')}`],
    ...(result.optimiser === 'grid' ? [] : [['grid', gridText(outcome)] as const]),
    ...(result.slopes ? [['slopes', slopesText(result.slopes)] as const] : []),
    ['support', `${support.length} of ${features} features${dropped.length > 0 ? `; 0: ${listed(dropped)}` : ''}`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(9)}${onOneLine(value)}\n`).join('');
  return `${text}\n${coefficientTable(outcome, support)}\n`;
}

function gridText({ result, grid, best }: Outcome): string {
  const what = result.penalty === 'single' ? 'best' : 'best single λ';
  const share = (100 * (best.value - result.value)) / Math.abs(result.value || 1);
  const more = `${rounded(Math.abs(share), 2)} % ${share < 0 ? 'less' : 'more'}`;
  return `${rounded(best.value, 7)} (${Math.abs(share) < SAME ? 'the same' : more}), ${what} of ${GRID_POINTS} points, log λ ${best.logLambda.toFixed(3)}, in ${grid.solves} solves`;
}

function penaltyLines({ data, result }: Outcome): [string, string][] {
  const { count } = data.scaled;
  const lambda = (logLambda: number): string =>
    `log λ ${logLambda.toFixed(4)}, e^λ ${rounded(Math.exp(logLambda))}, per row (alpha of scikit-learn) ${rounded(Math.exp(logLambda) / count)}`;
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
    ['ridge', `log ρ ${Math.log(ridge).toFixed(4)}, ρ ${rounded(ridge)}, per row ${rounded(ridge / count)}`],
  ];
}

function slopesText({ left, right }: NonNullable<TuneResult['slopes']>): string {
  const kind = left < 0 && right > 0 ? ': a minimum between' : '';
  return `${rounded(left, 3)} just below log λ, ${rounded(right, 3)} just above${kind}`;
}

/** Names with the coefficients, the greatest of standardised features first. */
function coefficientTable({ data, result }: Outcome, support: readonly number[]): string {
  const { featureNames } = data.scaled;
  const { beta, penalty, parameters } = result;
  const model = modelOf(data, beta);
  const penalties = penalty === 'features' ? Object.values(parameters) : undefined;
  const order = [...support].sort((a, b) => Math.abs(beta[b]) - Math.abs(beta[a]));
  const rows = [
    ['', 'by unit', 'standardised', ...(penalties ? ['log λ'] : [])],
    ...order.map((feature) => [
      onOneLine(featureNames[feature]),
      rounded(model.coefficients[feature]),
      rounded(beta[feature]),
      ...(penalties ? [penalties[feature].toFixed(3)] : []),
    ]),
    ...(data.intercept ? [['intercept', rounded(model.intercept, 7)]] : []),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const aligned = (cell: string, at: number): string =>
    at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at] + 2);
  return rows.map((row) => row.map(aligned).join('')).join('\n');
}

/** One object, numbers in full. */
export function jsonOf(outcome: Outcome): object {
  const { engine, data, chosen, result, grid, best, warnings, seconds } = outcome;
  const { scaled, intercept } = data;
  const { featureNames, count } = scaled;
  const model = modelOf(data, result.beta);
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
    support: supportOf(outcome).map((feature) => featureNames[feature]),
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

export function reportOf(outcome: Outcome, path: Coefficients, curve: Line): TuningReport {
  const { engine, data, chosen, result, grid, best, warnings, seconds } = outcome;
  const { scaled } = data;
  const several = severalOf(outcome);
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
      support: supportOf(outcome),
      model: modelOf(data, result.beta),
    },
    grid: { ...best, solves: grid.solves },
    solves: result.solves,
    seconds,
    backend: engine.backend,
    warnings,
  };
}

function severalOf({ result }: Outcome): TuningReport['several'] {
  const { penalty, parameters, logLambda, ridge } = result;
  const values = Object.values(parameters);
  if (penalty === 'features') {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return {
      axis: 'change of every log λ',
      card: {
        name: 'Penalties λ',
        value: String(values.length),
        note: `log λ from ${significant(least, 3)} to ${significant(most, 3)}`,
      },
      byFeature: values,
    };
  }
  if (ridge === undefined) return undefined;
  return {
    axis: 'log λ, ρ as chosen',
    card: {
      name: 'Penalties λ, ρ',
      value: `${significant(Math.exp(logLambda), 3)}, ${significant(ridge, 3)}`,
      note: `log λ = ${significant(logLambda)}, log ρ = ${significant(Math.log(ridge))}`,
    },
  };
}
