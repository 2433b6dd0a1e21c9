/** X = φ(WXA + B) of implicit graph networks, well posed by W and the graph (Gu et al. 2020). */
import { BOOLEAN } from '../../arguments/check.ts';
import { type Checks, readOptions } from '../../arguments/options.ts';
import { zerosLike } from '../../autodiff/derivatives.ts';
import { runInTurns } from '../../backends/event-loop.ts';
import { GRAPH, type Graph } from '../../data/graphs/graph.ts';
import { checkMask } from '../../solvers/activations.ts';
import type { Engine } from '../../tensor/engine.ts';
import { engineOf } from '../../tensor/engine-of.ts';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.ts';
import { checkTogether, TENSOR, type Tensor } from '../../tensor/tensor.ts';
import { fetchPartOnce } from '../fetch-part.ts';
import { type ImplicitSolution, solveWellPosed } from '../root.ts';
import { checkedEngine, type FixedPointOptions, IMPLICIT_OPTIONS, implicitSettings } from '../root-options.ts';
import { unlessAborted } from '../run-limits.ts';
import { type NonExpansiveActivation, readNonExpansive } from '../well-posed/non-expansive.ts';
import type { WellPosed } from '../well-posed/verdict.ts';
import { partsOf, patternFrom, type SparsePattern, uploadPattern, uploadWeights } from './sparse-pattern.ts';
import { sparseProduct } from './sparse-product.ts';

/** The options of `graphFixedPoint`: those of `fixedPoint`, with an activation and the weights of edges. */
export interface GraphFixedPointOptions extends Omit<FixedPointOptions, 'unknown' | 'inputs' | 'coupled'> {
  /** φ, non-expansive component by component: |φ(s) − φ(t)| ≤ |s − t|. By name, or with parameters; a mask is over features. */
  activation: NonExpansiveActivation;
  /** One number for each edge in place of the weights of the graph, to differentiate with respect to them. */
  weights?: Tensor | undefined;
  /** The start of the iteration, of the shape of B. Default: zeros. */
  initial?: Tensor | undefined;
  /**
   * Whether W, and weights given as a tensor, are read back and examined, on the host in float64 beside the solve. Without it nothing
   * is certified by them, and no error is bounded. Default true.
   */
  checkInputs?: boolean;
}

const { unknown: _unknown, inputs: _inputs, coupled: _coupled, ...OF_SOLVE } = IMPLICIT_OPTIONS;
export const GRAPH_OPTIONS: Checks<GraphFixedPointOptions> = {
  ...OF_SOLVE,
  activation: 0,
  weights: TENSOR,
  initial: TENSOR,
  checkInputs: BOOLEAN,
};

/**
 * Solves X = φ(WXA + B) for the states X of the nodes of a graph, and differentiates them with respect to W, B and the weights
 * (Gu, Chang, Zhu, Sojoudi and El Ghaoui, "Implicit Graph Neural Networks", 2020). Here rows are nodes: with Z = Xᵀ, the equation is
 * Z = φ(AᵀZWᵀ + Bᵀ), so that each node receives W times the states at the sources of its edges.
 *
 * For every B there is exactly one solution, and a gradient, where φ is non-expansive component by component and
 * λ_pf(|W|)·λ_pf(|A|) < 1, as it is with ‖W‖∞ < 1/λ_pf(|A|). λ_pf(|A|) of a graph without cycles is 0: every W is allowed there, though
 * what reaches a node over ℓ edges may have grown by ‖W‖∞^ℓ. Or where φ is nondecreasing besides and I − Aᵀ⊗W is monotone. None of the two
 * implies the other; both are tried, and the certificate of each gradient names the one that holds. Where none does it is
 * `unknown`, and the solve may fail.
 *
 * Where one of them holds, each sample of the report has an `errorBound`. Returns at once. Everything else is as for `fixedPoint`.
 * @param W [features, features]
 * @param B [nodes, features], or [batch, nodes, features] for samples on the same graph, each of which is solved by itself
 * @returns the states, of the shape of B
 * @throws RangeError where a shape or an option is wrong, or where the activation is not non-expansive, as gelu and swish are
 *   not; the signal's reason where the signal is aborted
 */
export function graphFixedPoint(W: Tensor, graph: Graph, B: Tensor, given: GraphFixedPointOptions): ImplicitSolution {
  const what = 'graphFixedPoint';
  const options = readOptions(what, given, GRAPH_OPTIONS, 'activation');
  GRAPH(`${what}: graph`, graph);
  checkShapes(what, W, graph, B, options);
  const engine = engineOf(`${what}: B`, B);
  return engine.runOrFree(() => {
    const pattern = uploadPattern(engine, graph);
    const weights = options.weights ?? uploadWeights(engine, graph);
    const { checkInputs = true, ...solve } = options;
    const wellPosed = checkInputs ? () => examineLate(graph, W, solve) : undefined;
    const own = options.weights ? partsOf(pattern) : [weights, ...partsOf(pattern)];
    return owning(solveOnGraph({ what, engine, W, B, pattern, weights, options: solve, wellPosed }), own);
  });
}

/** An equation on a graph, with everything in tensors. */
export interface GraphEquation {
  readonly what: string;
  readonly engine: Engine;
  readonly W: Tensor;
  /** [nodes, features], or [batch, nodes, features]. */
  readonly B: Tensor;
  readonly pattern: SparsePattern;
  readonly weights: Tensor;
  readonly options: Omit<GraphFixedPointOptions, 'weights' | 'checkInputs'>;
  /** Finds what is known of the equation; called once the options have been checked. */
  readonly wellPosed: (() => Promise<WellPosed>) | undefined;
}

/** `graphFixedPoint` for layers. */
export function solveOnGraph(equation: GraphEquation): ImplicitSolution {
  const { what, engine, W, B, pattern, weights, options } = equation;
  const { activation, initial, ...solve } = options;
  const { apply, proximal } = readNonExpansive(activation);
  const features = W.shape[0];
  if (proximal) checkMask(proximal, features);
  const settings = implicitSettings('fixed point', { ...solve, coupled: B.shape.length === 2 });
  return engine.runOrFree(() => {
    const unknown = initial ?? zerosLike(B);
    const inputs = [W, B, weights, ...partsOf(pattern)];
    checkedEngine(what, unknown, inputs);
    const wellPosed = equation.wellPosed?.();
    wellPosed?.catch(() => {}); // reported through the report
    const f = (Z: Tensor, matrix: Tensor, bias: Tensor, values: Tensor, ...parts: Tensor[]): Tensor => {
      const received = sparseProduct(patternFrom(parts), Z, values);
      // Nodes of all samples are rows of one product.
      const rows = received.reshape([Z.size / features, features]).matmul(matrix, { transposeB: true });
      return apply(rows.add(bias.reshape(rows.shape))).reshape(Z.shape);
    };
    const solution = solveWellPosed({ what, f, engine, unknown, inputs, settings, ...(wellPosed && { wellPosed }) });
    if (unknown !== initial) unknown.dispose();
    return solution;
  });
}

/** The solution, which frees these tensors with itself. */
export function owning(solution: ImplicitSolution, tensors: readonly Tensor[]): ImplicitSolution {
  const dispose = solution.dispose.bind(solution);
  return Object.assign(solution, {
    dispose() {
      dispose();
      for (const tensor of tensors) tensor.dispose();
    },
  });
}

/** Loaded late: a layer that is well posed by construction never needs it. */
const examination = fetchPartOnce('what examines the network', () => import('./examine.ts'));

async function examineLate(
  graph: Graph,
  W: Tensor,
  { weights, activation, signal }: Pick<GraphFixedPointOptions, 'weights' | 'activation' | 'signal'>,
): Promise<WellPosed> {
  const { isMonotone } = readNonExpansive(activation);
  const reads = Promise.all([W.data(), weights?.data(), examination()]);
  const [matrix, own, { examineGraph }] = await unlessAborted(reads, signal);
  const entries = own ? { ...graph, weights: Float64Array.from(own).subarray(0, graph.weights.length) } : graph;
  const examined = examineGraph(entries, matrix, W.shape[0], isMonotone, graph.perronVector);
  return unlessAborted(runInTurns(examined, signal), signal);
}

/** @throws RangeError where shapes do not fit */
function checkShapes(
  what: string,
  W: Tensor,
  graph: Graph,
  B: Tensor,
  { weights, initial }: Pick<GraphFixedPointOptions, 'weights' | 'initial'>,
): void {
  TENSOR(`${what}: W`, W);
  checkStates(what, 'B', B, graph);
  checkTogether(what, { W, B, weights, initial });
  const features = B.shape[B.shape.length - 1];
  checkIs(what, 'W', W, [features, features], `B of shape ${formatShape(B.shape)} needs`);
  if (weights) checkWeights(what, weights, graph);
  if (initial) checkIs(what, 'initial', initial, B.shape, 'it must be that of B,');
}

/** Checks one number for each edge. */
export function checkWeights(what: string, weights: Tensor, graph: Graph): void {
  checkIs(what, 'weights', weights, [Math.max(1, graph.weights.length)], 'the graph needs one for each edge,');
}

/** Checks a tensor with a row for each node. */
export function checkStates(what: string, name: string, states: Tensor, { nodes }: Graph): void {
  TENSOR(`${what}: ${name}`, states);
  const { shape } = states;
  if ((shape.length === 2 || shape.length === 3) && shape[shape.length - 2] === nodes) return;
  throw new RangeError(
    `${what}: ${name} has the shape ${formatShape(shape)}; a graph of ${nodes} nodes needs [${nodes}, features] or [batch, ${nodes}, features]`,
  );
}

function checkIs(what: string, name: string, { shape }: Tensor, needed: Shape, why: string): void {
  if (sameShape(shape, needed)) return;
  throw new RangeError(`${what}: ${name} has the shape ${formatShape(shape)}; ${why} ${formatShape(needed)}`);
}
