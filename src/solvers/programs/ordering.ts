/**
 * An order of elimination that keeps the factors of a sparse symmetric matrix sparse: approximate minimum degree on
 * the quotient graph (Amestoy, Davis and Duff, "An approximate minimum degree ordering algorithm", 1996). An
 * eliminated variable becomes an element, the clique of its neighbours. Variables with the same neighbours are one
 * supervariable.
 */
import type { Interruptible } from '../../backends/event-loop.ts';
import type { SparseMatrix } from './problem.ts';

/** Visited entries after which the ordering may be interrupted: some milliseconds. */
const WORK_PER_TURN = 1e5;

/** @param matrix the upper or lower triangle of a symmetric matrix, or all of it @returns the variables in order */
export function* minimumDegreeOrder(matrix: SparseMatrix): Interruptible<Int32Array> {
  const graph = new QuotientGraph(matrix.columns);
  yield* graph.connect(matrix);
  return yield* graph.eliminateAll();
}

class QuotientGraph {
  private readonly n: number;
  /** The variables next to each variable by entries of the matrix that no element covers. */
  private readonly neighbours: number[][];
  /** The elements next to each variable. */
  private readonly elements: number[][];
  /** The variables of each element. */
  private readonly members: number[][] = [];
  /** How many variables each supervariable stands for; 0 once it is eliminated or stands for none. */
  private readonly sizes: Int32Array;
  private readonly isLiveElement: Uint8Array;
  private readonly degrees: Int32Array;
  /** Which variables each supervariable has swallowed. */
  private readonly swallowed: number[][];
  private readonly marks: Int32Array;
  private mark = 0;
  /** |Lₑ \ Lₚ| for the elements around the pivot p, valid where `outsideMarks` is `mark`. */
  private readonly outside: Int32Array;
  private readonly outsideMarks: Int32Array;
  private readonly queue: DegreeLists;

  constructor(n: number) {
    this.n = n;
    this.neighbours = Array.from({ length: n }, () => []);
    this.elements = Array.from({ length: n }, () => []);
    this.marks = new Int32Array(n).fill(-1);
    this.sizes = new Int32Array(n).fill(1);
    this.isLiveElement = new Uint8Array(n);
    this.degrees = new Int32Array(n);
    this.swallowed = Array.from({ length: n }, () => []);
    this.outside = new Int32Array(n);
    this.outsideMarks = new Int32Array(n).fill(-1);
    this.queue = new DegreeLists(n);
  }

  /** Makes variables neighbours that share an entry of the matrix. */
  *connect({ columns: n, starts, indices }: SparseMatrix): Interruptible<void> {
    const turns = new Turns();
    for (let j = 0; j < n; j++) {
      for (let k = starts[j]; k < starts[j + 1]; k++) {
        const i = indices[k];
        if (i === j) continue;
        this.neighbours[i].push(j);
        this.neighbours[j].push(i);
      }
      if (turns.isOverAfter(starts[j + 1] - starts[j])) yield;
    }
    for (let i = 0; i < n; i++) {
      const count = this.neighbours[i].length;
      this.neighbours[i] = this.distinct(this.neighbours[i]);
      this.degrees[i] = this.neighbours[i].length;
      if (turns.isOverAfter(count)) yield;
    }
    // Backwards, so that the first variable of a degree is taken first.
    for (let i = n - 1; i >= 0; i--) this.queue.insert(i, this.degrees[i]);
  }

  *eliminateAll(): Interruptible<Int32Array> {
    const turns = new Turns();
    const order: number[] = [];
    while (order.length < this.n) {
      const pivot = this.queue.takeLeast();
      this.appendWithSwallowed(pivot, order);
      if (turns.isOverAfter(this.eliminate(pivot, order))) yield;
    }
    return Int32Array.from(order);
  }

  private distinct(list: readonly number[]): number[] {
    const mark = ++this.mark;
    return list.filter((i) => {
      if (this.marks[i] === mark) return false;
      this.marks[i] = mark;
      return true;
    });
  }

  private appendWithSwallowed(variable: number, order: number[]): void {
    const pending = [variable];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      order.push(next);
      for (const other of this.swallowed[next]) pending.push(other);
    }
  }

  /** @returns how many entries it visits, about */
  private eliminate(pivot: number, order: number[]): number {
    const { sizes, elements, isLiveElement, members } = this;
    const boundary = this.boundaryOf(pivot);
    const pivotMark = this.mark;
    sizes[pivot] = 0;
    for (const element of elements[pivot]) {
      isLiveElement[element] = 0;
      members[element] = [];
    }
    this.neighbours[pivot] = [];
    elements[pivot] = [];
    let visited = boundary.length;
    for (const i of boundary) visited += this.neighbours[i].length + elements[i].length;
    this.countOutside(boundary);
    let weight = 0;
    for (const i of boundary) weight += sizes[i];
    isLiveElement[pivot] = 1;
    const kept: number[] = [];
    for (const i of boundary) {
      this.queue.remove(i);
      const degree = this.update(i, pivot, pivotMark, weight - sizes[i]);
      if (degree >= 0) {
        kept.push(i);
        this.degrees[i] = degree;
      } else {
        // It has no neighbours but the boundary: it is eliminated together with the pivot.
        this.appendWithSwallowed(i, order);
        sizes[i] = 0;
      }
    }
    this.mergeAlike(kept);
    members[pivot] = kept.filter((i) => sizes[i] > 0);
    if (members[pivot].length === 0) isLiveElement[pivot] = 0;
    for (const i of members[pivot]) {
      this.degrees[i] = Math.min(this.degrees[i], this.n - order.length - sizes[i]);
      this.queue.insert(i, this.degrees[i]);
    }
    return visited;
  }

  /** The variables next to the pivot, marked with `mark`. */
  private boundaryOf(pivot: number): number[] {
    const { sizes, marks } = this;
    const mark = ++this.mark;
    marks[pivot] = mark;
    const boundary: number[] = [];
    const visit = (i: number): void => {
      if (marks[i] === mark || sizes[i] === 0) return;
      marks[i] = mark;
      boundary.push(i);
    };
    this.neighbours[pivot].forEach(visit);
    for (const element of this.elements[pivot]) if (this.isLiveElement[element]) this.members[element].forEach(visit);
    return boundary;
  }

  private countOutside(boundary: readonly number[]): void {
    const { sizes, outside, outsideMarks, mark } = this;
    for (const i of boundary) {
      for (const element of this.elements[i]) {
        if (!this.isLiveElement[element]) continue;
        if (outsideMarks[element] !== mark) {
          outsideMarks[element] = mark;
          let size = 0;
          for (const member of this.members[element]) size += sizes[member];
          outside[element] = size;
        }
        outside[element] -= sizes[i];
      }
    }
  }

  /**
   * Lets the new element stand for the entries it covers.
   * @returns an upper bound of the degree of variable i, or −1 if it has no neighbours but the boundary of the pivot
   */
  private update(i: number, pivot: number, pivotMark: number, boundaryWeight: number): number {
    const { sizes, marks, outside } = this;
    let degree = 0;
    const elements = this.elements[i];
    let count = 0;
    for (const element of elements) {
      if (!this.isLiveElement[element]) continue;
      if (outside[element] === 0) {
        // All its members are in the boundary of the pivot, where the new element stands for it.
        this.isLiveElement[element] = 0;
        this.members[element] = [];
        continue;
      }
      degree += outside[element];
      elements[count++] = element;
    }
    elements.length = count;
    const neighbours = this.neighbours[i];
    count = 0;
    for (const j of neighbours) {
      if (sizes[j] === 0 || marks[j] === pivotMark) continue;
      degree += sizes[j];
      neighbours[count++] = j;
    }
    neighbours.length = count;
    if (elements.length === 0 && neighbours.length === 0) return -1;
    elements.push(pivot);
    return degree + boundaryWeight;
  }

  /** Merges variables of the boundary that have the same elements and neighbours. */
  private mergeAlike(boundary: readonly number[]): void {
    const { sizes, elements, neighbours } = this;
    const buckets = new Map<number, number[]>();
    for (const i of boundary) {
      let hash = 0;
      for (const element of elements[i]) hash += element;
      for (const j of neighbours[i]) hash += j;
      const bucket = buckets.get(hash);
      if (bucket) bucket.push(i);
      else buckets.set(hash, [i]);
    }
    for (const bucket of buckets.values()) {
      for (let first = 0; first + 1 < bucket.length; first++) {
        const i = bucket[first];
        if (sizes[i] === 0) continue;
        const mark = ++this.mark;
        for (const element of elements[i]) this.outsideMarks[element] = mark;
        for (const j of neighbours[i]) this.marks[j] = mark;
        for (let second = first + 1; second < bucket.length; second++) {
          const j = bucket[second];
          if (sizes[j] === 0 || !this.isAlike(i, j, mark)) continue;
          sizes[i] += sizes[j];
          this.degrees[i] -= sizes[j];
          sizes[j] = 0;
          this.swallowed[i].push(j);
          elements[j] = [];
          neighbours[j] = [];
        }
      }
    }
  }

  private isAlike(i: number, j: number, mark: number): boolean {
    const { elements, neighbours } = this;
    return (
      elements[i].length === elements[j].length &&
      neighbours[i].length === neighbours[j].length &&
      elements[j].every((element) => this.outsideMarks[element] === mark) &&
      neighbours[j].every((other) => this.marks[other] === mark)
    );
  }
}

/** Counts the work of a turn. */
class Turns {
  private spent = 0;

  isOverAfter(work: number): boolean {
    this.spent += work;
    if (this.spent < WORK_PER_TURN) return false;
    this.spent = 0;
    return true;
  }
}

/** Variables by degree, in doubly linked lists. */
class DegreeLists {
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly degrees: Int32Array;
  private least = 0;

  constructor(n: number) {
    this.heads = new Int32Array(n + 1).fill(-1);
    this.next = new Int32Array(n).fill(-1);
    this.previous = new Int32Array(n).fill(-1);
    this.degrees = new Int32Array(n).fill(-1);
  }

  insert(variable: number, degree: number): void {
    const bounded = Math.max(0, degree);
    const head = this.heads[bounded];
    this.next[variable] = head;
    this.previous[variable] = -1;
    if (head >= 0) this.previous[head] = variable;
    this.heads[bounded] = variable;
    this.degrees[variable] = bounded;
    if (bounded < this.least) this.least = bounded;
  }

  remove(variable: number): void {
    if (this.degrees[variable] < 0) return;
    const [next, previous] = [this.next[variable], this.previous[variable]];
    if (previous >= 0) this.next[previous] = next;
    else this.heads[this.degrees[variable]] = next;
    if (next >= 0) this.previous[next] = previous;
    this.degrees[variable] = -1;
  }

  takeLeast(): number {
    while (this.heads[this.least] < 0) this.least++;
    const variable = this.heads[this.least];
    this.remove(variable);
    return variable;
  }
}
