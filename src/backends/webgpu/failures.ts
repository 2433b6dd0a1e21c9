/**
 * Holds the errors of a GPU, which arrive later than the call that caused them, until a download or `idle` reports
 * them. The buffers that failed work should have written remain marked as spoiled (DeviceBuffer.spoiled).
 */
export class Failures {
  private first: { error: Error; reportedTo: number } | undefined;
  private final: Error | undefined;
  private tickets = 0;

  /** Returns a number for a download or an `idle`, in the order in which they are enqueued; see `check`. */
  ticket(): number {
    return this.tickets++;
  }

  record(name: string, cause: unknown): Error {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = new Error(`webgpu: ${name} failed: ${message}`, { cause });
    // The first error is usually the cause of the others.
    if (this.first?.reportedTo !== Number.POSITIVE_INFINITY) {
      this.first = { error, reportedTo: Number.POSITIVE_INFINITY };
    }
    return error;
  }

  /** Marks the device as lost or closed. From now on, `check` always throws this error. */
  end(error: Error): void {
    this.final ??= error;
  }

  get ended(): Error | undefined {
    return this.final;
  }

  /**
   * Throws the recorded failure, if any. A failure is reported to everything that was enqueued before its first report,
   * and then forgotten.
   */
  check(ticket: number): void {
    if (this.final) throw this.final;
    if (!this.first || ticket > this.first.reportedTo) return;
    if (this.first.reportedTo === Number.POSITIVE_INFINITY) this.first.reportedTo = this.tickets - 1;
    throw this.first.error;
  }
}
