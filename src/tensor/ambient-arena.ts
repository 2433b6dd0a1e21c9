/** The arena that new tensors join, and the ways to run a function in an arena of its own. */
import { Arena } from './arena.ts';
import { Tensor } from './tensor.ts';

export class AmbientArena {
  /** Set while a call runs that has not awaited anything yet. */
  private current: Arena | undefined;

  /** The arena that a tensor joins which is computed from members of `arena`. */
  chooseArena(arena: Arena | undefined): Arena | undefined {
    const { current } = this;
    if (!current || arena?.isWithin(current)) return arena;
    current.receive(arena);
    return current;
  }

  /** Runs `make` so that the tensors it creates join the arena, or none if it is undefined. */
  runIn<Result>(arena: Arena | undefined, make: () => Result): Result {
    const { current } = this;
    this.current = arena;
    try {
      return make();
    } finally {
      this.current = current;
    }
  }

  /** Runs `make` and frees everything that it created if it throws. */
  runOrFree<Result>(make: () => Result): Result {
    const arena = new Arena(this.current);
    try {
      const result = this.runIn(arena, make);
      arena.keepAll();
      return result;
    } finally {
      arena.empty();
    }
  }

  /** The same, but the tensors that `make` creates belong to no arena afterwards. */
  runLasting<Result>(make: () => Result): Result {
    const arena = new Arena();
    try {
      const result = this.runIn(arena, make);
      arena.detachAll();
      return result;
    } finally {
      arena.empty();
    }
  }

  /** Runs `body` in an arena of its own and frees all that it created, except the tensors in its result. */
  runAndFree<Result>(body: (arena: Arena) => Result): Result {
    const arena = new Arena(this.current);
    try {
      const result = this.runIn(arena, () => body(arena));
      keepTensors(arena, result);
      return result;
    } finally {
      arena.empty();
    }
  }

  /** The same for an asynchronous body. */
  async runAndFreeLater<Result>(body: (arena: Arena) => Result | Promise<Result>): Promise<Result> {
    const arena = new Arena(this.current);
    try {
      const result = await this.runIn(arena, () => body(arena));
      keepTensors(arena, result);
      return result;
    } finally {
      arena.empty();
    }
  }
}

function keepTensors(arena: Arena, result: unknown): void {
  for (const tensor of tensorsIn(result)) arena.keep(tensor);
}

/** The tensors in a tensor, an array or a plain object. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value === null || typeof value !== 'object') return [];
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const items: readonly unknown[] = Array.isArray(value) ? value : isPlain ? Object.values(value) : [];
  // Arrays may hold very many numbers, which are left out before the recursion.
  return items.filter((item) => typeof item === 'object').flatMap(tensorsIn);
}
