/** What holds every tensor of one call, so that all of them are freed together, also when something throws. */
import type { Tensor } from './tensor.ts';

/**
 * What a call makes before it awaits anything joins its arena, and so do tensors computed from a tensor of the arena: from then on
 * membership follows the data, not the time at which things happen, so that two asynchronous calls never mix.
 */
export class Arena {
  private readonly members = new Set<Tensor>();

  constructor(private parent?: Arena) {}

  add(tensor: Tensor): void {
    this.members.add(tensor);
  }

  remove(tensor: Tensor): void {
    this.members.delete(tensor);
  }

  /** A tensor of another arena comes in: what is kept in the end belongs where it does, unless that is further out. */
  receive(from: Arena | undefined): void {
    if (from && !from.isWithin(this) && (!this.parent || from.isWithin(this.parent))) this.parent = from;
  }

  /** Hands a tensor to the surrounding arena, or to the caller. */
  keep(tensor: Tensor): void {
    if (this.members.has(tensor)) Arena.move(tensor, this.parent);
  }

  /** The same with all that there are. */
  keepAll(): void {
    for (const tensor of [...this.members]) this.keep(tensor);
  }

  /** All of them belong to no arena from now on. */
  letGo(): void {
    for (const tensor of [...this.members]) Arena.move(tensor, undefined);
  }

  empty(): void {
    for (const tensor of [...this.members]) tensor.dispose();
  }

  isWithin(other: Arena): boolean {
    return this === other || this.parent?.isWithin(other) === true;
  }

  private get depth(): number {
    return this.parent ? this.parent.depth + 1 : 0;
  }

  static move(tensor: Tensor, to: Arena | undefined): void {
    tensor.arena?.remove(tensor);
    tensor.arena = to;
    to?.add(tensor);
  }

  /** The innermost of the arenas of the inputs. */
  static of(inputs: readonly (Tensor | undefined)[]): Arena | undefined {
    let innermost: Arena | undefined;
    for (const input of inputs) {
      const arena = input?.arena;
      if (arena && arena !== innermost && (!innermost || arena.depth > innermost.depth)) innermost = arena;
    }
    return innermost;
  }
}
