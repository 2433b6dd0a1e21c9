/**
 * Finds the right operands of products that are packed once for several products: those that are used more than once,
 * and those that a loop uses but does not change, such as the W of every solver.
 */
import type { Program, Statement } from '../backend.ts';
import type { ProductCall } from '../kernels.ts';

export interface LastingPack {
  /** The slot whose numbers are packed. The pack becomes invalid when the slot is assigned. */
  readonly slot: number;
  /** Size in numbers. */
  readonly size: number;
}

/** The number of columns in a panel. */
const PANEL = 8;

/** The size of op(B) in whole panels, in numbers. */
export function panelSize({ n, k }: ProductCall): number {
  return Math.ceil(n / PANEL) * PANEL * k;
}

/** Products with the same key can use the same pack. */
export function packKey({ inputs, transposeB, n, k }: ProductCall): string {
  return `${inputs[1]} ${transposeB} ${n} ${k}`;
}

export interface Packs {
  readonly lasting: ReadonlyMap<string, LastingPack>;
  /** The size in numbers of the largest pack that only one product uses. */
  readonly transientSize: number;
}

export function findPacks(program: Program): Packs {
  /** The number of loops around the definition of each slot. */
  const depths = new Map([...program.inputs, ...program.constants.keys()].map((slot) => [slot, 0]));
  const found = new Map<string, LastingPack & { isLasting: boolean }>();
  const walk = (steps: readonly Statement[], depth: number): void => {
    for (const step of steps) {
      if (step.kernel === 'loop') {
        for (const { entering } of step.carried) depths.set(entering, depth + 1);
        walk(step.body, depth + 1);
        // After the loop, the entering slots are values of the surrounding scope.
        for (const { entering } of step.carried) depths.set(entering, depth);
        continue;
      }
      if (step.kernel === 'product') {
        const [, slot] = step.inputs;
        const before = found.get(packKey(step));
        const isLasting = before !== undefined || (depths.get(slot) ?? 0) < depth;
        found.set(packKey(step), { slot, size: panelSize(step), isLasting });
      }
      depths.set(step.output, depth);
    }
  };
  walk(program.statements, 0);
  const others = [...found.values()].filter(({ isLasting }) => !isLasting);
  return {
    lasting: new Map([...found].filter(([, { isLasting }]) => isLasting)),
    transientSize: Math.max(0, ...others.map(({ size }) => size)),
  };
}
