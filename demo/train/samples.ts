/** Held-out rows with what the model takes them for. Each is a button: its fixed point is shown. */
import type { DataSummary, Predictions } from '../model/protocol.ts';
import { made, part, text } from '../page/elements.ts';
import { drawGrey } from '../page/images.ts';
import { onColours } from '../page/theme.ts';
import { percent } from './progress-view.ts';

export interface Samples {
  show(data: DataSummary): void;
  /** @param predictions of the rows shown; undefined where there are none */
  predicted(predictions: Predictions | undefined): void;
  /** No row is chosen any more. */
  release(): void;
}

/** @param onChosen called with the row and its numbers */
export function samplesGrid(onChosen: (row: number, inputs: Float32Array) => void): Samples {
  const list = part('samples', HTMLUListElement);
  let data: DataSummary | undefined;
  let items: { button: HTMLButtonElement; canvas?: HTMLCanvasElement; caption: HTMLElement }[] = [];

  const rowInputs = ({ shown, features }: DataSummary, row: number): Float32Array =>
    shown.inputs.slice(row * features, (row + 1) * features);

  const release = (): void => {
    for (const { button } of items) button.setAttribute('aria-pressed', 'false');
  };
  const draw = (): void => {
    if (!data) return;
    for (const [row, { canvas }] of items.entries())
      if (canvas) drawGrey(canvas, rowInputs(data, row), data.featureShape);
  };
  const itemOf = (summary: DataSummary, row: number) => {
    const caption = made('span');
    const isGrey = summary.kind === 'images' && summary.featureShape.length === 2;
    const canvas = isGrey ? made('canvas', { 'aria-hidden': 'true' }) : undefined;
    const button = made(
      'button',
      { type: 'button', 'aria-pressed': 'false' },
      ...(canvas ? [canvas] : [`row ${row + 1}`]),
      caption,
    );
    button.addEventListener('click', () => {
      release();
      button.setAttribute('aria-pressed', 'true');
      onChosen(row, rowInputs(summary, row));
    });
    return { button, canvas, caption };
  };
  const predicted = (predictions: Predictions | undefined): void => {
    if (!data) return;
    const { shown, classNames } = data;
    let right = 0;
    for (const [row, { button, caption }] of items.entries()) {
      const truth = classNames[shown.labels[row]];
      if (!predictions) {
        caption.textContent = truth;
        button.removeAttribute('data-answer');
        button.setAttribute('aria-label', `${truth}, row ${row + 1}`);
        continue;
      }
      const answer = classNames[predictions.classes[row]];
      const isRight = predictions.classes[row] === shown.labels[row];
      if (isRight) right += 1;
      caption.textContent = isRight ? answer : `${answer} ≠ ${truth}`;
      button.dataset.answer = isRight ? 'right' : 'wrong';
      const sure = percent(predictions.probabilities[row * classNames.length + predictions.classes[row]]);
      button.setAttribute(
        'aria-label',
        `${caption.textContent}, row ${row + 1}: ${isRight ? 'recognised' : `${truth} taken for ${answer}`}, ${sure} sure`,
      );
    }
    if (predictions)
      text('samples-facts', `${right} of these ${shown.count} are recognised. Choose one to see its fixed point.`);
  };
  onColours(draw);
  return {
    show(summary) {
      data = summary;
      items = Array.from({ length: summary.shown.count }, (_, row) => itemOf(summary, row));
      list.replaceChildren(...items.map(({ button }) => made('li', {}, button)));
      text('samples-facts', 'Predictions come with the first checkpoint. Choose one to see its fixed point.');
      predicted(undefined);
      draw();
    },
    predicted,
    release,
  };
}
