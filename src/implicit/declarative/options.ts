/** The options that all declarative nodes have, and their checks. */
import { createArgumentError, isListLike } from '../../arguments/check.ts';
import type { Checks } from '../../arguments/options.ts';
import type { FailurePolicy } from '../failure-policy.ts';
import { checkFailurePolicy, checkOneOf, LIMIT_OPTIONS } from '../options.ts';
import { type LimitOptions, RunLimits } from '../run-limits.ts';

/** The options that all declarative nodes have. */
export interface NodeOptions extends LimitOptions {
  /**
   * throw (default): reading anything that depends on a problem that was not solved, or that has no derivative, rejects.
   * report: only the report shows it.
   */
  onFailure?: 'throw' | 'report';
  /** What happens where a certificate fails and a gradient is asked for: throw, warn or ignore. Default warn. */
  onFailedCertificate?: FailurePolicy;
}

/** Options that have a 0 here are checked by `nodeSettings`. */
export const NODE_OPTIONS: Checks<NodeOptions> = { ...LIMIT_OPTIONS, onFailure: 0, onFailedCertificate: 0 };

/** These options, checked and with their defaults. */
export interface NodeSettings extends Required<Omit<NodeOptions, keyof LimitOptions>> {
  readonly limits: RunLimits;
  /** The relative residual up to which a problem counts as solved. */
  readonly tolerance: number;
}

export function nodeSettings(options: NodeOptions, tolerance: number): NodeSettings {
  return {
    tolerance,
    limits: new RunLimits(options),
    onFailure: checkOneOf('onFailure', options.onFailure ?? 'throw', { throw: 0, report: 0 }),
    onFailedCertificate: checkFailurePolicy(options.onFailedCertificate ?? 'warn'),
  };
}

/**
 * A selection: one number, or one for each of `count` places.
 * @param places what they are, for the message
 * @throws RangeError that names it
 */
export function readNodeSelection(
  what: string,
  given: number | readonly number[],
  count: number,
  places: string,
): number | Float64Array {
  const isShare = (q: unknown): q is number => typeof q === 'number' && q >= 0 && q <= 1;
  if (isShare(given)) return given;
  if (!isListLike(given) || !Array.from(given as ArrayLike<unknown>).every(isShare)) {
    throw createArgumentError(`${what}: selection`, given, 'a number from 0 to 1, or a list of these');
  }
  if (given.length !== count) {
    throw new RangeError(
      `${what}: selection holds ${given.length} numbers; there are ${count} ${places}, so it must hold ${count}`,
    );
  }
  return Float64Array.from(given);
}
