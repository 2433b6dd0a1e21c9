/**
 * The last part of the bundle of all parity and reference tests for bench/gpu.sh: runs the tests of WebGPU, and writes
 * a line for each.
 */
import { appendFileSync } from 'node:fs';
import { runAll } from '../support/standalone.ts';

/** Tests of other backends run with the rest of the project's tests; the path of LARS runs on the CPU. */
const OTHERS = /\b(wasm|gpujs|cpu|LARS)\b/;

/** @param file gets a line of JSON for each test */
export async function runParity(file: string): Promise<void> {
  const counts = { passed: 0, failed: 0 };
  await runAll({
    skip: OTHERS,
    onOutcome(outcome) {
      counts[outcome.error === undefined ? 'passed' : 'failed']++;
      appendFileSync(file, `${JSON.stringify(outcome)}\n`);
      if (outcome.error !== undefined) console.log(`FAILED: ${outcome.title}: ${outcome.error.slice(0, 300)}`);
    },
  });
  console.log(`parity: ${counts.passed} passed, ${counts.failed} failed`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
