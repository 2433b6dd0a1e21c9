/** Formats the outcome of tuning a model: as text for the terminal, and as JSON. */
import type { Engine } from '../../../index.ts';
import { toOneLine } from '../../io.ts';
import { formatNames, formatQuantity } from '../../wording.ts';
import { formatNumber, formatTable, padLines } from '../text.ts';
import { accuracyOf, type OutputModel, unscaleOutputs } from './coefficients.ts';
import type { ModelData } from './data.ts';
import { modelOf } from './models.ts';
import type { FittedModel, ModelSearch, ModelTuning } from './tuning.ts';

export interface ModelOutcome {
  readonly engine: Engine;
  readonly data: ModelData;
  readonly criterion: string;
  readonly optimiser: 'descent' | 'grid';
  readonly tuning: ModelTuning;
  readonly search: ModelSearch;
  readonly grid: ModelSearch;
  readonly fitted: FittedModel;
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** A difference below this many per cent is rounding. */
const SAME = 1e-6;

export function formatModelText(outcome: ModelOutcome): string {
  const { data, criterion, optimiser, search } = outcome;
  const accuracy = accuracyOf(outcome.data, outcome.fitted);
  const lines: (readonly [string, string])[] = [
    [isMachine(data) ? 'cost' : 'penalty', formatStrength(data, search.best.at)],
    [
      'error',
      `${formatNumber(search.best.value, 7)}, ${criterion}, in ${formatQuantity(search.solves, 'solve', 'solves')}`,
    ],
    ['measure', modelOf(data.model).measure],
    ...(optimiser === 'grid' ? [] : [['grid', formatGrid(outcome)] as const]),
    ['support', formatSupport(outcome)],
    ...(accuracy === undefined
      ? []
      : [['right', `${formatNumber(100 * accuracy, 4)} % of the rows to which it is fitted`] as const]),
  ];
  return `${padLines(lines)}\n${formatCoefficients(outcome)}\n`;
}

function isMachine({ model }: ModelData): boolean {
  return modelOf(model).loss === undefined;
}

function formatStrength(data: ModelData, at: number): string {
  if (isMachine(data)) return `log C ${at.toFixed(4)}, C ${formatNumber(Math.exp(at))}`;
  const perRow = Math.exp(at) / data.scaled.count;
  return `log λ ${at.toFixed(4)}, λ ${formatNumber(Math.exp(at))}, per row ${formatNumber(perRow)}`;
}

function formatGrid({ data, search, grid, tuning }: ModelOutcome): string {
  const share = (100 * (grid.best.value - search.best.value)) / Math.abs(search.best.value || 1);
  const more = `${formatNumber(Math.abs(share), 2)} % ${share < 0 ? 'less' : 'more'}`;
  const name = isMachine(data) ? 'log C' : 'log λ';
  return `${formatNumber(grid.best.value, 7)} (${Math.abs(share) < SAME ? 'the same' : more}), best of ${tuning.points} points, ${name} ${grid.best.at.toFixed(3)}, in ${grid.solves} solves`;
}

function formatSupport({ data, fitted }: ModelOutcome): string {
  const { features, featureNames } = data.scaled;
  if (fitted.alpha) {
    const used = fitted.alpha.filter((value) => value > 0).length;
    return `${used} of ${data.scaled.count} rows are support vectors`;
  }
  const kept = supportOf(data, fitted);
  const dropped = featureNames.filter((_, feature) => !kept.includes(feature));
  const zero = dropped.length > 0 ? `; 0: ${formatNames(dropped)}` : '';
  const groups = data.groups?.filter((group) => group.features.some((feature) => kept.includes(feature)));
  const ofGroups = groups ? ` in ${groups.length} of ${data.groups?.length} groups` : '';
  return `${kept.length} of ${features} features${ofGroups}${zero}`;
}

/** The features with a coefficient other than 0. */
export function supportOf({ scaled }: ModelData, { beta }: FittedModel): number[] {
  const outputs = beta.length / scaled.features;
  return Array.from({ length: scaled.features }, (_, feature) => feature).filter((feature) =>
    beta.subarray(feature * outputs, (feature + 1) * outputs).some((value) => value !== 0),
  );
}

/** The coefficients by unit of each output, in descending order of their size for standardised features. */
function formatCoefficients({ data, fitted }: ModelOutcome): string {
  const { featureNames } = data.scaled;
  const models = unscaleOutputs(data, fitted);
  const [first] = models;
  const sizeOf = (feature: number): number => Math.hypot(...models.map(({ standardised }) => standardised[feature]));
  const order = supportOf(data, fitted).sort((a, b) => sizeOf(b) - sizeOf(a));
  const isSingle = models.length === 1;
  return formatTable([
    ['', ...(isSingle ? ['by unit', 'standardised'] : models.map(({ name }) => name))],
    ...order.map((feature) => [
      featureNames[feature],
      ...models.map(({ coefficients }) => formatNumber(coefficients[feature])),
      ...(isSingle ? [formatNumber(first.standardised[feature])] : []),
    ]),
    ...(data.intercept ? [['intercept', ...models.map(({ intercept }) => formatNumber(intercept, 7))]] : []),
  ]);
}

/** Creates the object for `--json`, with numbers in full precision. */
export function createModelJSON(outcome: ModelOutcome): object {
  const { engine, data, criterion, optimiser, search, grid, tuning, fitted, warnings, seconds } = outcome;
  const { scaled, classes, groups, model } = data;
  const { featureNames } = scaled;
  const models = unscaleOutputs(data, fitted);
  const named = (values: ArrayLike<number>): Record<string, number> =>
    Object.fromEntries(featureNames.map((name, feature) => [name, values[feature]]));
  /** Of one output, or by the names of several. */
  const each = <T>(pick: (one: OutputModel) => T): T | Record<string, T> =>
    models.length === 1 && !data.tasks
      ? pick(models[0])
      : Object.fromEntries(models.map((one) => [one.name, pick(one)]));
  const kept = supportOf(data, fitted);
  const accuracy = accuracyOf(data, fitted);
  const { status, reason } = fitted.certificate;
  const key = isMachine(data) ? 'logC' : 'logLambda';
  return {
    data: scaled.name,
    model,
    target: scaled.target,
    rows: scaled.count,
    features: scaled.features,
    ...(classes && { classes }),
    criterion,
    measure: modelOf(model).measure,
    optimiser,
    ...strengthOf(data, search.best.at),
    error: search.best.value,
    ended: search.ended,
    solves: search.solves,
    grid: { [key]: grid.best.at, error: grid.best.value, solves: grid.solves, points: tuning.points },
    support: kept.map((feature) => featureNames[feature]),
    ...(groups && {
      groups: groups.map((group) => ({ name: group.name, features: group.features.map((at) => featureNames[at]) })),
    }),
    ...(fitted.alpha && { alpha: Array.from(fitted.alpha) }),
    ...(accuracy !== undefined && { accuracy }),
    ...(data.intercept && { intercept: each(({ intercept }) => intercept) }),
    coefficients: each(({ coefficients }) => named(coefficients)),
    standardised: each(({ standardised }) => named(standardised)),
    certificate: { status, reason },
    ...(data.assumed.length > 0 && { assumed: data.assumed }),
    warnings,
    backend: engine.backend,
    seconds,
  };
}

function strengthOf(data: ModelData, at: number): object {
  if (isMachine(data)) return { logC: at, C: Math.exp(at) };
  return { logLambda: at, lambda: Math.exp(at), lambdaPerRow: Math.exp(at) / data.scaled.count };
}

/** The lines about the data that come before the search. */
export function introduceModel({ model, classes, groups, tasks }: ModelData): (readonly [string, string])[] {
  const { title, explains } = modelOf(model);
  return [
    ['model', title],
    ...(classes
      ? [['classes', explains === 'two classes' ? `${classes[1]} against ${classes[0]}` : classes.join(', ')] as const]
      : []),
    ...(groups ? [['groups', formatNames(groups.map(({ name }) => toOneLine(name)))] as const] : []),
    ...(tasks
      ? [
          [
            'scale',
            formatNames(tasks.map(({ name, deviation }) => `${name} in units of ${formatNumber(deviation)}`)),
          ] as const,
        ]
      : []),
  ];
}
