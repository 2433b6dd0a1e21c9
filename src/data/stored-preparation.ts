import { isList, isListOf, isObject } from '../arguments/check.ts';
import { shown } from '../arguments/shown.ts';
import { type FeatureColumn, featureNames } from './features.ts';
import { DataError } from './limits.ts';
import type { MissingRule, Preparation } from './preparation.ts';
import type { Standardisation } from './standardisation.ts';

const RULES: readonly MissingRule[] = ['error', 'mean', 'drop'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * A preparation that was kept as JSON, in a checkpoint say, checked field by field.
 *
 * @param value what `JSON.parse` gave
 * @throws DataError that names the field, and what it must be
 */
export function preparationFrom(value: unknown): Preparation {
  const fields = fieldsOf(value, 'preparation');
  const classNames = texts(fields.classNames, 'classNames');
  if (fields.kind === 'images') {
    const shape = numbers(fields.shape, 'shape', (extent) => Number.isInteger(extent) && extent > 0);
    const [greatest] = numbers([fields.greatest], 'greatest', (level) => level > 0);
    return { kind: 'images', shape, greatest, classNames };
  }
  if (fields.kind !== 'table') throw wrong('kind', fields.kind, '"table" or "images"');
  if (typeof fields.header !== 'boolean') throw wrong('header', fields.header, 'true or false');
  if (!isList(fields.columns)) throw wrong('columns', fields.columns, 'a list');
  const columns = fields.columns.map(columnFrom);
  const features = featureNames(columns).length;
  const [target] = texts([fields.target], 'target');
  const missing = RULES.find((rule) => rule === fields.missing);
  if (!missing) throw wrong('missing', fields.missing, `one of ${RULES.join(', ')}`);
  const means = numbers(fields.means, 'means', Number.isFinite, features);
  const standardisation =
    fields.standardisation === undefined ? undefined : standardisationFrom(fields.standardisation, features);
  return {
    kind: 'table',
    header: fields.header,
    columns,
    target,
    classNames,
    missing,
    means,
    ...(standardisation && { standardisation }),
  };
}

function columnFrom(value: unknown, index: number): FeatureColumn {
  const place = `columns[${index}]`;
  const { name, kind, categories } = fieldsOf(value, place);
  if (typeof name !== 'string') throw wrong(`${place}.name`, name, 'a text');
  if (kind === 'numbers' || kind === 'dates') return { name, kind };
  if (kind === 'categories') return { name, kind, categories: texts(categories, `${place}.categories`) };
  throw wrong(`${place}.kind`, kind, '"numbers", "dates" or "categories"');
}

function standardisationFrom(value: unknown, features: number): Standardisation {
  const { mean, deviation, constant } = fieldsOf(value, 'standardisation');
  const isFeature = (feature: number): boolean => Number.isInteger(feature) && feature >= 0 && feature < features;
  return {
    mean: numbers(mean, 'standardisation.mean', Number.isFinite, features),
    deviation: numbers(deviation, 'standardisation.deviation', (x) => x > 0 && Number.isFinite(x), features),
    constant: numbers(constant, 'standardisation.constant', isFeature),
  };
}

function fieldsOf(value: unknown, place: string): Fields {
  if (isObject(value)) return value as Fields;
  throw wrong(place, value, 'an object');
}

function texts(value: unknown, place: string): string[] {
  if (isListOf<string>(value, (each) => typeof each === 'string') && value.length > 0) return value;
  throw wrong(place, value, 'texts');
}

function numbers(value: unknown, place: string, allows: (each: number) => boolean, count?: number): number[] {
  const fits = isListOf<number>(value, (each) => typeof each === 'number' && allows(each));
  if (fits && (count === undefined || value.length === count)) return value;
  throw wrong(place, value, count === undefined ? 'numbers in range' : `${count} numbers in range`);
}

function wrong(place: string, value: unknown, must: string): DataError {
  return new DataError(`the stored preparation is broken: ${place} is ${shown(value)}; it must be ${must}`);
}
