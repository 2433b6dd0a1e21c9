/** The layout of an exhibit of the gallery. */
import type { ImplicitCertificate } from '../../../index.ts';
import { html, type Markup } from '../../../pictures/markup.ts';

export interface Exhibit {
  /** The id of the section, for links. */
  readonly id: string;
  readonly title: string;
  readonly formula: Markup;
  readonly figures: readonly Markup[];
  /** The paper's claim, and where it stands. */
  readonly paper: Markup;
  /** The result of this library, in words and numbers. */
  readonly here: Markup;
  /** Whether the hypothesis of the theorem holds, and why. */
  readonly hypothesis: Markup;
  /** The library's certificate of the hypothesis. */
  readonly certificate?: ImplicitCertificate;
  readonly tables?: readonly Markup[];
  /** The source of the functions that computed the numbers. */
  readonly code: readonly string[];
  /** One line for the terminal, as plain text. */
  readonly summary: string;
}

export function exhibitSection(exhibit: Exhibit): Markup {
  const { id, title, formula, figures, paper, here, hypothesis, certificate, tables = [], code } = exhibit;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
<p class="formula">${formula}</p>
<div class="charts${figures.length === 3 ? ' three' : ''}">${figures}</div>
<div class="account">
<div><h3>The paper</h3><p>${paper}</p></div>
<div><h3>Here</h3><p>${here}</p></div>
<div><h3>The hypothesis</h3><p>${hypothesis}</p>${certificate && html`<p class="certificate">Certificate of the library: <b>${certificate.status}</b>, ${certificate.kinks.length} ${certificate.kinks.length === 1 ? 'kink' : 'kinks'}; ${certificate.reason}.</p>`}</div>
</div>
${tables}
<details><summary>The code that made it</summary><pre tabindex="0"><code>${code.join('\n\n')}</code></pre></details>
</section>`;
}

/** A table cell with the library's answer, or with its error message where it refused. */
export function answerCell(answer: string | undefined, refusal: string | undefined): Markup {
  return answer === undefined ? html`<td class="words">refused: ${refusal}</td>` : html`<td>${answer}</td>`;
}
