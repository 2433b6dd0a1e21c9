/** Collects the notes of a run, which stand beside its figures. */
export class Log {
  private readonly told = new Set<string>();
  /** Whether something that should have been measured was not. */
  failed = false;

  get notes(): readonly string[] {
    return [...this.told];
  }
  note(text: string): void {
    if (this.told.has(text)) return;
    this.told.add(text);
    console.error(text);
  }
  failure(text: string): void {
    this.failed = true;
    this.note(text);
  }
}

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
