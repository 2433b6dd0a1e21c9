/** A composed problem as a function of tensors, and its solution by the library. */
import { Tape } from '../../../src/autodiff/tape.ts';
import type { ImplicitCertificate } from '../../../src/implicit/certificate.ts';
import type { CertifyOptions } from '../../../src/implicit/certify-options.ts';
import { fixedPoint, type ImplicitSolution, root } from '../../../src/implicit/root.ts';
import type { FixedPointOptions, RootOptions } from '../../../src/implicit/root-options.ts';
import type { ImplicitFunction } from '../../../src/implicit/system.ts';
import type { Engine } from '../../../src/tensor/engine.ts';
import type { Scope } from '../../../src/tensor/scope.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { applyBend } from './bends.ts';
import type { Unit } from './derivatives.ts';
import type { Node, Problem } from './graph.ts';
import { LAYOUTS, type Layout } from './layouts.ts';

/** Options of the inner problems. */
interface WrittenOptions {
  /**
   * `given` passes the inner problems their planted solution, which is right only at the solution of the whole.
   * Default: given.
   */
  readonly inner?: Partial<FixedPointOptions>;
  /** Default: the layouts of the problem. */
  readonly isFlat?: boolean;
}

const FLAT = LAYOUTS[0];

/** The function of the unknown, of shape [batch, n] or any other, and of the inputs. */
export function writeFunction(problem: Problem, { inner = {}, isFlat = false }: WrittenOptions = {}): ImplicitFunction {
  const { nodes, values, batch, n, own, factor } = problem;
  const layoutOf = (node: Node): Layout => (isFlat ? FLAT : LAYOUTS[node.layout]);
  return (unknown, ...inputs) => {
    const z = unknown.reshape([batch, n]);
    const made: Tensor[] = [];
    const asRows = (input: number): Tensor => {
      const tensor = inputs[input];
      return tensor.shape.length === 1 ? tensor.reshape([1, n]) : tensor;
    };
    for (const [place, node] of nodes.entries()) {
      const rows = values[place].length;
      /**
       * Applies an elementwise function in the layout of the node. Operands that all samples share are repeated where
       * others are not shared.
       */
      const elementwise = (f: (...pieces: Tensor[]) => Tensor, ...operands: Tensor[]): Tensor => {
        const { pack, unpack } = layoutOf(node);
        const packed = operands.map((operand) => pack(operand.shape[0] === rows ? operand : repeatRows(operand, rows)));
        return unpack(
          packed[0].map((_, piece) => f(...packed.map((pieces) => pieces[piece]))),
          rows,
          n,
        );
      };
      const result = (): Tensor => {
        switch (node.kind) {
          case 'unknown':
            return z;
          case 'vector':
            return asRows(node.input);
          case 'ray':
            return asRows(node.along).mul(inputs[node.input]);
          case 'linear':
            return linear(made[node.of], inputs[node.matrix], layoutOf(node), n).mul(2 ** -node.exponent);
          case 'bend':
            return elementwise((x, shift) => applyBend(node.bend, x.add(shift)), made[node.of], asRows(node.shift));
          case 'extreme':
            return elementwise(
              (a, shift, b) => a.add(shift)[node.name](b),
              ...[made[node.a], asRows(node.shift), made[node.b]],
            );
          case 'sum':
            return elementwise(
              (a, b) => a.mul(node.factors[0]).add(b.mul(node.factors[1])),
              made[node.a],
              made[node.b],
            );
          case 'product':
            return elementwise((a, b) => a.mul(b), made[node.a], made[node.b]);
          case 'mix':
            return made[node.of].gather(node.order);
          case 'inner': {
            const x = made[node.of];
            const start = x.context.upload(values[place].flat(), [rows, n], x);
            return fixedPoint(
              (y, given, matrix, shift) =>
                applyBend(node.bend, y.matmul(matrix, { transposeB: true }).add(given).add(shift)),
              {
                unknown: start,
                inputs: [x, inputs[node.matrix], asRows(node.shift)],
                solver: 'given',
                tolerance: 1e-6,
                ...inner,
              },
            );
          }
        }
      };
      made.push(result());
    }
    const moved = made[made.length - 1].mul(factor).add(asRows(inputs.length - 1));
    return (own === 0 ? moved : z.mul(own).add(moved)).reshape(unknown.shape);
  };
}

function repeatRows(x: Tensor, rows: number): Tensor {
  return x.gather(new Array<number>(rows).fill(0));
}

/** Rows times Wᵀ, or W times columns; elementwise products and sums where each sample has its own matrix. */
function linear(x: Tensor, matrix: Tensor, { name }: Layout, n: number): Tensor {
  if (matrix.shape.length === 3) {
    const [rows] = matrix.shape;
    return x.reshape([rows, 1, n]).mul(matrix).sum(2);
  }
  if (name === 'features first') return matrix.matmul(x, { transposeB: true }).transpose();
  if (name === 'one axis') return matrix.matmul(x.transpose()).transpose();
  return x.matmul(matrix, { transposeB: true });
}

/** The shape of the unknown, with samples first. */
export type UnknownShape = (problem: Problem) => readonly number[];

const flatUnknown: UnknownShape = ({ batch, n }) => [batch, n];

interface SolvedOptions extends WrittenOptions {
  readonly options?: Partial<FixedPointOptions>;
  readonly shape?: UnknownShape;
  /** Default: the planted solution. */
  readonly start?: readonly number[];
  /** Used instead of start and shape; the caller frees it. */
  readonly unknown?: Tensor;
}

export const inputTensors = ({ tensor }: Scope, { inputs }: Problem): Tensor[] =>
  inputs.map(({ values, shape }) => tensor(values, shape));

/** @param inputs of the problem, which may be on a tape */
export function solveProblem(
  engine: Engine,
  problem: Problem,
  inputs: readonly Tensor[],
  { options, shape = flatUnknown, start = problem.values[0].flat(), unknown, ...how }: SolvedOptions = {},
): ImplicitSolution {
  const f = writeFunction(problem, how);
  const settings: FixedPointOptions = {
    unknown: unknown ?? inputs[0].context.upload(start, shape(problem), inputs[0]),
    inputs,
    coupled: problem.isCoupled,
    solver: 'given',
    tolerance: engine.epsilon > 1e-10 ? 1e-5 : 1e-9,
    backwardTolerance: engine.epsilon > 1e-10 ? 1e-6 : 1e-13,
    ...options,
  };
  return problem.form === 'root' ? root(f, settings as RootOptions) : fixedPoint(f, settings);
}

/** The gradients of Σ v·z for every input. */
export async function gradientsOf(
  engine: Engine,
  problem: Problem,
  cotangent: readonly number[],
  how: SolvedOptions = {},
): Promise<{ gradients: number[][]; solution: ImplicitSolution }> {
  return engine.tidy(async (scope) => {
    const tape = new Tape();
    try {
      const watched = inputTensors(scope, problem).map((input) => tape.watch(input));
      const solution = solveProblem(engine, problem, watched, how);
      const v = scope.tensor(cotangent, solution.shape);
      const found = tape.pullback(solution, watched, v);
      const gradients = await Promise.all(found.map(async (gradient) => Array.from(await gradient.data())));
      return { gradients, solution };
    } finally {
      tape.dispose();
    }
  });
}

/** At the planted solution, unless the options have another start. */
export function certifyProblem(
  engine: Engine,
  problem: Problem,
  how: SolvedOptions = {},
  options: CertifyOptions = {},
): Promise<ImplicitCertificate> {
  return engine.tidy((scope) =>
    solveProblem(engine, problem, inputTensors(scope, problem), how).solve.certify(options),
  );
}

/**
 * The arguments of a `selection` function for a unit, as a key: the index of the call, the sample, and the index in it.
 */
export function keyOfUnit({ nodes, values, n, batch }: Problem, unit: Unit): string {
  let place = 0;
  for (const [index, node] of nodes.entries()) {
    if (node.kind !== 'bend' && node.kind !== 'extreme') continue;
    const rows = values[index].length;
    const { placeOf } = LAYOUTS[node.layout];
    const pieces = new Set(values[index].flatMap((row, r) => row.map((_, j) => placeOf(r, j, rows, n).piece)));
    if (index === unit.node) {
      const at = placeOf(unit.sample ?? 0, unit.feature, rows, n);
      return `${place + at.piece} ${batch === 1 ? 0 : unit.sample} ${at.index}`;
    }
    place += pieces.size;
  }
  return 'none';
}
