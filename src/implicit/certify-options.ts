/** What a caller may choose of a closer look at the theorem's hypothesis, checked. */
import { AT_LEAST_0, BOOLEAN, COUNT, checkFor, INDEX, SIGNAL } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { type InvertibilityOptions, LARGEST_LIMIT } from './hypothesis/hypothesis.ts';
import type { EstimateOptions } from './singular-value-estimate.ts';

export interface CertifyOptions extends InvertibilityOptions {
  /**
   * Everything within it of a kink counts as at the kink: the hypothesis on a neighbourhood, to first order. Default: what
   * rounding makes of a kink, 64·ε·max|x| of the row. What is unresolved counts too, whatever it is.
   */
  readonly radius?: number;
  /**
   * Instead of a proof, an estimate of σ_min of the element that gradients take, from a few linear solves (6 pairs, or as many
   * as `iterations` says). This is what systems get that are too large for a proof: more than 512 unknowns and kinked values.
   */
  readonly estimate?: boolean | EstimateOptions;
  /** Aborted, it ends the work: the certificate rejects with its reason. Default: that of the solve. */
  readonly signal?: AbortSignal;
}

const ESTIMATE_OPTIONS: Checks<EstimateOptions> = { iterations: COUNT, seed: INDEX };

export const CERTIFY_OPTIONS: Checks<CertifyOptions> = {
  exact: BOOLEAN,
  enumerationLimit: checkFor(
    `a whole number from 0 to ${LARGEST_LIMIT}`,
    (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_LIMIT,
  ),
  warnBelow: checkFor('a number of at least 0', (value) => typeof value === 'number' && value >= 0),
  seed: INDEX,
  radius: (_, value) => checkRadius('certify', value as number),
  estimate(place, value) {
    if (typeof value !== 'boolean') readOptions(place, value as EstimateOptions, ESTIMATE_OPTIONS);
  },
  signal: SIGNAL,
};

export function checkRadius(what: string, radius: number | undefined): void {
  if (radius !== undefined) AT_LEAST_0(`${what}: radius`, radius);
}
