import { checkFor, TEXT, TEXTS } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { LIMIT_OPTIONS } from './limits.ts';
import type { TableRegressionOptions } from './regression.ts';

/** What data of a table, whatever they are for, have in common. */
export const TABLE_DATA_OPTIONS: Checks<TableRegressionOptions> = {
  ...LIMIT_OPTIONS,
  target: TEXT,
  ignore: TEXTS,
  categorical: TEXTS,
  missing: checkFor('error, mean or drop', (value) => value === 'error' || value === 'mean' || value === 'drop'),
  name: TEXT,
};
