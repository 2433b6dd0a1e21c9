/** Text that is HTML already. Only `html` makes it, so that everything else is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = string | number | Markup | false | undefined | readonly Value[];

/** HTML with values in it: texts are escaped, lists are joined, `false` and `undefined` leave nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (value === false || value === undefined) return '';
  if (typeof value === 'object') return value.map(textOf).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Number and sign stay on one line. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}\u00a0%`;
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
export function wideTable(label: string, content: Markup, caption?: Markup): Markup {
  return html`<figure class="table"><div class="wide" role="region" aria-label="${label}" tabindex="0"><table>
${content}</table></div>${caption && html`<figcaption>${caption}</figcaption>`}</figure>`;
}
