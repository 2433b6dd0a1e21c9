/** How the cost of a solve grows: time with the batch, memory with the iterations. */

/** One curve. */
export interface Scaling {
  readonly of: 'batch' | 'iterations';
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}
