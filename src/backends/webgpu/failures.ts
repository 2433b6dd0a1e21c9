/**
 * Errors of a GPU arrive later than the call that caused them. They are kept here until a download or `idle` reports
 * them; what failed work was to write stays marked (DeviceBuffer.spoiled).
 */
export class Failures {
  private first: { error: Error; reportedTo: number } | undefined;
  private final: Error | undefined;
  private tickets = 0;

  /** Given to each download and `idle` when it is enqueued. */
  ticket(): number {
    return this.tickets++;
  }

  record(name: string, cause: unknown): Error {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = new Error(`webgpu: ${name} failed: ${message}`, { cause });
    // The first error is the cause of the others.
    if (this.first?.reportedTo !== Number.POSITIVE_INFINITY) {
      this.first = { error, reportedTo: Number.POSITIVE_INFINITY };
    }
    return error;
  }

  /** The device is lost or closed: nothing works any more. */
  end(error: Error): void {
    this.final ??= error;
  }

  get ended(): Error | undefined {
    return this.final;
  }

  /**
   * Throws what went wrong. A failure is reported to everything that was enqueued before its first report, then
   * forgotten.
   */
  check(ticket: number): void {
    if (this.final) throw this.final;
    if (!this.first || ticket > this.first.reportedTo) return;
    if (this.first.reportedTo === Number.POSITIVE_INFINITY) this.first.reportedTo = this.tickets - 1;
    throw this.first.error;
  }
}
