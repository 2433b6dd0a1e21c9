/**
 * Every activation × forward solver × backward solver × selection on cpu and wasm, against the oracle.
 * test/parity/activation-sweep runs a share of them on all backends.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BackendName, type Engine, open } from '../../src/index.ts';
import { ALL, findFaults } from '../parity/cases/activation-sweep.ts';

const BACKENDS: readonly BackendName[] = ['cpu', 'wasm'];
const names = [...new Set(ALL.map(({ activation }) => JSON.stringify(activation)))];

describe.each(BACKENDS)('%s', (backend) => {
  let engine: Engine;
  let oracle: Engine;
  beforeAll(async () => {
    [engine, oracle] = await Promise.all([open({ backend }), open({ backend: 'cpu' })]);
  });
  afterAll(() => {
    engine?.close();
    oracle?.close();
  });

  test.each(names)('%s', { timeout: 300_000 }, async (name) => {
    const own = ALL.filter(({ activation }) => JSON.stringify(activation) === name);
    expect(await findFaults(oracle, engine, own)).toEqual([]);
  });
});
