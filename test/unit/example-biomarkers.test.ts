/** The example that finds the measurements which tell two kinds of patients apart. */
import { afterAll, expect, test } from 'vitest';
import { accuracyOf, choose } from '../../examples/biomarkers/choose.ts';
import { drawPatients } from '../../examples/biomarkers/patients.ts';
import { createOracle } from '../support/engines.ts';

const engine = createOracle();
afterAll(() => engine.close());

test('the measurements that matter are in use, and other patients are told apart', async () => {
  const markers = [20, 50, 80];
  const before = engine.memory().buffers;
  const { result, used } = await choose(engine, drawPatients(60, 100, markers, 1), 5);
  expect(engine.memory().buffers).toBe(before);
  for (const marker of markers) expect(used).toContain(marker);
  expect(result.certificate.status).toBe('certified');
  const others = drawPatients(200, 100, markers, 2);
  expect(accuracyOf(result, others)).toBeGreaterThan(0.85);
  expect(accuracyOf({ ...result, beta: result.beta.map((value) => -value) }, others)).toBeLessThan(0.5);
});

test('where nothing matters, no measurement is in use, or few', async () => {
  const { result, used } = await choose(engine, drawPatients(60, 100, [], 3), 5);
  expect(used.length).toBeLessThan(20);
  expect(Math.abs(accuracyOf(result, drawPatients(400, 100, [], 4)) - 0.5)).toBeLessThan(0.1);
});
