/** Builds a problem from a description, with its solution and its kinks at planted places. */
import { type Bend, bendValue, createBend, isPlantedLeft } from './bends.ts';
import type { Description, Step } from './description.ts';
import { argumentsOf, type Input, type Node, type Problem, rowOf, type Table } from './graph.ts';

/** The largest number of kinks of one system, because all choices at them are tried. */
const MAXIMUM_KINKS = 6;
/** The range of whole numbers that float32 holds. */
const DIGITS = 2 ** 24;
const LEAST = 2 ** -126;
const LARGEST = 2 ** 127;

export function plantProblem(description: Description): Problem {
  return new Planting(description).createProblem();
}

class Planting {
  private readonly nodes: Node[] = [];
  private readonly inputs: Input[] = [];
  private readonly values: Table[] = [];
  /** Lipschitz constants of the nodes in the largest-entry norm. */
  private readonly gains: number[] = [];
  private readonly kinks: number[];
  private readonly scale: number;
  private isExact = true;

  constructor(private readonly description: Description) {
    const { n, batch, z, steps } = description;
    this.scale = 2 ** description.scale;
    this.kinks = new Array<number>(batch).fill(0);
    const solution = this.fillTable(batch, (sample, feature) => z[(sample * n + feature) % z.length] / 4);
    this.addNode({ kind: 'unknown', layout: 0 }, solution, 1);
    for (const step of steps) this.addStep(step);
  }

  createProblem(): Problem {
    const { n, batch, form, isTame } = this.description;
    const last = this.values.length - 1;
    const lipschitz = this.gains[last];
    const factor = isTame ? 2 ** Math.min(-1, -1 - Math.ceil(Math.log2(lipschitz || 1))) : 1;
    const own = form === 'root' ? this.description.own / 2 : 0;
    // A fixed point is z = factor·x + shift, a root own·z − factor·x + shift = 0.
    const isRoot = form === 'root';
    const signed = isRoot ? -factor : factor;
    const z = this.values[0];
    const shift = this.fillTable(
      batch,
      (sample, feature) => {
        const moved = signed * rowOf(this.values[last], sample)[feature];
        const wanted = isRoot ? -own * z[sample][feature] : z[sample][feature];
        return this.sum([wanted, -moved]);
      },
      1,
    );
    const final = this.addInput('shift', [batch, n], shift.flat());
    return {
      ...this.prune(last, final),
      ...{ n, batch, form, isCoupled: this.description.isCoupled, own, factor: signed, scale: this.scale },
      lipschitz: Math.abs(factor) * lipschitz,
      isExactInSingle: this.isExact,
    };
  }

  /** The problem without the nodes and the inputs on which the last node does not depend. */
  private prune(last: number, final: number): Pick<Problem, 'nodes' | 'inputs' | 'values'> {
    const kept = new Set([0, last]);
    for (let place = last; place > 0; place--) {
      if (kept.has(place)) for (const argument of argumentsOf(this.nodes[place])) kept.add(argument);
    }
    const places = [...kept].sort((a, b) => a - b);
    const used = [...new Set(places.flatMap((place) => inputsOf(this.nodes[place])))].sort((a, b) => a - b);
    used.push(final);
    return {
      nodes: places.map((place) =>
        renumber(
          this.nodes[place],
          (node) => places.indexOf(node),
          (input) => used.indexOf(input),
        ),
      ),
      inputs: used.map((input) => this.inputs[input]),
      values: places.map((place) => this.values[place]),
    };
  }

  private addStep(step: Step): void {
    const { layout } = step;
    const of = this.placeOf(step.from);
    const b = this.placeOf(step.other);
    switch (step.kind) {
      case 'vector':
        this.addVector(step);
        break;
      case 'ray':
        this.addRay(step);
        break;
      case 'linear':
        this.addLinear(step, of);
        break;
      case 'bend':
        this.addBend(step, of);
        break;
      case 'extreme':
        this.addExtreme(step, of, b);
        break;
      case 'inner':
        this.addInner(step, of);
        break;
      case 'sum':
        this.addSum(step, of, b);
        break;
      case 'product': {
        // A product is not homogeneous, and contracts nowhere near everywhere.
        if (this.description.scale !== 0 || this.description.isTame) break;
        const value = this.combine(of, b, (x, y) => this.sum([x * y]));
        this.addNode({ kind: 'product', a: of, b, layout }, value, Number.POSITIVE_INFINITY);
        break;
      }
      case 'mix': {
        if (!this.description.isCoupled || this.values[of].length === 1) break;
        const order = this.values[of].map((_, row, rows) => (row + 1) % rows.length);
        const value = order.map((row) => this.values[of][row]);
        this.addNode({ kind: 'mix', of, order, layout }, value, this.gains[of]);
      }
    }
  }

  private addSum({ numbers, layout }: Step, a: number, b: number): void {
    const [first, second] = [0, 1].map((at) => [1, -1, 0.5, -0.5, 2][Math.abs(numbers[at])]);
    const value = this.combine(a, b, (x, y) => this.sum([first * x, second * y]));
    const gain = Math.abs(first) * this.gains[a] + Math.abs(second) * this.gains[b];
    this.addNode({ kind: 'sum', a, b, factors: [first, second], layout }, value, gain);
  }

  /** Adds a vector to the newest node, possibly after a bend. */
  private addVector(step: Step): void {
    const { isShared, numbers, layout } = step;
    const { n, batch } = this.description;
    const before = this.values.length - 1;
    const rows = isShared ? 1 : batch;
    const value = this.fillTable(rows, (row, feature) => numbers[row * n + feature] / 4);
    const input = this.addInput('vector', isShared ? [n] : [batch, n], value.flat());
    this.addNode({ kind: 'vector', input, layout }, value, 0);
    if (numbers[46] > 0) this.addBend(step, before + 1);
    this.addSum(step, before, this.values.length - 1);
  }

  private addRay(step: Step): void {
    const { isShared, numbers, layout } = step;
    const { n, batch } = this.description;
    const before = this.values.length - 1;
    const rows = isShared ? 1 : batch;
    const number = (this.scale * numbers[47]) / 4;
    const along = this.fillTable(rows, (row, feature) => numbers[row * n + feature] / 4, 1);
    const value = along.map((row) => row.map((entry) => this.sum([number * entry])));
    const node = {
      kind: 'ray' as const,
      input: this.addInput('number', [1], [number]),
      along: this.addInput('along', isShared ? [n] : [batch, n], along.flat()),
      layout,
    };
    this.addNode(node, value, 0);
    if (numbers[46] > 0) this.addBend(step, before + 1);
    this.addSum(step, before, this.values.length - 1);
  }

  private addLinear({ isShared, numbers, exponent, layout }: Step, of: number): void {
    const isOne = isShared || this.values[of].length === 1;
    const [matrix, entries] = this.addMatrix(isOne, numbers, this.description.size / 16, exponent);
    const value = this.values[of].map((row, sample) => this.multiply(rowOf(entries, sample), row, 2 ** -exponent));
    const gain = this.gains[of] * this.normOf(entries) * 2 ** -exponent;
    this.addNode({ kind: 'linear', of, matrix, exponent, layout }, value, gain);
  }

  private addBend(step: Step, of: number): void {
    const shape = createBend(step.bend, this.scale, [0.5, -0.5, 0.25, -0.25, 0.125][Math.abs(step.numbers[0])]);
    const targets = this.chooseTargets(step, this.values[of].length, shape);
    const shift = targets.map((row, r) => row.map((target, j) => this.sum([target, -this.values[of][r][j]])));
    const value = targets.map((row) => row.map((target) => this.sum([bendValue(shape, target)])));
    const node = { kind: 'bend' as const, of, shift: this.addShift(shift), bend: shape, layout: step.layout };
    this.addNode(node, value, this.gains[of]);
  }

  private addExtreme(step: Step, a: number, b: number): void {
    const name = step.isShared ? ('maximum' as const) : ('minimum' as const);
    const rows = Math.max(this.values[a].length, this.values[b].length);
    // The difference of the operands is where relu would have its argument.
    const targets = this.chooseTargets(step, rows, createBend('relu', this.scale, 0));
    const shift = targets.map((row, r) =>
      row.map((target, j) => this.sum([rowOf(this.values[b], r)[j], target, -rowOf(this.values[a], r)[j]])),
    );
    const value = targets.map((row, r) =>
      row.map((target, j) => {
        const second = rowOf(this.values[b], r)[j];
        return name === 'maximum' ? Math.max(second + target, second) : Math.min(second + target, second);
      }),
    );
    const node = { kind: 'extreme' as const, name, a, b, shift: this.addShift(shift), layout: step.layout };
    this.addNode(node, value, Math.max(this.gains[a], this.gains[b]));
  }

  /** ‖M‖ ≤ ½ in the largest-entry norm, so that y is unique for every choice at the kinks. */
  private addInner(step: Step, of: number): void {
    if (this.values[of].length === 1 && this.description.batch > 1) return;
    const { n } = this.description;
    const [matrix, entries] = this.addMatrix(true, step.numbers, 2 / 16 / (n > 2 ? 4 : n), 0);
    const shape = createBend(step.bend, this.scale, 0.5);
    const targets = this.chooseTargets(step, this.values[of].length, shape);
    const value = targets.map((row) => row.map((target) => bendValue(shape, target)));
    const shift = targets.map((row, r) => {
      const moved = this.multiply(entries[0], value[r]);
      return row.map((target, j) => this.sum([target, -moved[j], -this.values[of][r][j]]));
    });
    const gain = this.gains[of] / (1 - this.normOf(entries));
    const node = { kind: 'inner' as const, of, matrix, shift: this.addShift(shift), bend: shape, layout: step.layout };
    this.addNode(node, value, gain);
  }

  /** Arguments at a kink where the description wants one and there are not too many, otherwise well inside a piece. */
  private chooseTargets({ sides }: Step, rows: number, shape: Bend): number[][] {
    const { positions } = shape;
    const unit = this.scale / 4;
    return this.fillTable(
      rows,
      (row, feature) => {
        const side = sides[(row * this.description.n + feature) % sides.length];
        const position = positions[(row + feature) % positions.length];
        if (side === 0 && this.takeKink(rows === 1 ? undefined : row)) return position;
        if (side < 0 && isPlantedLeft(shape)) return positions[0] + unit * side;
        // Possibly between two positions.
        return side === 2 && positions.length > 1
          ? positions[1] - unit
          : (positions.at(-1) as number) + unit * (Math.abs(side) || 1);
      },
      1,
    );
  }

  private takeKink(sample: number | undefined): boolean {
    const { kinks } = this;
    const counted = sample === undefined || this.description.isCoupled ? kinks.map((_, index) => index) : [sample];
    if (counted.some((index) => kinks[index] >= MAXIMUM_KINKS)) return false;
    for (const index of counted) kinks[index] += 1;
    return true;
  }

  private addMatrix(
    isShared: boolean,
    numbers: readonly number[],
    unit: number,
    exponent: number,
  ): [input: number, entries: Table] {
    const { n, batch } = this.description;
    const count = isShared ? 1 : batch;
    const entries = Array.from({ length: count }, (_, sample) =>
      Array.from({ length: n * n }, (_, at) => numbers[sample * n * n + at] * unit * 2 ** exponent),
    );
    return [this.addInput('matrix', isShared ? [n, n] : [batch, n, n], entries.flat()), entries];
  }

  private normOf(entries: Table): number {
    const { n } = this.description;
    const rows = entries.flatMap((matrix) => Array.from({ length: n }, (_, i) => matrix.slice(i * n, (i + 1) * n)));
    return Math.max(...rows.map((row) => row.reduce((sum, entry) => sum + Math.abs(entry), 0)));
  }

  private multiply(matrix: readonly number[], x: readonly number[], factor = 1): number[] {
    const { n } = this.description;
    return x.map((_, i) => factor * this.sum(x.map((entry, j) => matrix[i * n + j] * entry)));
  }

  private combine(a: number, b: number, f: (x: number, y: number) => number): number[][] {
    const [first, second] = [this.values[a], this.values[b]];
    const longer = first.length >= second.length ? first : second;
    return longer.map((row, r) => row.map((_, j) => f(rowOf(first, r)[j], rowOf(second, r)[j])));
  }

  private addShift(shift: Table): number {
    const { n, batch } = this.description;
    return this.addInput('shift', shift.length === batch ? [batch, n] : [n], shift.flat());
  }

  private addInput(name: Input['name'], shape: readonly number[], values: readonly number[]): number {
    return this.inputs.push({ name, shape, values: values.map((value) => value + 0) }) - 1;
  }

  private addNode(node: Node, value: Table, gain: number): void {
    this.nodes.push(node);
    this.values.push(value);
    this.gains.push(gain);
  }

  private placeOf(back: number): number {
    return this.values.length - 1 - (back % this.values.length);
  }

  private fillTable(rows: number, of: (row: number, feature: number) => number, scale = this.scale): number[][] {
    const { n } = this.description;
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: n }, (_, feature) => scale * of(row, feature)),
    );
  }

  /** Adds few terms, and notes whether float32 adds them without rounding in any order. */
  private sum(terms: readonly number[]): number {
    const size = terms.reduce((total, term) => total + Math.abs(term), 0);
    const finest = Math.min(...terms.filter((term) => term !== 0).map(unitOf));
    // float32 holds neither as many digits nor as small and as large numbers as float64.
    if (size / finest > DIGITS || finest < LEAST || size > LARGEST) this.isExact = false;
    return terms.reduce((total, term) => total + term, 0);
  }
}

/** The largest power of 2 of which a number is a multiple. */
function unitOf(value: number): number {
  let unit = 2 ** Math.floor(Math.log2(Math.abs(value)));
  while (!Number.isInteger(value / unit)) unit /= 2;
  return unit;
}

function inputsOf(node: Node): number[] {
  switch (node.kind) {
    case 'vector':
      return [node.input];
    case 'ray':
      return [node.input, node.along];
    case 'linear':
      return [node.matrix];
    case 'bend':
    case 'extreme':
      return [node.shift];
    case 'inner':
      return [node.matrix, node.shift];
    default:
      return [];
  }
}

function renumber(node: Node, place: (node: number) => number, input: (input: number) => number): Node {
  const entries = Object.entries(node).map(([key, value]) => {
    if (key === 'of' || key === 'a' || key === 'b') return [key, place(value)];
    if (key === 'input' || key === 'along' || key === 'matrix' || key === 'shift') return [key, input(value)];
    return [key, value];
  });
  return Object.fromEntries(entries) as Node;
}
