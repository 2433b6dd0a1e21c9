/** Sweeps of the splitting with Anderson acceleration, which is undone where it did not bring the fixed point nearer. */
import { AndersonMemory } from './anderson.ts';
import { PROXIMAL, type Splitting, type SplittingState } from './splitting.ts';

/** An accelerated point is kept if its fixed-point residual is at most this multiple of the last one. */
const SAFEGUARD = 1;

export class AcceleratedSplitting {
  private readonly memory: AndersonMemory;
  private readonly weights: Float64Array;
  /** (x, w), where the next sweep starts. */
  private current: Float64Array;
  /** Where it starts instead if `current`, which was accelerated, is no good. */
  private plain: Float64Array | undefined;
  private lastSize = Number.POSITIVE_INFINITY;

  constructor(
    readonly splitting: Splitting,
    state: SplittingState,
  ) {
    const { n, m } = splitting.data;
    this.weights = new Float64Array(n + m).fill(PROXIMAL, 0, n);
    this.weights.set(splitting.penalties, n);
    this.memory = new AndersonMemory(this.weights);
    this.current = joined(state);
  }

  /** Where the next sweep starts. */
  get state(): SplittingState {
    return this.split(this.current);
  }

  /** The same without the last acceleration, which makes residuals rise and fall. */
  get plainState(): SplittingState {
    return this.split(this.plain ?? this.current);
  }

  sweep(): void {
    const before = this.current;
    const next = joined(this.splitting.sweep(this.state));
    const change = next.map((value, i) => value - before[i]);
    let square = 0;
    for (let i = 0; i < change.length; i++) square += this.weights[i] * change[i] ** 2;
    const size = Math.sqrt(square);
    if (this.plain && !(size <= SAFEGUARD * this.lastSize)) {
      this.current = this.plain;
      this.plain = undefined;
      this.memory.clear();
      return;
    }
    this.lastSize = size;
    this.memory.note(change, next);
    const proposed = this.memory.propose();
    this.plain = proposed && next;
    this.current = proposed ?? next;
  }

  private split(joined: Float64Array): SplittingState {
    const { n } = this.splitting.data;
    return { x: joined.slice(0, n), w: joined.slice(n) };
  }
}

function joined({ x, w }: SplittingState): Float64Array {
  const result = new Float64Array(x.length + w.length);
  result.set(x);
  result.set(w, x.length);
  return result;
}
