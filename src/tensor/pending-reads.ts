/** Reads that hold tensors until they end, so that memory is counted only after them. */
export class PendingReads {
  private readonly pending = new Set<Promise<void>>();

  /** Tracks the promise until it settles, and returns it. */
  track<Result>(promise: Promise<Result>): Promise<Result> {
    const settled = promise.then(
      () => {},
      () => {}, // whoever awaits the promise itself reports the failure
    );
    this.pending.add(settled);
    void settled.then(() => this.pending.delete(settled));
    return promise;
  }

  async settle(): Promise<void> {
    await Promise.all(this.pending);
  }
}
