/**
 * What Theorem 3 promises, on networks with implicit layers and on learnt penalties: from many seeds the objective settles,
 * and 0 is in the intervals of gradients at the end.
 * Usage: `npm run theorem3 -- [--seeds 20] [--only contractive] [--write]`. With `--only`, the results of other
 * problems stay as they are in the file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { open } from '../src/index.ts';
import { describeRun } from './command.ts';
import { NETWORKS } from './theorem3/networks.ts';
import { PENALTIES } from './theorem3/penalties.ts';
import { isCriticalEnd, type RunFound, runProblem } from './theorem3/run.ts';
import { type ProblemFound, tableOf } from './theorem3/table.ts';

const RESULTS = 'bench/results/theorem3';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    only: { type: 'string' },
    write: { type: 'boolean' },
  },
});

const engine = await open({ backend: 'cpu' });
const problems: ProblemFound[] = [];
for (const problem of [...NETWORKS, ...PENALTIES]) {
  if (values.only !== undefined && values.only !== problem.name) continue;
  const runs: RunFound[] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    const found = await runProblem(engine, problem, seed);
    runs.push(found);
    console.log(
      `${problem.name} ${seed}: objective ${found.objective.map((one) => one.toFixed(4)).join(' to ')}, unrest ${found.unrest.toExponential(1)}, ` +
        `0 from the intervals ${found.distance.map((one) => one.toExponential(1)).join(' to ')}, gradient ${found.gradient.toExponential(1)}` +
        `${isCriticalEnd(problem, found) ? '' : ': NOT SETTLED'}`,
    );
  }
  const { name, title, rate, power, scale, batch, reach, tolerance, unrest } = problem;
  problems.push({ name, title, rate, power, scale, batch, reach, tolerance, unrest, runs });
}
engine.close();
console.log(tableOf(problems));
if (values.write) {
  const all = withOthers(problems, await readResults());
  await writeFile(
    `${RESULTS}.json`,
    `${JSON.stringify({ ...describeRun(), backend: 'cpu', problems: all }, null, 2)}\n`,
  );
  await writeFile(`${RESULTS}.md`, tableOf(all));
  console.log(`wrote ${RESULTS}.json and ${RESULTS}.md`);
}

async function readResults(): Promise<readonly ProblemFound[]> {
  const text = await readFile(`${RESULTS}.json`, 'utf8').catch(() => undefined);
  return text === undefined ? [] : JSON.parse(text).problems;
}

/** What was found now, with what was found of other problems before, in the order of the problems. */
function withOthers(found: readonly ProblemFound[], before: readonly ProblemFound[]): ProblemFound[] {
  return [...NETWORKS, ...PENALTIES].flatMap(({ name }) => {
    const one = [...found, ...before].find((problem) => problem.name === name);
    return one ? [one] : [];
  });
}
