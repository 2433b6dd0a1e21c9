/** How coordinates of the operations of a function are told apart. */

/** A coordinate that may be at a kink. */
export interface KinkPlace {
  /** Undefined where it belongs to no sample alone: the samples share it. */
  readonly sample: number | undefined;
  /** As in a call: relu, abs, maximum, … */
  readonly operation: string;
  /**
   * Among the operations of the function that have kinks, in the order of the calls, from 0; those of what the function solves
   * itself come after its own.
   */
  readonly place: number;
  /** Of the numbers of the operation's argument that belong to the sample, in their order. */
  readonly index: number;
}

/** Which sample each number of an argument belongs to. */
export interface Places {
  readonly batch: number;
  /**
   * rows: each sample has as many, one sample after the other. shared: none belongs to a sample alone. Or for each number its
   * sample, −1 where it has none.
   */
  readonly own: 'rows' | 'shared' | Int32Array;
}

/** Of the number `at` of an argument of this size. */
export function placeIn({ batch, own }: Places, size: number): (at: number) => Pick<KinkPlace, 'sample' | 'index'> {
  if (own === 'shared') return (index) => ({ sample: undefined, index });
  const width = size / batch;
  if (own === 'rows') return (at) => ({ sample: Math.floor(at / width), index: at % width });
  const counts = new Map<number, number>();
  const indices = Int32Array.from(own, (sample) => {
    const index = counts.get(sample) ?? 0;
    counts.set(sample, index + 1);
    return index;
  });
  return (at) => ({ sample: own[at] < 0 ? undefined : own[at], index: indices[at] });
}
