import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenPage, openPage } from './harness.ts';

let open: OpenPage;

beforeAll(async () => {
  open = await openPage();
});

afterAll(async () => {
  await open?.close();
});

test('the page has a WebGPU adapter of the requested kind', async () => {
  const vendor = await open.page.evaluate(async () => (await navigator.gpu.requestAdapter())?.info.architecture);
  if (process.env.EQUILIBRA_TEST_ADAPTER === 'hardware') expect(vendor).toBeTypeOf('string');
  else expect(vendor).toBe('swiftshader');
});

test('a TypeScript file is bundled and called in the page', async () => {
  const url = await open.bundle(fileURLToPath(new URL('../../src/data/index.ts', import.meta.url)));
  const row = `7,${Array(64).fill(16).join(',')}`;
  const data = await open.call<{ train: { count: number } }>(url, 'parseDigits', `${row}\n${row}`, {
    train: [0, 1],
    test: [],
  });
  expect(data.train.count).toBe(2);
});

test('errors in the page are collected', async () => {
  const before = open.errors.length;
  await open.page.evaluate(async () => {
    console.error('planted');
    await fetch('/missing');
  });
  expect(open.errors.slice(before)).toEqual(
    expect.arrayContaining(['console: planted', expect.stringContaining('404')]),
  );
  expect(open.externalRequests).toEqual([]);
});

test('a request to another origin is noticed', async () => {
  await open.page.evaluate(async () => {
    await fetch('http://127.0.0.1:9/').catch(() => undefined);
  });
  expect(open.externalRequests).toEqual(['http://127.0.0.1:9/']);
});

test('WebGPU can be hidden', async () => {
  const without = await openPage({ removeWebGPU: true });
  try {
    expect(await without.page.evaluate(() => 'gpu' in navigator)).toBe(false);
    expect(without.errors).toEqual([]);
  } finally {
    await without.close();
  }
});
