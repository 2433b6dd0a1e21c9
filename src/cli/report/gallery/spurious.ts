/** The exhibit of the spurious derivative. */
import { computeSlopes, f, type Spurious, type SpuriousReading } from '../../../gallery/spurious.ts';
import { html, type Markup, wideTable } from '../../../pictures/markup.ts';
import { type Drawn, drawPlot, formatSigned } from '../../../pictures/plot.ts';
import { answerCell, type Exhibit } from './exhibit.ts';

export function spuriousExhibit(found: Spurious): Exhibit {
  const { readings, certificate } = found;
  const listed = (of: (reading: SpuriousReading) => string): string => readings.map(of).join(', ');
  const q = listed((reading) => formatSlope(reading.q));
  const slope = listed(({ explicit }) => formatSlope(explicit));
  const inverse = listed((reading) => (reading.inverse === undefined ? 'refused' : formatSlope(reading.inverse)));
  return {
    id: 'spurious',
    title: 'A derivative that depends on how a function is written',
    formula: html`f(z) = tanh z + relu(−z) + z − relu(z), which is tanh z`,
    figures: [tangents(readings), derivatives(found)],
    paper: html`Figure 1 (left): implicit differentiation with JAX is inconsistent at the origin. The true slope of tanh at 0 is 1. As
      printed, x = f(z) is said to have the solution tanh x; it has artanh x, and tanh x solves z = f(x). Both are here.`,
    here: html`With relu′(0) = ${q}, differentiating z = f(x) gives dz/dx = <b>${slope}</b> at 0, and differentiating x = f(z)
      gives <b>${inverse}</b>. Only ½ gives the true 1. Away from 0 every choice gives the same, the true derivative.`,
    hypothesis: html`For z = f(x), B = 1 is invertible and the hypothesis holds: 0 to 2 are the elements of a conservative
      Jacobian, right almost everywhere. For x = f(z), B = −f′(0) may be anything from −2 to 0, and at 0 it fails: the system is
      singular, and the library throws rather than return a number.`,
    certificate,
    tables: [table(readings)],
    code: [f, computeSlopes].map(String),
    summary: `relu'(0) = ${q} gives dz/dx = ${slope} for z = f(x) and ${inverse} for x = f(z); the true one is 1`,
  };
}

function tangents(readings: readonly SpuriousReading[]): Markup {
  const curve = Array.from({ length: 81 }, (_, index) => index / 20 - 2).map((z) => [z, Math.tanh(z)] as const);
  const lines = readings.flatMap(({ q, explicit }): Drawn[] => {
    const reach = 1 / Math.hypot(1, explicit);
    const end = [reach, explicit * reach] as const;
    return [
      { kind: 'curve', look: 'second', points: [[-end[0], -end[1]], end] },
      { kind: 'point', look: 'second', at: end, label: `q = ${formatSlope(q)}` },
    ];
  });
  return drawPlot({
    title: 'The function, and its slopes at 0',
    description: `tanh z with lines of slope ${readings.map(({ explicit }) => formatSlope(explicit)).join(', ')} through 0`,
    x: { name: 'z', from: -2, to: 2 },
    y: { name: 'f(z)', from: -1.2, to: 1.2 },
    drawn: [{ kind: 'curve', look: 'first', points: curve }, ...lines],
    legend: [
      { name: 'f', look: 'first', kind: 'curve' },
      { name: 'slope found at 0, relu′(0) = q', look: 'second', kind: 'curve' },
    ],
  });
}

function derivatives({ readings, explicit, inverse }: Spurious): Markup {
  const points = (curve: Spurious['explicit']) => curve.x.map((x, index) => [x, curve.slope[index]] as const);
  const marks = readings.flatMap((reading): Drawn[] => [
    { kind: 'point', look: 'first', at: [0, reading.explicit] },
    ...(reading.inverse === undefined ? [] : [{ kind: 'point', look: 'second', at: [0, reading.inverse] } as const]),
  ]);
  return drawPlot({
    title: 'dz/dx by implicit differentiation',
    description: 'two smooth curves through 1 at 0, with points beside them at 0',
    x: { name: 'x', from: -2, to: 2 },
    y: { name: 'dz/dx', from: -0.2, to: 3 },
    drawn: [
      { kind: 'curve', look: 'first', points: points(explicit) },
      { kind: 'curve', look: 'second', points: points(inverse) },
      ...marks,
    ],
    legend: [
      { name: 'z = f(x)', look: 'first', kind: 'curve' },
      { name: 'x = f(z)', look: 'second', kind: 'curve' },
    ],
  });
}

function table(readings: readonly SpuriousReading[]): Markup {
  const rows = readings.map(
    ({
      q,
      explicit,
      inverse,
      refusal,
    }) => html`<tr><th scope="row">${formatSlope(q)}</th><td class="number">${formatSlope(explicit)}</td>
${answerCell(inverse === undefined ? undefined : formatSlope(inverse), refusal)}</tr>`,
  );
  return wideTable(
    'dz/dx at 0 by selection',
    html`<thead><tr><th scope="col">relu′(0)</th><th scope="col" class="number">z = f(x)</th><th scope="col">x = f(z)</th></tr></thead>
<tbody>${rows}</tbody>`,
  );
}

function formatSlope(value: number): string {
  return value === 0.5 ? '½' : formatSigned(Number(value.toPrecision(5)));
}
