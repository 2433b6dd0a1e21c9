// Runs the long suites of test/long/suites.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tally.mjs';
import { load } from './typescript.mjs';

/** Runs the suites with these names, or all of them. */
export async function runLong(tally, names) {
  const started = performance.now();
  const ci = process.env.CI === 'true';
  const [{ suites, LONG_MINUTES }, { program }, { findFaults, planSuites }] = await Promise.all(
    ['suites', 'programs', 'plan'].map((name) => load(`test/long/${name}.ts`)),
  );
  const found = readdirSync(join(root, 'test', 'long'), { recursive: true })
    .map((name) => `test/long/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts'));
  await tally.check('registry of long suites', () => {
    const faults = findFaults(suites, names, found, LONG_MINUTES);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return suites.map(({ name, minutes }) => `${name}, ${minutes} min`).join('; ');
  });
  let went = 0;
  for (const { name, files, missing } of planSuites(suites, names, program, ci)) {
    if (missing.length === 0 || ci) went += 1;
    if (missing.length === 0) {
      const left = Math.max(1, Math.round(LONG_MINUTES * 60_000 - (performance.now() - started)));
      tally.tests(name, files, { config: 'test/long/vitest.config.ts', limit: ci ? left : undefined });
    } else if (ci) {
      await tally.check(name, () => {
        throw new Error(`missing, and could not be installed: ${missing.join('; ')}`);
      });
    } else console.log(`\nnot registered: ${name}, for want of ${missing.join(', and of ')}`);
  }
  if (went === 0) {
    await tally.check('long suites', () => {
      throw new Error('no test ran; that counts as a failure');
    });
  }
}
