/** Runs cases of a family, and collects the verdicts. */
import fc from 'fast-check';
import { drawMisuses, type Family, prepareCall } from './family.ts';
import { judgeCall } from './judge.ts';
import type { World } from './world.ts';

interface Figures {
  readonly name: string;
  readonly cases: number;
  readonly refused: number;
  readonly succeeded: number;
  /** Each kind of fault once, with the number of times it occurred. */
  readonly faults: readonly string[];
  readonly wrong: number;
}

export async function runFamily(world: World, family: Family, cases: number, seed: number): Promise<Figures> {
  const found = new Map<string, { readonly example: string; times: number }>();
  let [refused, succeeded, wrong] = [0, 0, 0];
  // Valid arguments must succeed.
  const right = await judgeCall(
    world,
    () => family.call(world, ...(family.parameters.map(({ valid }) => valid(world)) as never[])),
    [],
  );
  if (right.outcome !== 'succeeded')
    found.set('right', { example: `right arguments are refused: ${right.message}`, times: 1 });
  if (family.parameters.length > 0) {
    for (const misuse of fc.sample(drawMisuses(family), { numRuns: cases, seed })) {
      const { call, names, mustRefuse, description } = prepareCall(family, misuse, world);
      const { outcome, fault, message } = await judgeCall(
        world,
        call,
        names,
        mustRefuse && misuse.option[0] !== misuse.option[1],
      );
      if (outcome === 'refused') refused += 1;
      if (outcome === 'succeeded') succeeded += 1;
      if (fault === undefined) continue;
      wrong += 1;
      const example = `${description}: ${fault}${message ? ` (${message})` : ''}`;
      const known = found.get(example.replace(/\d+/g, '#'));
      if (known) known.times += 1;
      else found.set(example.replace(/\d+/g, '#'), { example, times: 1 });
    }
  }
  return {
    name: family.name,
    cases: family.parameters.length > 0 ? cases : 1,
    refused,
    succeeded,
    wrong,
    faults: Array.from(found.values(), ({ example, times }) => `${times} × ${example}`),
  };
}
