/** The options of `certify`, and their checks. */
import { AT_LEAST_0, BOOLEAN, COUNT, createArgumentCheck, INDEX, SIGNAL } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { type InvertibilityOptions, LARGEST_LIMIT } from './hypothesis/hypothesis.ts';
import type { EstimateOptions } from './singular-value-estimate.ts';

/** How closely `solve.certify` looks at the hypothesis of the theorem. Every option may be left out. */
export interface CertifyOptions extends InvertibilityOptions {
  /**
   * Every argument within this distance of a kink, a number ≥ 0, counts as at it: the hypothesis is then checked on a
   * neighbourhood, to first order. Coordinates that are `unresolved` always count. Default: the rounding of the
   * argument, 64·ε·max|x| of its row.
   */
  readonly radius?: number;
  /**
   * Whether to estimate σ_min of the element that gradients take, by a few linear solves (6 pairs, or `iterations` of
   * them), instead of a proof. Systems with more than 512 unknowns and kinked values together always get the estimate.
   * Default false.
   */
  readonly estimate?: boolean | EstimateOptions;
  /**
   * Ends the work when it is aborted: the certificate then rejects with the signal's reason. Default: the signal of the
   * solve.
   */
  readonly signal?: AbortSignal | undefined;
}

const ESTIMATE_OPTIONS: Checks<EstimateOptions> = { iterations: COUNT, seed: INDEX };

/** The checks of these options. */
export const CERTIFY_OPTIONS: Checks<CertifyOptions> = {
  exact: BOOLEAN,
  enumerationLimit: createArgumentCheck(
    `a whole number from 0 to ${LARGEST_LIMIT}`,
    (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_LIMIT,
  ),
  warnBelow: createArgumentCheck('a number of at least 0', (value) => typeof value === 'number' && value >= 0),
  seed: INDEX,
  radius: (_, value) => checkRadius('certify', value as number),
  estimate(place, value) {
    if (typeof value !== 'boolean') readOptions(place, value as EstimateOptions, ESTIMATE_OPTIONS);
  },
  signal: SIGNAL,
};

/** @throws RangeError where a radius is given that is no number ≥ 0 */
export function checkRadius(what: string, radius: number | undefined): void {
  if (radius !== undefined) AT_LEAST_0(`${what}: radius`, radius);
}
