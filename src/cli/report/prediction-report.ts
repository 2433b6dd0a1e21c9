/** The report of a model on rows whose classes are known. */
import type { Evaluation } from '../../index.ts';
import { html } from '../../pictures/markup.ts';
import { classSection, confusionSection } from './confusion.ts';
import { type Mistakes, mistakesSection } from './mistakes.ts';
import { evaluationItems, type FactGroups, factsSection, page, rightOnes, summary } from './page.ts';

export interface PredictionReport {
  readonly title: string;
  readonly classNames: readonly string[];
  readonly facts: FactGroups;
  readonly evaluation: Evaluation;
  readonly mistakes: Mistakes;
}

/** @returns the text of the file; texts that come from data are escaped */
export function predictionReport({ title, classNames, facts, evaluation, mistakes }: PredictionReport): string {
  const wrong = evaluation.count - rightOnes(evaluation);
  return page(
    title,
    html`${summary(evaluationItems(evaluation, ''))}
<div class="pair">${confusionSection(evaluation, classNames)}
${classSection(evaluation, classNames)}</div>
${mistakesSection(mistakes, wrong, classNames)}
${factsSection(facts)}`,
  );
}
