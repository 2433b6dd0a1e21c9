/** The web app in Firefox: a person trains on WebGPU, and the trained model recognises digits. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDemoFor, openDemo, setFields, waitForText } from '../browser/demo-page.ts';
import type { OpenPage } from '../browser/harness.ts';
import { find } from './programs.ts';

let opened: OpenPage;

beforeAll(async () => {
  opened = await openDemo(await buildDemoFor('dist/demo-firefox'), 'train', { firefox: find('firefox') });
});

afterAll(() => opened?.close());

/** A software adapter first compiles the kernels. */
const TIMEOUT = 300_000;

test(
  'the page trains on WebGPU',
  async () => {
    await setFields(opened, { width: '30', epochs: '4', batch: '64', backend: 'webgpu' });
    await opened.page.click('#start');
    const ending = await waitForText(opened, 'state', /Finished|failed|error/i, TIMEOUT);
    expect(ending).toContain('92 steps in 4 epochs');
    expect(Number(/accuracy ([\d.]+) %/.exec(ending)?.[1])).toBeGreaterThan(80);
    await waitForText(opened, 'samples-facts', /\d+ of these 60 are recognised/);
  },
  TIMEOUT,
);

test('the page had no errors and sent no requests elsewhere', () => {
  expect(opened.errors).toEqual([]);
  expect(opened.externalRequests).toEqual([]);
});
