// Runs the long suites of test/long/suites.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tally.mjs';
import { load } from './typescript.mjs';

/** Runs the suites with these names, or all of them. */
export async function runLong(tally, names) {
  const started = performance.now();
  const ci = process.env.CI === 'true';
  const [{ suites, LONG_MINUTES, ROWS }, { program }, { findFaults, planSuites }] = await Promise.all(
    ['suites', 'programs', 'plan'].map((name) => load(`test/long/${name}.ts`)),
  );
  const found = readdirSync(join(root, 'test', 'long'), { recursive: true })
    .map((name) => `test/long/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts'));
  await tally.check('registry of long suites', () => {
    const faults = findFaults(suites, names, found, LONG_MINUTES);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return suites.map(({ name, row, minutes }) => `${name}, ${row} row, ${minutes} min`).join('; ');
  });
  const planned = planSuites(suites, names, program, ci);
  for (const { name, missing } of planned.filter(({ missing }) => missing.length > 0)) {
    if (!ci) console.log(`\nnot registered: ${name}, for want of ${missing.join(', and of ')}`);
  }
  const going = planned.filter(({ missing }) => missing.length === 0 || ci);
  const run = async ({ name, files, missing }) => {
    if (missing.length > 0) {
      await tally.check(name, () => {
        throw new Error(`missing, and could not be installed: ${missing.join('; ')}`);
      });
    } else {
      const left = Math.max(1, Math.round(LONG_MINUTES * 60_000 - (performance.now() - started)));
      const holds = new Set(going.map(({ row }) => row)).size > 1;
      await tally.tests(name, files, { config: 'test/long/vitest.config.ts', holds, limit: ci ? left : undefined });
    }
  };
  await Promise.all(
    ROWS.map(async (row) => {
      for (const suite of going.filter((each) => each.row === row)) await run(suite);
    }),
  );
  if (going.length === 0) {
    await tally.check('long suites', () => {
      throw new Error('no test ran; that counts as a failure');
    });
  }
}
