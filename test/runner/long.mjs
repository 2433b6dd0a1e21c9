// The long suites of test/long/suites.ts.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tally.mjs';
import { load } from './typescript.mjs';

/** Runs the suites of these names, or all. */
export async function runLong(tally, names) {
  const started = performance.now();
  const { suites, LONG_MINUTES } = await load('test/long/suites.ts');
  const { program } = await load('test/long/programs.ts');
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  await tally.check('registry of long suites', () => checkRegistry(suites, LONG_MINUTES, unknown));
  const ci = process.env.CI === 'true';
  for (const { name, files, programs } of suites.filter((suite) => names.length === 0 || names.includes(suite.name))) {
    for (const each of programs) if (ci && program(each).find() === undefined) program(each).install();
    const missing = programs.filter((each) => program(each).find() === undefined);
    if (missing.length > 0 && !ci) {
      console.log(
        `\nnot registered: ${name}, for want of ${missing.map((each) => program(each).hint).join(', and of ')}`,
      );
    } else if (missing.length > 0) {
      await tally.check(name, () => {
        throw new Error(`could not be installed: ${missing.map((each) => program(each).hint).join('; ')}`);
      });
    } else {
      const left = LONG_MINUTES * 60_000 - (performance.now() - started);
      tally.tests(name, files, {
        config: 'test/long/vitest.config.ts',
        limit: ci ? Math.max(1, Math.round(left)) : undefined,
      });
    }
  }
}

function checkRegistry(suites, longMinutes, unknown) {
  const known = suites.map((suite) => suite.name).join(', ');
  if (unknown.length > 0) throw new Error(`there is no long suite ${unknown.join(', ')}; there are ${known}`);
  const found = readdirSync(join(root, 'test', 'long'), { recursive: true })
    .map((name) => `test/long/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.test.ts'));
  const named = suites.flatMap((suite) => suite.files);
  const left = [...found.filter((name) => !named.includes(name)), ...named.filter((name) => !found.includes(name))];
  if (left.length > 0)
    throw new Error(`not both a file and named by a suite of test/long/suites.ts: ${left.join(', ')}`);
  const minutes = suites.reduce((sum, suite) => sum + suite.minutes, 0);
  if (minutes > longMinutes) throw new Error(`the long suites take ${minutes} minutes and may take ${longMinutes}`);
  return `${suites.length} suites, ${minutes} of ${longMinutes} minutes: ${known}`;
}
