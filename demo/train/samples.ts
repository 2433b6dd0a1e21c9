/** Shows held-out rows with their predictions. Each row is a button that shows its fixed point. */
import type { DataSummary, PredictedClasses, PredictedNumbers, Predictions } from '../model/protocol.ts';
import { createElement, findElement, readMessage, setText, updateText } from '../page/elements.ts';
import { createSheet, type Sheet } from '../page/images.ts';
import { onColourChange } from '../page/theme.ts';
import { formatNumber } from '../page/words.ts';
import { formatPercent } from './progress-view.ts';

export interface Samples {
  show(data: DataSummary): void;
  /** @param predictions the predictions for the rows that are shown; undefined where there are none */
  predicted(predictions: Predictions | undefined): void;
  /** Clears the choice of a row. */
  release(): void;
}

/** @param onChosen called with the row and its numbers */
export function createSamplesGrid(onChosen: (row: number, inputs: Float32Array) => void): Samples {
  const list = findElement('samples', HTMLUListElement);
  let data: DataSummary | undefined;
  let sheet: Sheet | undefined;
  let drawings = 0;
  let items: { button: HTMLButtonElement; picture?: HTMLElement; caption: HTMLElement }[] = [];

  const rowInputs = ({ shown, features }: DataSummary, row: number): Float32Array =>
    shown.inputs.slice(row * features, (row + 1) * features);

  const release = (): void => {
    for (const { button } of items) button.setAttribute('aria-pressed', 'false');
  };
  /** Draws the pictures in the colours of the page. The previous ones remain until the new ones are complete. */
  const draw = async (): Promise<void> => {
    drawings += 1;
    const own = drawings;
    if (!data || !areGrey(data)) return;
    const { shown, featureShape } = data;
    const next = await createSheet(shown.inputs, shown.count, featureShape);
    if (own !== drawings) return next.discard(); // the data or the colours have changed in the meantime
    sheet?.discard();
    sheet = next;
    list.style.setProperty('--sheet', next.image);
    list.style.setProperty('--sheet-size', next.size);
    for (const [row, { picture }] of items.entries())
      picture?.style.setProperty('background-position', next.place(row));
  };
  const drawOrSay = (): void => {
    draw().catch((error: unknown) => setText('samples-facts', readMessage(error)));
  };
  const itemOf = (summary: DataSummary, row: number) => {
    const caption = createElement('span');
    const picture = areGrey(summary) ? createElement('span', { class: 'picture', 'aria-hidden': 'true' }) : undefined;
    const button = createElement(
      'button',
      { type: 'button', 'aria-pressed': 'false' },
      ...(picture ? [picture] : [`row ${row + 1} `]),
      caption,
    );
    button.addEventListener('click', () => {
      release();
      button.setAttribute('aria-pressed', 'true');
      onChosen(row, rowInputs(summary, row));
    });
    return { button, picture, caption };
  };
  const showTruth = ({ shown, classNames, targets }: DataSummary): void => {
    for (const [row, { button, caption, picture }] of items.entries()) {
      const truth =
        targets.length > 0 ? formatNumber(shown.targets[row * targets.length]) : classNames[shown.labels[row]];
      updateText(caption, truth);
      button.removeAttribute('data-answer');
      if (picture) button.setAttribute('aria-label', `${truth}, row ${row + 1}`);
      else button.removeAttribute('aria-label'); // its text says the same
    }
  };
  const showNumbers = ({ shown, targets }: DataSummary, { numbers }: PredictedNumbers): void => {
    for (const [row, { button, caption }] of items.entries()) {
      const [answer, truth] = [numbers, shown.targets].map((all) => formatNumber(all[row * targets.length]));
      updateText(caption, `${answer} for ${truth}`);
      button.removeAttribute('aria-label'); // its text says the same
    }
    const host = findElement('predicted', HTMLElement);
    const own = data;
    void import('./predicted-picture.ts').then(({ drawPredicted }) => {
      if (own !== data) return; // other data have been chosen in the meantime
      drawPredicted(host, targets[0], shown, { numbers });
      host.hidden = false;
    });
    setText('samples-facts', `Predicted for true ${targets[0]} in held-out rows. Choose one to see its fixed point.`);
  };
  const showClasses = ({ shown, classNames }: DataSummary, predictions: PredictedClasses): void => {
    let right = 0;
    for (const [row, { button, caption, picture }] of items.entries()) {
      const truth = classNames[shown.labels[row]];
      const answer = classNames[predictions.classes[row]];
      const isRight = predictions.classes[row] === shown.labels[row];
      if (isRight) right += 1;
      updateText(caption, isRight ? answer : `${answer} ≠ ${truth}`);
      button.dataset.answer = isRight ? 'right' : 'wrong';
      const sure = formatPercent(predictions.probabilities[row * classNames.length + predictions.classes[row]]);
      button.setAttribute(
        'aria-label',
        `${picture ? `${caption.textContent}, row ${row + 1}` : `row ${row + 1} ${caption.textContent}`}: ${isRight ? 'recognised' : `${truth} taken for ${answer}`}, ${sure} sure`,
      );
    }
    setText('samples-facts', `${right} of these ${shown.count} are recognised. Choose one to see its fixed point.`);
  };
  const predicted = (predictions: Predictions | undefined): void => {
    if (!data) return;
    if (!predictions) showTruth(data);
    else if ('numbers' in predictions) showNumbers(data, predictions);
    else showClasses(data, predictions);
  };
  onColourChange(drawOrSay);
  return {
    show(summary) {
      data = summary;
      items = Array.from({ length: summary.shown.count }, (_, row) => itemOf(summary, row));
      findElement('predicted', HTMLElement).hidden = true;
      list.classList.toggle('numbers', summary.targets.length > 0);
      list.style.removeProperty('--sheet');
      list.replaceChildren(...items.map(({ button }) => createElement('li', {}, button)));
      setText('samples-facts', 'Predictions come with the first checkpoint. Choose one to see its fixed point.');
      predicted(undefined);
      drawOrSay();
    },
    predicted,
    release,
  };
}

function areGrey({ kind, featureShape }: DataSummary): boolean {
  return kind === 'images' && featureShape.length === 2;
}
