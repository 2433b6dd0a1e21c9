/** Says what to change when training went wrong, in terms of the settings of the page. */

import type { RunHistory } from './history.ts';
import { findLabel } from './labels.ts';
import type { Settings } from './settings.ts';

/** For each optimiser the rate to try, and the rate above which nothing is learnt as a rule. */
const RATES: Readonly<Record<Settings['optimiser'], { readonly usual: number; readonly most: number }>> = {
  adam: { usual: 0.01, most: 0.1 },
  adamW: { usual: 0.01, most: 0.1 },
  sgd: { usual: 0.1, most: 2 },
  stochasticGradient: { usual: 0.1, most: 2 },
};

/** The loss has gone astray when it ends at this many times its first value. */
const ASTRAY = 2;

/** What explains a run whose parameters exploded; undefined where the rate is not to blame. */
export function adviseOnRate({ optimiser, rate }: Settings): string | undefined {
  const { usual, most } = RATES[optimiser];
  return rate > most ? `A rate of ${rate} is too high for ${findLabel(optimiser)}; try ${usual}.` : undefined;
}

/** @param name the name of the error */
export function explainFailure(name: string, message: string, settings: Settings): string {
  const advice = name === 'ConvergenceError' ? adviseOnRate(settings) : undefined;
  return advice ? `${advice} The parameters grew until an equation could no longer be solved: ${message}` : message;
}

/** A sentence about a run that ended, but learnt nothing; undefined where it did. */
export function adviseOnLoss({ steps }: RunHistory, settings: Settings): string | undefined {
  const [first, last] = [steps[0], steps[steps.length - 1]];
  if (!first || !last || last.loss <= ASTRAY * first.loss) return undefined;
  const rise = `The loss rose from ${first.loss.toPrecision(3)} to ${last.loss.toPrecision(3)}.`;
  return `${rise} ${adviseOnRate(settings) ?? `Try a rate below ${settings.rate}.`}`;
}
