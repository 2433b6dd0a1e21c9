/** The parts that all reports share. A report is one HTML file that needs no server, network or script. */
import type { Evaluation } from '../../index.ts';
import { formatPercent, html, type Markup } from '../../pictures/markup.ts';
import type { ClassOutcome } from './outcome.ts';
import { STYLE } from './style.ts';

/** Names and values of facts, grouped by heading. */
export type FactGroups = readonly {
  readonly heading: string;
  readonly entries: readonly (readonly [string, string])[];
}[];

/** Returns the text of the HTML file. */
export function page(title: string, content: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><p class="brand">Equilibra</p><h1>${title}</h1></header>
${content}
</main>
</body>
</html>
`.text;
}

export interface SummaryItem {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

export function summary(items: readonly SummaryItem[]): Markup {
  return html`<dl class="summary">${items.map(
    ({ name, value, note }) =>
      html`<div><dt>${name}</dt><dd><b>${value}</b><span class="quiet">${note}</span></dd></div>`,
  )}</dl>`;
}

/** @param of the rows that were evaluated, such as "Held-out"; empty where the report has no other rows */
export function listEvaluationItems({ evaluation, weights }: ClassOutcome, of: string): SummaryItem[] {
  const { accuracy, count } = evaluation;
  const [low, high] = computeWilsonInterval(accuracy, weights ? countEffectively(weights) : count);
  const rows = `${countRight(evaluation)} of ${count}`;
  const named = (name: string): string => (of === '' ? `${name[0].toUpperCase()}${name.slice(1)}` : `${of} ${name}`);
  return [
    {
      name: named('accuracy'),
      value: formatPercent(accuracy, 2),
      note: `${weights ? `by weight, ${rows} rows` : rows}; 95 % interval ${formatPercent(low)} to ${formatPercent(high)}`,
    },
    { name: named('loss'), value: evaluation.loss.toFixed(4), note: 'mean cross-entropy' },
  ];
}

/** Counts the rows that were classified rightly. */
export function countRight({ confusion }: Evaluation): number {
  return confusion.reduce((sum, row, label) => sum + row[label], 0);
}

/** The 95 % confidence interval of a share (E. B. Wilson, 1927), which is also sound for few rows and near 0 and 1. */
function computeWilsonInterval(share: number, count: number): readonly [number, number] {
  const z = 1.959964;
  const centre = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * As many rows of the same weight would give as precise a mean as these: (Σw)²/Σw² (L. Kish, "Survey Sampling", 1965).
 */
function countEffectively(weights: ArrayLike<number>): number {
  const all = Array.from(weights);
  return all.reduce((sum, weight) => sum + weight, 0) ** 2 / all.reduce((sum, weight) => sum + weight ** 2, 0);
}

export function factsSection(groups: FactGroups): Markup {
  return html`<section aria-labelledby="run"><h2 id="run">The run</h2><div class="facts">${groups.map(
    ({ heading, entries }) =>
      html`<div><h3>${heading}</h3><dl>${entries.map(
        ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
      )}</dl></div>`,
  )}</div></section>`;
}
