/** The entries of a map whose names start with a prefix, under the rest of their names. It stores nothing itself. */
export class PartOfMap<Value> extends Map<string, Value> {
  constructor(
    private readonly whole: Map<string, Value>,
    private readonly prefix: string,
  ) {
    super();
  }

  override get(name: string): Value | undefined {
    return this.whole.get(this.prefix + name);
  }

  override has(name: string): boolean {
    return this.whole.has(this.prefix + name);
  }

  override set(name: string, value: Value): this {
    this.whole.set(this.prefix + name, value);
    return this;
  }

  override delete(name: string): boolean {
    return this.whole.delete(this.prefix + name);
  }

  override clear(): void {
    for (const name of [...this.keys()]) this.delete(name);
  }

  override get size(): number {
    return [...this.keys()].length;
  }

  override *entries(): MapIterator<[string, Value]> {
    for (const [name, value] of this.whole) {
      if (name.startsWith(this.prefix)) yield [name.slice(this.prefix.length), value];
    }
  }

  override *keys(): MapIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  override forEach(callback: (value: Value, name: string, map: Map<string, Value>) => void): void {
    for (const [name, value] of this.entries()) callback(value, name, this);
  }
}
