/** The section of a report with the rows that the model classified wrongly. */
import { formatPercent, html, type Markup, wideTable } from '../../pictures/markup.ts';
import { encodePNG } from './png.ts';

export interface Mistake {
  readonly label: number;
  readonly predicted: number;
  /** The model's probability of the predicted class. */
  readonly probability: number;
}

interface ImageMistakes {
  readonly kind: 'images';
  /** The shape of one image: 1 or 3 channels × height × width. */
  readonly shape: readonly number[];
  /** `index` counts the images from 0; `pixels` are in [0, 1]. */
  readonly shown: readonly (Mistake & { readonly index: number; readonly pixels: ArrayLike<number> })[];
}

interface RowMistakes {
  readonly kind: 'rows';
  /** The unit of `number`, such as "Line". */
  readonly counted: string;
  readonly columns: readonly string[];
  /** `cells` has one entry for each column. */
  readonly shown: readonly (Mistake & { readonly number: number; readonly cells: readonly string[] })[];
}

export type Mistakes = ImageMistakes | RowMistakes;

/** @param count the number of all mistakes, including those that are not shown */
export function mistakesSection(mistakes: Mistakes, count: number, classNames: readonly string[]): Markup {
  const { shown } = mistakes;
  const order = 'The surest come first.';
  const which = shown.length < count ? `${shown.length} of ${count} are shown, the surest first.` : order;
  const body = mistakes.kind === 'images' ? imageList(mistakes, classNames) : rowTable(mistakes, classNames);
  return html`<section aria-labelledby="mistakes"><h2 id="mistakes">Mistakes</h2>
${count === 0 ? html`<p>Every row was classified rightly.</p>` : html`<p>${which}</p>${body}`}
</section>`;
}

function imageList({ shape, shown }: ImageMistakes, classNames: readonly string[]): Markup {
  const [, height, width] = shape;
  const scale = Math.max(1, Math.floor(84 / Math.max(height, width)));
  const items = shown.map(({ index, label, predicted, probability, pixels }) => {
    const source = `data:image/png;base64,${Buffer.from(encodePNG(pixels, shape)).toString('base64')}`;
    const [truth, answer] = [classNames[label], classNames[predicted]];
    return html`<li><img src="${source}" width="${scale * width}" height="${scale * height}" alt="image ${index}: ${truth} taken for ${answer}">
<span><b>${truth}</b> as <b class="answer">${answer}</b></span><span class="quiet">${formatPercent(probability, 0)} sure · no. ${index}</span></li>`;
  });
  return html`<ul class="gallery">${items}</ul>`;
}

function rowTable({ counted, columns, shown }: RowMistakes, classNames: readonly string[]): Markup {
  const body = shown.map(
    ({ number, label, predicted, probability, cells }) =>
      html`<tr><th scope="row" class="number">${number}</th><td>${classNames[label]}</td><td class="answer">${classNames[predicted]}</td><td class="number">${formatPercent(probability, 0)}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  );
  return wideTable(
    'Rows classified wrongly',
    html`<thead><tr><th scope="col" class="number">${counted}</th><th scope="col">True class</th><th scope="col">Predicted</th><th scope="col" class="number">Sure</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${body}</tbody>`,
  );
}
