/** What holds every tensor of one call, so that all of them are freed together, also when something throws. */
import type { Tensor } from './tensor.ts';

/**
 * Tensors computed from a tensor of an arena join it: membership follows the data, not the time at which things happen,
 * so that two asynchronous calls never mix.
 */
export class Arena {
  private readonly members = new Set<Tensor>();
  private readonly depth: number;

  constructor(private readonly parent?: Arena) {
    this.depth = parent ? parent.depth + 1 : 0;
  }

  add(tensor: Tensor): void {
    this.members.add(tensor);
  }

  remove(tensor: Tensor): void {
    this.members.delete(tensor);
  }

  /** Hands a tensor to the surrounding arena, or to the caller. */
  keep(tensor: Tensor): void {
    if (!this.members.delete(tensor)) return;
    tensor.arena = this.parent;
    this.parent?.add(tensor);
  }

  empty(): void {
    for (const tensor of [...this.members]) tensor.dispose();
  }

  /** The innermost of the arenas of the inputs. */
  static of(inputs: readonly (Tensor | undefined)[]): Arena | undefined {
    let innermost: Arena | undefined;
    for (const input of inputs) {
      if (input?.arena && (!innermost || input.arena.depth > innermost.depth)) innermost = input.arena;
    }
    return innermost;
  }
}
