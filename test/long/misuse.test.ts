/**
 * Like test/unit/misuse.test.ts, but with another seed and many more cases of every family; EQUILIBRA_TEST_CASES sets
 * their number.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FAMILIES } from '../support/misuse/families.ts';
import { DATA_FAMILIES } from '../support/misuse/families-data.ts';
import { runFamily } from '../support/misuse/run.ts';
import { makeWorld, type World } from '../support/misuse/world.ts';

const CASES = Number(process.env.EQUILIBRA_TEST_CASES ?? 1_500);

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

test.each([...FAMILIES, ...DATA_FAMILIES].map((family) => [family.name, family] as const))(
  '%s',
  async (_, family) => {
    const { faults } = await runFamily(world, family, CASES, Number(process.env.EQUILIBRA_TEST_SEED ?? 2));
    expect(faults).toEqual([]);
  },
  600_000,
);
