/** How an exhibit of the gallery is laid out. */
import type { ImplicitCertificate } from '../../../index.ts';
import { html, type Markup } from '../../../pictures/markup.ts';

export interface Exhibit {
  /** Of the section, for links. */
  readonly id: string;
  readonly title: string;
  readonly formula: Markup;
  readonly figures: readonly Markup[];
  /** What the paper shows or claims, and where. */
  readonly paper: Markup;
  /** What happens here, in words and numbers. */
  readonly here: Markup;
  /** Whether the hypothesis of the theorem holds, and why. */
  readonly hypothesis: Markup;
  /** What the library itself finds of the hypothesis. */
  readonly certificate?: ImplicitCertificate;
  readonly tables?: readonly Markup[];
  /** What the numbers come from. */
  readonly code: readonly string[];
  /** One line for the terminal, without markup. */
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
<div><h3>The hypothesis</h3><p>${hypothesis}</p>${certificate && html`<p class="certificate">Certificate of the library: <b>${certificate.status}</b>, ${certificate.kinks.length} kinks; ${certificate.reason}.</p>`}</div>
</div>
${tables}
<details><summary>The code that made it</summary><pre tabindex="0"><code>${code.join('\n\n')}</code></pre></details>
</section>`;
}

/** Of a table: what the library answered, or its words where it refused. */
export function answerCell(answer: string | undefined, refusal: string | undefined): Markup {
  return answer === undefined ? html`<td class="words">refused: ${refusal}</td>` : html`<td>${answer}</td>`;
}
