/** Loops that run kernel by kernel, in the place of a Program. */
import type { Backend, Storage } from '../backends/backend.ts';
import { isTurnOver } from '../backends/event-loop.ts';
import { STATUS } from '../backends/kernels.ts';
import type { Tensor } from './tensor.ts';

export class EagerLoops {
  /** How many loops are running at the moment, one inside another. */
  private depth = 0;

  constructor(
    private readonly device: Backend,
    private readonly storageOf: (tensor: Tensor) => Storage,
  ) {}

  /** See `LoopContext.loop`. */
  run<Values>(
    initial: Values,
    running: (values: Values) => Tensor,
    limit: number,
    body: (values: Values) => Values,
  ): Values {
    let values = initial;
    this.depth += 1;
    try {
      for (let pass = 0; pass < limit && (pass === 0 || this.mayRun(running(values))); pass++) values = body(values);
    } finally {
      this.depth -= 1;
    }
    return values;
  }

  /**
   * Whether a sample may still be running. To look at the statuses, the backend carries out all enqueued work while
   * other tasks wait. An outermost loop therefore looks only while the turn lasts; an inner loop always looks, because
   * the passes of the two loops multiply.
   */
  private mayRun(statuses: Tensor): boolean {
    if (!this.device.readNow || (this.depth === 1 && isTurnOver())) return true;
    const numbers = this.device.readNow(this.storageOf(statuses));
    return !numbers || Array.prototype.includes.call(numbers, STATUS.running);
  }
}
