import { isList, isListOf, isObject } from '../arguments/check.ts';
import { describeValue } from '../arguments/describe-value.ts';
import { channelsOf } from './channels.ts';
import { type FeatureColumn, featureNames } from './features.ts';
import { DataError } from './limits.ts';
import type { ArrayPreparation, FeaturePreparation, MissingRule, Preparation } from './preparation.ts';
import type { Standardisation } from './standardisation.ts';

const RULES: readonly MissingRule[] = ['error', 'mean', 'drop'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a preparation that was stored as JSON, for example in a checkpoint, and checks every field.
 *
 * @param value the result of `JSON.parse`
 * @throws DataError that names the field, its value and what is allowed
 */
export function preparationFrom(value: unknown): Preparation {
  const fields = readFields(value, 'preparation');
  if (fields.kind === 'regression') {
    return { kind: 'regression', targets: readTexts(fields.targets, 'targets'), ...readFeaturePreparation(fields) };
  }
  if (fields.kind === 'regressionArrays') {
    return { kind: 'regressionArrays', targets: readTexts(fields.targets, 'targets'), ...readArrayRows(fields) };
  }
  const classNames = readTexts(fields.classNames, 'classNames');
  if (fields.kind === 'images') {
    const shape = readNumbers(fields.shape, 'shape', (extent) => Number.isInteger(extent) && extent > 0);
    const [greatest] = readNumbers([fields.greatest], 'greatest', (level) => level > 0);
    const { standardisation } = fields;
    return {
      kind: 'images',
      shape,
      greatest,
      classNames,
      ...readPlanes(fields),
      ...(standardisation !== undefined && {
        standardisation: readStandardisation(standardisation, channelsOf(shape)),
      }),
    };
  }
  if (fields.kind === 'arrays') return { kind: 'arrays', classNames, ...readArrayRows(fields) };
  if (fields.kind !== 'table')
    throw createFieldError('kind', fields.kind, '"table", "regression", "images", "arrays" or "regressionArrays"');
  const [target] = readTexts([fields.target], 'target');
  return { kind: 'table', target, classNames, ...readFeaturePreparation(fields) };
}

function readArrayRows(fields: Fields): Pick<ArrayPreparation, 'shape' | 'planes' | 'standardisation'> {
  const shape = readNumbers(fields.shape, 'shape', (extent) => Number.isInteger(extent) && extent > 0);
  const width = shape.reduce((product, extent) => product * extent, 1);
  const { standardisation } = fields;
  return {
    shape,
    ...readPlanes(fields),
    ...(standardisation !== undefined && { standardisation: readStandardisation(standardisation, width) }),
  };
}

function readPlanes({ planes }: Fields): { planes?: boolean } {
  if (planes === undefined) return {};
  if (typeof planes !== 'boolean') throw createFieldError('planes', planes, 'true or false');
  return { planes };
}

function readFeaturePreparation(fields: Fields): FeaturePreparation {
  if (typeof fields.header !== 'boolean') throw createFieldError('header', fields.header, 'true or false');
  if (!isList(fields.columns)) throw createFieldError('columns', fields.columns, 'a list');
  const columns = fields.columns.map(readColumn);
  const features = featureNames(columns).length;
  const missing = RULES.find((rule) => rule === fields.missing);
  if (!missing) throw createFieldError('missing', fields.missing, `one of ${RULES.join(', ')}`);
  const means = readNumbers(fields.means, 'means', Number.isFinite, features);
  const standardisation =
    fields.standardisation === undefined ? undefined : readStandardisation(fields.standardisation, features);
  const [weights] = fields.weights === undefined ? [] : readTexts([fields.weights], 'weights');
  return {
    header: fields.header,
    columns,
    missing,
    means,
    ...(standardisation && { standardisation }),
    ...(weights !== undefined && { weights }),
  };
}

function readColumn(value: unknown, index: number): FeatureColumn {
  const place = `columns[${index}]`;
  const { name, kind, categories } = readFields(value, place);
  if (typeof name !== 'string') throw createFieldError(`${place}.name`, name, 'a text');
  if (kind === 'numbers' || kind === 'dates') return { name, kind };
  if (kind === 'categories') return { name, kind, categories: readTexts(categories, `${place}.categories`) };
  throw createFieldError(`${place}.kind`, kind, '"numbers", "dates" or "categories"');
}

function readStandardisation(value: unknown, features: number): Standardisation {
  const { mean, deviation, constant } = readFields(value, 'standardisation');
  const isFeature = (feature: number): boolean => Number.isInteger(feature) && feature >= 0 && feature < features;
  return {
    mean: readNumbers(mean, 'standardisation.mean', Number.isFinite, features),
    deviation: readNumbers(deviation, 'standardisation.deviation', (x) => x > 0 && Number.isFinite(x), features),
    constant: readNumbers(constant, 'standardisation.constant', isFeature),
  };
}

function readFields(value: unknown, place: string): Fields {
  if (isObject(value)) return value as Fields;
  throw createFieldError(place, value, 'an object');
}

function readTexts(value: unknown, place: string): string[] {
  if (isListOf<string>(value, (each) => typeof each === 'string') && value.length > 0) return value;
  throw createFieldError(place, value, 'texts');
}

function readNumbers(value: unknown, place: string, allows: (each: number) => boolean, count?: number): number[] {
  const fits = isListOf<number>(value, (each) => typeof each === 'number' && allows(each));
  if (fits && (count === undefined || value.length === count)) return value;
  throw createFieldError(place, value, count === undefined ? 'numbers in range' : `${count} numbers in range`);
}

function createFieldError(place: string, value: unknown, must: string): DataError {
  return new DataError(`the stored preparation is broken: ${place} is ${describeValue(value)}; it must be ${must}`);
}
