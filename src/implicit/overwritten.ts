/** Tensors of which something is known, and whether they were overwritten since. */
import type { LinearMap } from '../solvers/linear-map.ts';
import { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';

const writesTo = (tensors: readonly Tensor[]): number[] =>
  tensors.map((tensor) => (tensor.context instanceof Engine ? tensor.context.writesTo(tensor) : 0));

/** For each map how often its parameters had been overwritten when its margin was known to hold. */
const remembered = new WeakMap<LinearMap, readonly number[]>();

/** To be called when the margin is known, at the latest when the map is first used. */
export function remember(map: LinearMap): void {
  remembered.set(map, writesTo(map.parameters));
}

/** Whether its margin is that of other numbers. */
export function isOverwritten(map: LinearMap): boolean {
  const before = remembered.get(map);
  if (!before) remember(map);
  return before !== undefined && writesTo(map.parameters).some((count, index) => count !== before[index]);
}

/** What a solution was made of, as it was then. */
export interface Guard {
  /** Which of the tensors was overwritten since; undefined where none was. */
  changed(): string | undefined;
  /** @throws Error where one was */
  check(): void;
}

/** @param names of the tensors, as many */
export function guardOf(what: string, tensors: readonly Tensor[], names: (index: number) => string): Guard {
  const before = writesTo(tensors);
  const changed = (): string | undefined => {
    const at = writesTo(tensors).findIndex((count, index) => count !== before[index]);
    return at < 0 ? undefined : `${names(at)} was overwritten after the solve`;
  };
  return {
    changed,
    check() {
      const reason = changed();
      if (reason) throw new Error(`${what}: ${reason}, which its derivatives were to be those of; solve again`);
    },
  };
}
