/** What a report says of the trained model, for each task. */
import type { Evaluation } from '../../index.ts';
import { html, type Markup } from '../../pictures/markup.ts';
import { classSection, confusionSection } from './confusion.ts';
import { type Mistakes, mistakesSection } from './mistakes.ts';
import { listNumberItems, numberSections, type PredictedNumbers } from './numbers.ts';
import { countRight, listEvaluationItems, type SummaryItem } from './page.ts';

/** The outcome of a classifier. */
export interface ClassOutcome {
  readonly classNames: readonly string[];
  readonly evaluation: Evaluation;
  /** The weights of the rows; undefined where they have none. */
  readonly weights: ArrayLike<number> | undefined;
  readonly mistakes: Mistakes;
}

/** The outcome of a model for regression. */
export interface NumberOutcome {
  readonly numbers: PredictedNumbers;
}

export type Outcome = ClassOutcome | NumberOutcome;

/** @param of the rows that were evaluated, such as "Held-out"; empty where the report has no other rows */
export function listOutcomeItems(outcome: Outcome, of: string): SummaryItem[] {
  return 'numbers' in outcome ? listNumberItems(outcome.numbers, of) : listEvaluationItems(outcome, of);
}

export function outcomeSections(outcome: Outcome): Markup {
  if ('numbers' in outcome) return numberSections(outcome.numbers);
  const { classNames, evaluation, mistakes } = outcome;
  return html`<div class="pair">${confusionSection(outcome)}
${classSection(outcome)}</div>
${mistakesSection(mistakes, evaluation.count - countRight(evaluation), classNames)}`;
}
