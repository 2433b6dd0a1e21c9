import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAMILIES } from '../support/misuse/families.ts';
import { DATA_FAMILIES } from '../support/misuse/families-data.ts';
import { run } from '../support/misuse/run.ts';
import { makeWorld, type World } from '../support/misuse/world.ts';

const CASES = 500;

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

describe('plain JavaScript', () => {
  test.each([...FAMILIES, ...DATA_FAMILIES].map((family) => [family.name, family] as const))('%s', async (_, family) => {
    const { faults } = await run(world, family, CASES, 1);
    expect(faults).toEqual([]);
  });
});
