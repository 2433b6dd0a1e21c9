/** The names of coordinates at kinks: which operation, which sample, which number. */

/** A coordinate that may be at a kink: one number of the argument of an operation. */
export interface KinkPlace {
  /** The sample to which the coordinate belongs, from 0; undefined where several samples share it. */
  readonly sample: number | undefined;
  /** The name of the operation, as in a call: relu, abs, maximum, … */
  readonly operation: string;
  /**
   * Which operation it is: its number, from 0, among the operations of the function that have kinks, in the order of
   * the calls. Operations inside solves that the function contains come after its own.
   */
  readonly place: number;
  /** Which number it is, from 0, among those numbers of the operation's argument that belong to the sample. */
  readonly index: number;
}

/** The samples to which the numbers of an argument belong. */
export interface Places {
  readonly batch: number;
  /**
   * rows: every sample has the same count, one sample after the other. shared: no number belongs to a single sample.
   * Otherwise the sample of each number, −1 where it belongs to no single one.
   */
  readonly own: 'rows' | 'shared' | Int32Array;
}

/** A function from the position of a number in an argument of this size to its sample and its index there. */
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
