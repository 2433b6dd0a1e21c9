/** Whether tensors were overwritten since something about them was known. */
import type { LinearMap } from '../solvers/linear-map.ts';
import { Engine } from '../tensor/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';

const countWrites = (tensors: readonly Tensor[]): number[] =>
  tensors.map((tensor) => (tensor.context instanceof Engine ? tensor.context.countWrites(tensor) : 0));

/** How often the parameters of each map had been overwritten when its margin was known to hold. */
const writesOfMap = new WeakMap<LinearMap, readonly number[]>();

/** Notes the state of a map for which the margin is known. To be called at the latest when the map is first used. */
export function rememberWrites(map: LinearMap): void {
  writesOfMap.set(map, countWrites(map.parameters));
}

/** Whether the parameters of a map were overwritten since its margin was known. */
export function isOverwritten(map: LinearMap): boolean {
  const before = writesOfMap.get(map);
  if (!before) rememberWrites(map);
  return before !== undefined && countWrites(map.parameters).some((count, index) => count !== before[index]);
}

/** Guards the tensors of a solution against being overwritten. */
export interface Guard {
  /** The reason why one of the tensors no longer holds what was solved with; undefined where all still do. */
  reasonToRefuse(): string | undefined;
  /** @throws Error where one of them was overwritten */
  check(): void;
}

/** Guards tensors from now on. @param names the name of each tensor, for messages */
export function guardTensors(what: string, tensors: readonly Tensor[], names: (index: number) => string): Guard {
  const before = countWrites(tensors);
  const changed = (): string | undefined => {
    const at = countWrites(tensors).findIndex((count, index) => count !== before[index]);
    return at < 0 ? undefined : `${names(at)} was overwritten after the solve`;
  };
  return {
    reasonToRefuse: changed,
    check() {
      const reason = changed();
      if (reason) throw new Error(`${what}: ${reason}, so that the solution cannot be differentiated; solve again`);
    },
  };
}
