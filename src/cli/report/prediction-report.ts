/** The report of a model on rows whose classes are known. */
import type { Evaluation } from '../../index.ts';
import { html } from '../../pictures/markup.ts';
import { classSection, confusionSection } from './confusion.ts';
import { type Mistakes, mistakesSection } from './mistakes.ts';
import { countRight, type FactGroups, factsSection, listEvaluationItems, page, summary } from './page.ts';

interface PredictionReport {
  readonly title: string;
  readonly classNames: readonly string[];
  readonly facts: FactGroups;
  readonly evaluation: Evaluation;
  readonly mistakes: Mistakes;
}

/** Returns the text of the HTML file. Text from the data is escaped. */
export function predictionReport({ title, classNames, facts, evaluation, mistakes }: PredictionReport): string {
  const wrong = evaluation.count - countRight(evaluation);
  return page(
    title,
    html`${summary(listEvaluationItems(evaluation, ''))}
<div class="pair">${confusionSection(evaluation, classNames)}
${classSection(evaluation, classNames)}</div>
${mistakesSection(mistakes, wrong, classNames)}
${factsSection(facts)}`,
  );
}
