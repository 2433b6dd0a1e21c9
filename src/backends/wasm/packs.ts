/**
 * Which right operands of products are packed once for several products: those that are used more than once, or inside a loop
 * from outside of which they come, as the W of every solver does.
 */
import type { Program, Statement } from '../backend.ts';
import type { ProductCall } from '../kernels.ts';

export interface LastingPack {
  /** Whose numbers are packed: after it is assigned the pack is void. */
  readonly slot: number;
  /** Numbers that it takes. */
  readonly size: number;
}

/** Columns of a panel. */
const PANEL = 8;

/** Numbers of op(B) in panels. */
export function panelSize({ n, k }: ProductCall): number {
  return Math.ceil(n / PANEL) * PANEL * k;
}

/** What tells packs apart. */
export function packKey({ inputs, transposeB, n, k }: ProductCall): string {
  return `${inputs[1]} ${transposeB} ${n} ${k}`;
}

export interface Packs {
  readonly lasting: ReadonlyMap<string, LastingPack>;
  /** Numbers of the largest of the other packs, which live for one product. */
  readonly passing: number;
}

export function packsOf(program: Program): Packs {
  /** Loops around the definition of each slot. */
  const depths = new Map([...program.inputs, ...program.constants.keys()].map((slot) => [slot, 0]));
  const found = new Map<string, LastingPack & { isLasting: boolean }>();
  const walk = (steps: readonly Statement[], depth: number): void => {
    for (const step of steps) {
      if (step.kernel === 'loop') {
        for (const { entering } of step.carried) depths.set(entering, depth + 1);
        walk(step.body, depth + 1);
        // After the loop they are values like any other.
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
    passing: Math.max(0, ...others.map(({ size }) => size)),
  };
}
