/** The report of a model on rows whose classes or targets are known. */
import { html } from '../../pictures/markup.ts';
import { listOutcomeItems, type Outcome, outcomeSections } from './outcome.ts';
import { type FactGroups, factsSection, page, summary } from './page.ts';

interface PredictionReport {
  readonly title: string;
  readonly facts: FactGroups;
  readonly outcome: Outcome;
}

/** Returns the text of the HTML file. Text from the data is escaped. */
export function predictionReport({ title, facts, outcome }: PredictionReport): string {
  return page(
    title,
    html`${summary(listOutcomeItems(outcome, ''))}
${outcomeSections(outcome)}
${factsSection(facts)}`,
  );
}
