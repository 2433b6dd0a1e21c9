/** Results as a Markdown table whose columns stand straight in a terminal too. */
import type { AdapterDescription } from '../src/index.ts';
import { CASES } from './cases.ts';
import type { Entry } from './results.ts';

const HEADINGS = [
  'where',
  'backend',
  'adapter',
  'case',
  'batch × width',
  'ms',
  'min–max',
  'repetitions',
  'GFLOP/s',
  'iterations',
];
const NOTE =
  'Repetitions: "5 of 10" is 5 times 10 steps timed together; * the time was up before all were done. ' +
  'Iterations: forward / backward, mean over the samples.';

export function tableOf(entries: readonly Entry[]): string {
  const rows = [HEADINGS, ...entries.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  const failures = entries.flatMap((entry) =>
    entry.error === undefined ? [] : [`failed: ${caseOf(entry)}: ${entry.error}`],
  );
  return `${[...lines, '', NOTE, ...failures].join('\n')}\n`;
}

function cellsOf(entry: Entry): string[] {
  const { version, backend, adapter, batch, width, timing, iterations, gigaflops } = entry;
  const name = CASES[entry.case].title;
  const place = [version, backend, describe(adapter), name, `${batch} × ${width}`];
  if (!timing) return [...place, 'failed', '', '', '', ''];
  return [
    ...place,
    shown(timing.median),
    `${shown(timing.minimum)}–${shown(timing.maximum)}`,
    `${timing.repetitions}${timing.units > 1 ? ` of ${timing.units}` : ''}${timing.cut ? '*' : ''}`,
    gigaflops === undefined ? '' : shown(gigaflops),
    iterations ? `${iterations.forward.toFixed(1)} / ${iterations.backward.toFixed(1)}` : '',
  ];
}

/** In one line: where, and what. */
export function caseOf({ version, backend, case: name, batch, width }: Entry): string {
  return `${version}, ${backend}, ${CASES[name].title}, ${batch} × ${width}`;
}

/** A program that passes for a graphics card is called what it is. */
export function describe({ description, software }: AdapterDescription): string {
  return `${description}${software ? ' (software)' : ''}`;
}

/** Three digits, as far as they stand behind the point. */
function shown(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
