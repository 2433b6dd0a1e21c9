/**
 * The derivatives of a composed problem at its solution, for a given slope at each kink: by tangents, without the
 * library.
 */
import { clarke, clarkeShare } from './bends.ts';
import { isInner, type Node, type Problem, rowOf, type Table } from './graph.ts';

/** One number in the result of an operation with kinks. */
export interface Unit {
  readonly node: number;
  /** Undefined where all samples share the number. */
  readonly sample: number | undefined;
  readonly feature: number;
  readonly operation: string;
  readonly argument: number;
  /** Clarke's interval of the slope; for maximum and minimum, of the first operand's share. */
  readonly interval: readonly [low: number, high: number];
}

type KinkedNode = Extract<Node, { kind: 'bend' | 'extreme' | 'inner' }>;

const isKinkedNode = (node: Node): node is KinkedNode =>
  node.kind === 'bend' || node.kind === 'extreme' || node.kind === 'inner';

/** Every unit of every operation with kinks, whether at a kink or not. */
export function unitsOf({ nodes, values, inputs, batch, n }: Problem): Unit[] {
  return nodes.flatMap((node, place) => {
    if (!isKinkedNode(node)) return [];
    const shift = inputs[node.shift].values;
    return values[place].flatMap((row, r) =>
      row.map((_, feature): Unit => {
        const at = { node: place, sample: values[place].length === batch ? r : undefined, feature };
        const moved = shift[r * n + feature];
        if (node.kind === 'extreme') {
          const difference = rowOf(values[node.a], r)[feature] + moved - rowOf(values[node.b], r)[feature];
          return { ...at, operation: node.name, argument: difference, interval: clarkeShare(node.name, difference) };
        }
        const own =
          node.kind === 'inner' ? product(matrixOf(inputs[node.matrix].values, n, r), values[place][r])[feature] : 0;
        const argument = own + rowOf(values[node.of], r)[feature] + moved;
        return { ...at, operation: node.bend.name, argument, interval: clarke(node.bend, argument) };
      }),
    );
  });
}

export const isKink = ({ interval: [low, high] }: Unit): boolean => low !== high;

/** The slope of each unit of each node with kinks, by rows. */
export type Slopes = ReadonlyMap<number, Table>;

export function slopesWith(problem: Problem, units: readonly Unit[], slopeOf: (unit: Unit) => number): Slopes {
  const slopes = new Map<number, number[][]>();
  for (const unit of units) {
    const table = slopes.get(unit.node) ?? problem.values[unit.node].map(() => []);
    table[unit.sample ?? 0][unit.feature] = slopeOf(unit);
    slopes.set(unit.node, table);
  }
  return slopes;
}

/** The variable of a derivative: one unknown, or one number of an input. */
type Direction =
  | { readonly unknown: number; readonly sample: number; readonly feature: number }
  | { readonly input: number; readonly at: number };

/** The number of unknowns of a sample: z, then the solutions of inner problems. */
export const unknownsOf = ({ nodes, n }: Problem): number => n * (1 + nodes.filter(isInner).length);

/** ∂(all equations)/∂(all unknowns), sample by sample, with z and F first. */
export function jacobian(problem: Problem, slopes: Slopes): number[][] {
  const { n, batch } = problem;
  const width = unknownsOf(problem);
  const columns: number[][] = [];
  for (let sample = 0; sample < batch; sample++) {
    for (let at = 0; at < width; at++) {
      const direction = { unknown: Math.floor(at / n), sample, feature: at % n };
      columns.push(computeTangents(problem, slopes, direction));
    }
  }
  return columns[0].map((_, row) => columns.map((column) => column[row]));
}

/** ∂(all equations)/∂(a number of an input). */
export const inputColumn = (problem: Problem, slopes: Slopes, input: number, at: number): number[] =>
  computeTangents(problem, slopes, { input, at });

function computeTangents(problem: Problem, slopes: Slopes, direction: Direction): number[] {
  const { n, batch, nodes, inputs, values, form, own, factor } = problem;
  const zeros = (rows: number): number[][] => Array.from({ length: rows }, () => new Array<number>(n).fill(0));
  const ofUnknown = (unknown: number, rows: number): number[][] => {
    const table = zeros(rows);
    if ('unknown' in direction && direction.unknown === unknown) table[direction.sample][direction.feature] = 1;
    return table;
  };
  const change = (input: number, at: number): number =>
    'input' in direction && direction.input === input && direction.at === at ? 1 : 0;
  const changes = (input: number): number[] => inputs[input].values.map((_, at) => change(input, at));
  const tangents: Table[] = [];
  const residuals: Table[] = [];
  let inner = 0;
  for (const [place, node] of nodes.entries()) {
    const value = values[place];
    const each = (f: (row: number, feature: number) => number): number[][] =>
      value.map((row, r) => row.map((_, feature) => f(r, feature)));
    const at = (argument: number, r: number, feature: number): number => rowOf(tangents[argument], r)[feature];
    const tangentOf = (): number[][] => {
      switch (node.kind) {
        case 'unknown':
          return ofUnknown(0, batch);
        case 'vector': {
          const own = changes(node.input);
          return each((r, feature) => own[r * n + feature]);
        }
        case 'ray': {
          const own = changes(node.along);
          const [number] = inputs[node.input].values;
          const along = inputs[node.along].values;
          return each((r, j) => change(node.input, 0) * along[r * n + j] + number * own[r * n + j]);
        }
        case 'linear': {
          const matrix = inputs[node.matrix].values;
          const own = changes(node.matrix);
          const rest = 2 ** -node.exponent;
          return value.map((_, r) => {
            const first = product(matrixOf(matrix, n, r), rowOf(tangents[node.of], r));
            const second = product(matrixOf(own, n, r), rowOf(values[node.of], r));
            return first.map((x, j) => rest * (x + second[j]));
          });
        }
        case 'bend': {
          const own = changes(node.shift);
          const slope = slopes.get(place) as Table;
          return each((r, j) => slope[r][j] * (at(node.of, r, j) + own[r * n + j]));
        }
        case 'extreme': {
          const own = changes(node.shift);
          const share = slopes.get(place) as Table;
          return each((r, j) => {
            const first = at(node.a, r, j) + own[r * n + j];
            return share[r][j] * first + (1 - share[r][j]) * at(node.b, r, j);
          });
        }
        case 'sum':
          return each((r, j) => node.factors[0] * at(node.a, r, j) + node.factors[1] * at(node.b, r, j));
        case 'product':
          return each(
            (r, j) => at(node.a, r, j) * rowOf(values[node.b], r)[j] + rowOf(values[node.a], r)[j] * at(node.b, r, j),
          );
        case 'mix':
          return node.order.map((row) => [...tangents[node.of][row]]);
        case 'inner': {
          inner += 1;
          const y = ofUnknown(inner, batch);
          const own = changes(node.shift);
          const ownMatrix = changes(node.matrix);
          const slope = slopes.get(place) as Table;
          residuals.push(
            y.map((row, r) => {
              const first = product(matrixOf(inputs[node.matrix].values, n, r), row);
              const second = product(matrixOf(ownMatrix, n, r), value[r]);
              return row.map(
                (entry, j) => entry - slope[r][j] * (first[j] + second[j] + at(node.of, r, j) + own[r * n + j]),
              );
            }),
          );
          return y;
        }
      }
    };
    tangents.push(tangentOf());
  }
  const shift = changes(inputs.length - 1);
  const isRoot = form === 'root';
  const last = tangents[tangents.length - 1];
  const F = tangents[0].map((row, r) =>
    row.map((z, j) => {
      const image = factor * rowOf(last, r)[j] + shift[r * n + j];
      return isRoot ? own * z + image : z - image;
    }),
  );
  return F.flatMap((row, r) => [...row, ...residuals.flatMap((table) => table[r])]);
}

/** The matrix of a sample in a table that has one matrix for each sample, or one for all. */
function matrixOf(entries: readonly number[], n: number, sample: number): readonly number[] {
  return entries.length === n * n ? entries : entries.slice(sample * n * n, (sample + 1) * n * n);
}

function product(matrix: readonly number[], x: readonly number[]): number[] {
  return x.map((_, i) => x.reduce((sum, entry, j) => sum + matrix[i * x.length + j] * entry, 0));
}
