/** Two problems of `npm run theorem3`, a network and penalties, from a seed that the published figures do not have. */
import { afterAll, expect, test } from 'vitest';
import { NETWORKS } from '../../bench/theorem3/networks.ts';
import { PENALTIES } from '../../bench/theorem3/penalties.ts';
import { isCriticalEnd, runProblem } from '../../bench/theorem3/run.ts';
import { openCPU } from '../../src/backends/cpu/index.ts';
import { Engine } from '../../src/tensor/engine.ts';

const engine = new Engine(openCPU());
afterAll(() => engine.close());

// The lasso is in the unit tests. The other problems have the same parts and take longer; so would the network with as many
// steps as its published runs have.
const problems = [
  ...NETWORKS.filter(({ name }) => name === 'monotone').map((network) => ({ ...network, power: 0.9, epochs: 1200 })),
  ...PENALTIES.filter(({ name }) => name === 'weights'),
];

test.each(problems)('$title', { timeout: 120_000 }, async (problem) => {
  const found = await runProblem(engine, problem, 20);
  expect(found).toSatisfy((run: typeof found) => isCriticalEnd(problem, run));
  expect(found.distance[0]).toBeGreaterThan(2 * problem.tolerance);
});
