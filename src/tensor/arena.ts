/** Arenas: each holds all tensors of one call, so that they are freed together, even if the call throws. */
import type { Tensor } from './tensor.ts';

/**
 * A tensor joins the arena of the call that creates it before the call's first `await`. A tensor computed from
 * members of an arena joins that arena too, so that membership follows the data and not the time: two asynchronous
 * calls never mix.
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

  /**
   * Called when a tensor of another arena is used here: kept results then go to that arena, if it lies further in
   * than the parent.
   */
  receive(from: Arena | undefined): void {
    if (from && !from.isWithin(this) && (!this.parent || from.isWithin(this.parent))) this.parent = from;
  }

  /** Moves a tensor to the surrounding arena; without one the caller owns it. */
  keep(tensor: Tensor): void {
    if (this.members.has(tensor)) Arena.move(tensor, this.parent);
  }

  /** Keeps all members. */
  keepAll(): void {
    for (const tensor of [...this.members]) this.keep(tensor);
  }

  /** Takes all members out of every arena. */
  detachAll(): void {
    for (const tensor of [...this.members]) Arena.move(tensor, undefined);
  }

  /** Disposes all members. */
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

  /** The innermost of the arenas that the inputs belong to. */
  static of(inputs: readonly (Tensor | undefined)[]): Arena | undefined {
    let innermost: Arena | undefined;
    for (const input of inputs) {
      const arena = input?.arena;
      if (arena && arena !== innermost && (!innermost || arena.depth > innermost.depth)) innermost = arena;
    }
    return innermost;
  }
}
