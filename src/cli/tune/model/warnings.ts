/** What a user should read before trusting the chosen penalty or cost of a model. */
import { formatValue } from '../../io.ts';
import { describeCollinearColumns, warnOfConstantColumns } from '../warnings.ts';
import type { ModelData } from './data.ts';
import { modelOf } from './models.ts';
import { supportOf } from './outcome.ts';
import type { FittedModel, ModelSearch } from './tuning.ts';

/** A smaller share of a column, of its length, is rounding. */
const TOLERANCE = 1e-7;

export function listModelWarnings(data: ModelData, search: ModelSearch, fitted: FittedModel): string[] {
  return [
    ...data.warnings,
    ...warnOfConstantColumns(data),
    ...warnOfOtherSolutions(data, fitted),
    ...warnOfEnds(data, search, fitted),
  ];
}

function warnOfOtherSolutions(data: ModelData, fitted: FittedModel): string[] {
  const { status, reason } = fitted.certificate;
  if (status !== 'failed') return [];
  const collinear = fitted.alpha ? [] : describeCollinearColumns(data, supportOf(data, fitted), TOLERANCE);
  const where = collinear.length > 0 ? ` (${collinear.join(', ')})` : '';
  return [`the solution is not unique and its derivative not certified: ${reason}${where}`];
}

function warnOfEnds(data: ModelData, { ended, best }: ModelSearch, { beta }: FittedModel): string[] {
  const target = formatValue(data.scaled.target);
  const isMachine = modelOf(data.model).loss === undefined;
  if (!isMachine && beta.every((value) => value === 0)) {
    const alone = data.classes ? 'the shares of the classes' : 'its mean';
    return [`nothing is selected: by this criterion no feature explains ${target} better than ${alone}`];
  }
  if (ended === 'limit') {
    return ['the search ended at its limit: a longer one, by a higher --limit, may find a lower minimum'];
  }
  const place = `log ${isMachine ? 'C' : 'λ'} = ${best.at.toFixed(2)}`;
  if (ended === (isMachine ? 'upper end' : 'lower end')) {
    return [
      `no penalty helps: the criterion falls to the end of the range, ${place}, where the penalty hardly matters`,
    ];
  }
  if (isMachine && ended === 'lower end') {
    return [
      `the least cost of the range is best, ${place}: below it the coefficients only shrink, and the classes stay the same`,
    ];
  }
  return [];
}
