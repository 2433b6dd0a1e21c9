import { createArgumentCheck, TEXT, TEXTS } from '../arguments/check.ts';
import type { Checks } from '../arguments/options.ts';
import { LIMIT_OPTIONS, type LimitOptions } from './limits.ts';
import type { MissingRule } from './preparation.ts';

/** Options that data sets for classification and for regression share when they are made from a table. */
export interface TableDataOptions extends LimitOptions {
  target: string;
  /** Columns that are not used as features. Default: none. */
  ignore?: readonly string[];
  /** Columns to be read as categories although they hold numbers. Columns of texts always are. Default: none. */
  categorical?: readonly string[];
  /** What to do where a value is missing. Default 'error'. */
  missing?: MissingRule;
  /** The name of the data set. Default 'table'. */
  name?: string;
}

export const TABLE_DATA_OPTIONS: Checks<TableDataOptions> = {
  ...LIMIT_OPTIONS,
  target: TEXT,
  ignore: TEXTS,
  categorical: TEXTS,
  missing: createArgumentCheck(
    'error, mean or drop',
    (value) => value === 'error' || value === 'mean' || value === 'drop',
  ),
  name: TEXT,
};
