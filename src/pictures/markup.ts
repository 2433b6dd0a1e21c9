/** Text that is already HTML. Only `html` creates it, so that all other text is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | Markup | false | undefined | readonly Value[];

/** A template tag for HTML. Texts are escaped, lists are joined, and `false` and `undefined` become nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (value === false || value === undefined) return '';
  if (typeof value === 'object') return value.map(textOf).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A share as a percentage, with a non-breaking space before the sign. */
export function formatPercent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}\u00a0%`;
}

/** A table that scrolls separately where it is wider than the page, also by keyboard. */
export function wideTable(label: string, content: Markup, caption?: Markup): Markup {
  return html`<figure class="table"><div class="wide" role="region" aria-label="${label}" tabindex="0"><table>
${content}</table></div>${caption && html`<figcaption>${caption}</figcaption>`}</figure>`;
}
