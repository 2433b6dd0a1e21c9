/** The warnings that a user should read before trusting the chosen penalty. */
import type { TuneResult } from '../../index.ts';
import { formatValue } from '../io.ts';
import { formatNames } from '../wording.ts';
import { findDependences } from './columns.ts';
import type { TuningData } from './data.ts';
import type { Coefficients, Line, LinePoint } from './lines.ts';

/** Two criteria count as equal within this relative difference. */
const SAME = 1e-6;

interface Findings {
  readonly data: TuningData;
  readonly result: TuneResult;
  readonly grid: Line;
  readonly path: Coefficients | undefined;
  /** The machine epsilon of the backend's precision. */
  readonly epsilon: number;
  /** The evaluations allowed from each start. */
  readonly limit: number;
}

export function listWarnings(findings: Findings): string[] {
  return [
    ...findings.data.warnings,
    ...warnOfConstantColumns(findings.data),
    ...warnOfOtherSolutions(findings),
    ...warnOfExtremes(findings),
    ...warnOfLocalMinima(findings),
    ...warnOfLimit(findings),
    ...warnOfUnsolved(findings),
  ];
}

export function warnOfConstantColumns({ constant }: TuningData): string[] {
  if (constant.length === 0) return [];
  const names = formatNames(constant.map(formatValue));
  return [`${names}: constant in all rows, so that nothing can be learned from ${constant.length > 1 ? 'them' : 'it'}`];
}

function warnOfOtherSolutions({ data, result, epsilon }: Findings): string[] {
  const { status, samples } = result.certificate;
  if (status !== 'failed') return [];
  const names = data.scaled.featureNames;
  const [{ equicorrelation }] = samples;
  // The threshold at which the certificate fails. The certificate looks at squares, hence the root.
  const which = describeCollinearColumns(data, equicorrelation, Math.sqrt(16 * equicorrelation.length * epsilon));
  const where = which.length > 0 ? which : equicorrelation.map((feature) => formatValue(names[feature]));
  return [
    `the solution is not unique and its derivative not certified: columns are collinear (${formatNames(where)}); other coefficients predict equally well. ${REMEDY}`,
  ];
}

const REMEDY = 'Leave columns out by --ignore, or use --penalty elastic-net';

/** Solvers are slow where a smaller share of a column than this is independent of the others. */
const SLOW_SHARE = 1e-4;

/** Explains why a problem may not have been solved. */
export function warnOfCollinearColumns(data: TuningData): string[] {
  const all = Array.from({ length: data.scaled.features }, (_, feature) => feature);
  const which = describeCollinearColumns(data, all, SLOW_SHARE);
  return which.length === 0 ? [] : [`columns are collinear (${formatNames(which)}). ${REMEDY}`];
}

/** Describes each column that repeats or combines other columns. */
export function describeCollinearColumns(
  { scaled }: TuningData,
  features: readonly number[],
  tolerance: number,
): string[] {
  const names = scaled.featureNames;
  const found = findDependences(scaled, features, tolerance).filter(({ on }) => on.length > 0);
  return found.map(({ column, on }) => {
    const others = formatNames(on.map((each) => formatValue(names[each])));
    return `${formatValue(names[column])} ${on.length === 1 ? 'repeats' : 'combines'} ${others}`;
  });
}

function warnOfExtremes({ data, result, grid }: Findings): string[] {
  const { penalty, value, beta } = result;
  const target = formatValue(data.scaled.target);
  if (beta.every((each) => each === 0)) {
    return [`nothing is selected: by this criterion no feature explains ${target} better than its mean`];
  }
  const last = grid.points[grid.points.length - 1];
  if (penalty !== 'single' || !last) return [];
  if (last.value > value + SAME * Math.abs(value)) return [];
  return [
    `no penalty helps: down to the least λ of the grid, log λ = ${last.logLambda.toFixed(2)}, the criterion is as good: least squares predicts equally well`,
  ];
}

/**
 * Warns where starts of a search for a single λ ended in minima that are separated by greater values of the criterion.
 */
function warnOfLocalMinima({ result, grid }: Findings): string[] {
  if (result.penalty !== 'single') return [];
  const known = [
    ...grid.points,
    ...result.visited.map(({ parameters, value }) => ({ logLambda: parameters[0], value })),
  ];
  /** Whether the criterion is greater somewhere between two places than at both of them. */
  const isRidgeBetween = (a: Place, b: Place): boolean => {
    const [low, high] = a.logLambda < b.logLambda ? [a.logLambda, b.logLambda] : [b.logLambda, a.logLambda];
    const greatest = Math.max(a.value, b.value);
    return known.some(({ logLambda, value }) => logLambda > low && logLambda < high && value > greatest);
  };
  const [top, bottom] = [grid.points[0], grid.points[grid.points.length - 1]];
  const minima: Place[] = [];
  for (const { parameters, value } of findBestOfEachStart(result).sort((a, b) => a.value - b.value)) {
    const place = { logLambda: parameters[0], value };
    if ([top, bottom].every((end) => end.value > value) && minima.every((one) => isRidgeBetween(one, place))) {
      minima.push(place);
    }
  }
  if (minima.length < 2) return [];
  const places = minima.map((one) => `${Number(one.value.toPrecision(7))} at log λ = ${one.logLambda.toFixed(3)}`);
  return [`the criterion has several local minima: ${places.join(', ')}; the least that was found is chosen`];
}

type Place = Pick<LinePoint, 'logLambda' | 'value'>;

/** Finds the best evaluation of each start. */
function findBestOfEachStart({ visited }: TuneResult): TuneResult['visited'][number][] {
  const best = new Map<number, TuneResult['visited'][number]>();
  for (const one of visited) {
    if (!one.gradient || !Number.isFinite(one.value)) continue;
    const known = best.get(one.start);
    if (!known || one.value < known.value) best.set(one.start, one);
  }
  return [...best.values()];
}

function warnOfLimit({ result, limit }: Findings): string[] {
  const counts = new Map<number, number>();
  for (const { start, gradient } of result.visited) if (gradient) counts.set(start, (counts.get(start) ?? 0) + 1);
  const cut = [...counts.values()].filter((count) => count >= limit).length;
  if (cut === 0) return [];
  return [
    `${cut} of ${counts.size} starts ended at the limit of ${limit} evaluations: a longer search, by a higher --limit, may find a lower minimum`,
  ];
}

function warnOfUnsolved({ result, path }: Findings): string[] {
  const warnings: string[] = [];
  if (result.failed > 0) {
    warnings.push(
      `${result.failed} of ${result.visited.length} evaluations were left out, since a problem was not solved to its tolerance`,
    );
  }
  if (path && path.failed > 0) {
    warnings.push(`${path.failed} of ${path.logLambdas.length} points of the path are not solved to the tolerance`);
  }
  return warnings;
}
