import { checkFinite, createArgumentError, NUMBERS } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { GRAPH, type Graph } from '../data/graphs/graph.ts';
import { monotoneOnGraph, wellPosedOnGraph } from '../implicit/graphs/by-construction.ts';
import { boundGraph, isSymmetric } from '../implicit/graphs/graph-bound.ts';
import { GRAPH_OPTIONS, type GraphFixedPointOptions, solveOnGraph } from '../implicit/graphs/graph-fixed-point.ts';
import { uploadPattern, uploadWeights } from '../implicit/graphs/sparse-pattern.ts';
import { implicitSettings } from '../implicit/root-options.ts';
import { readNonExpansive } from '../implicit/well-posed/non-expansive.ts';
import { checkMask } from '../solvers/activations.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { elementwise, reduceRows } from '../tensor/kernels.ts';
import { affine } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { asFirstLayer, checkConstraint, type GraphConstraint, graphWeights } from './graph-weights.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

/** Options of the layer `implicitNodes`; the options of its solves are those of `graphFixedPoint`. */
export interface ImplicitNodesOptions
  extends Omit<GraphFixedPointOptions, 'activation' | 'weights' | 'initial' | 'signal' | 'solver' | 'checkInputs'> {
  /** The graph, with its weights as they are: `normalisedGraph` makes λ_pf(|A|) at most 1. */
  graph: Graph;
  /** nodes × inputs numbers, row-major: the features U of each node. */
  features: ArrayLike<number>;
  /** The numbers of the state of a node, and so of a row that comes out. */
  width: number;
  /** φ, non-expansive component by component. Default relu. */
  activation?: GraphFixedPointOptions['activation'];
  /**
   * κ: ‖W‖∞ ≤ κ/λ_pf(|A|), between 0 and 1. On a graph without cycles, where every W is well posed, ‖W‖∞ ≤ κ for any κ > 0. Default
   * 0.95.
   */
  contraction?: number;
  /**
   * How W is kept well posed. parametrise (default): its rows are scaled. project: after each step of the optimiser its rows are projected
   * on l1 balls; `train` refuses this with `theorem3`. monotone: the eigenvalues of (W + Wᵀ)/2 are in ±κ/λ_pf(|A|), and the
   * rest of W is free; the graph must be undirected and the activation nondecreasing.
   */
  constraint?: GraphConstraint;
  /** Forward solver, by name, since a checkpoint stores it; see `fixedPoint`. Default auto. */
  solver?: Extract<GraphFixedPointOptions['solver'], string>;
}

const { initial: _initial, signal: _signal, weights: _weights, checkInputs: _check, ...OF_SOLVES } = GRAPH_OPTIONS;
const OPTIONS: Checks<ImplicitNodesOptions> = {
  ...OF_SOLVES,
  graph: GRAPH,
  features: NUMBERS,
  width: 0,
  contraction: 0,
  constraint: 0,
};

/** More numbers than this are not made to find the rows of the states. */
const LARGEST_CHOICE = 2 ** 24;

/**
 * The states of nodes of one graph: X = φ(WXA + ΩU + c) of implicit graph networks (Gu, Chang, Zhu, Sojoudi and El Ghaoui, "Implicit
 * Graph Neural Networks", 2020), for node classification. A row that goes in is the number of a node, and its state comes out, so that nodes
 * are samples (see `nodeSamples`): those of a training set have labels, and all nodes take part in each solve. A number that no node has
 * gives NaN. Each X exists, is unique, and has a gradient everywhere.
 *
 * The parameters are V [width, width], or W itself where it is projected, or S and R [width, width] of a monotone W; Ω
 * [width, inputs] and c [width]. V, S and R start uniform on ±1/√width, W on ±κ/(λ_pf·width), Ω and c on ±1/√inputs.
 *
 * Checkpoints hold neither the graph nor the features. To load one, give them:
 * `modelFrom(checkpoint, engine, { layers: { implicitNodes: (options) => implicitNodes({ ...options, graph, features }) } })`.
 * @returns a layer from [batch, 1] to [batch, width]
 * @throws RangeError where an option is wrong, or where the activation is not non-expansive
 */
export function implicitNodes(given: ImplicitNodesOptions): Layer {
  const what = 'implicitNodes';
  const {
    graph,
    features,
    width,
    activation = 'relu',
    contraction = 0.95,
    constraint = 'parametrise',
    ...solve
  } = readOptions(what, given, OPTIONS, 'graph', 'features');
  checkWidth(what, 'width', width);
  checkConstraint(what, constraint, ['parametrise', 'project', 'monotone']);
  const inputs = readInputs(what, features, graph);
  checkFinite(`${what}: features`, features);
  const { proximal, isMonotone } = readNonExpansive(activation);
  if (proximal) checkMask(proximal, width);
  implicitSettings('fixed point', solve);
  const bound = boundGraph(graph, graph.perronVector);
  checkContraction(what, contraction, bound.order !== undefined && constraint !== 'monotone');
  if (constraint === 'monotone') checkMonotone(what, graph, isMonotone);
  const weights = graphWeights(constraint, width, contraction / (bound.bound || 1));
  const known =
    constraint === 'monotone' ? monotoneOnGraph(contraction) : wellPosedOnGraph(graph, bound, contraction, width);
  const own = weights.parameters.length;
  return {
    kind: what,
    inputs: 1,
    outputs: width,
    ...asFirstLayer(what, 'numbers of nodes'),
    options: { ...solve, width, activation, contraction, constraint },
    parameters: [
      ...weights.parameters,
      uniformParameter('Omega', [width, inputs], inputs),
      uniformParameter('c', [width], inputs),
    ],
    ...(weights.project && { project: weights.project }),
    forward(x, parameters, { solves, signal }) {
      const engine = engineOf(`${what}: x`, x);
      const [Omega, c] = parameters.slice(own);
      const states = solveOnGraph({
        what,
        engine,
        W: weights.make(parameters),
        B: affine(engine.tensor(features, [graph.nodes, inputs]), Omega, c),
        pattern: uploadPattern(engine, graph),
        weights: uploadWeights(engine, graph),
        options: { ...solve, activation, signal },
        wellPosed: () => Promise.resolve(known),
      });
      solves.push(states.solve);
      return choose(what, x, graph.nodes).matmul(states);
    },
  };
}

/** A row for each node that is asked for, with 1 at its number and 0 elsewhere; a number that is no node gets NaN. */
function choose(what: string, x: Tensor, nodes: number): Tensor {
  const [batch] = x.shape;
  if (batch * nodes > LARGEST_CHOICE) {
    throw new RangeError(
      `${what}: a batch of ${batch} rows is too large for ${nodes} nodes; it must have at most ${Math.floor(LARGEST_CHOICE / nodes)} rows`,
    );
  }
  const engine = engineOf(`${what}: x`, x);
  const [chosen] = engine.run(`rows of ${nodes} nodes`, [x], ([numbers], tracing) => {
    const all = tracing.constant({ kind: 'values', values: Array.from({ length: nodes }, (_, node) => node) }, [
      1,
      nodes,
    ]);
    const distance = elementwise('abs', [elementwise('subtract', [numbers, all])]);
    const isNode = elementwise('greater', [tracing.constant({ kind: 'fill', value: 0.5 }, [1]), distance]);
    return [elementwise('divide', [isNode, tracing.alias(reduceRows('sum', [isNode]), [batch, 1])])];
  });
  return chosen;
}

/** @returns numbers of a node */
function readInputs(what: string, features: ArrayLike<number>, { nodes }: Graph): number {
  const inputs = features.length / nodes;
  if (Number.isInteger(inputs) && inputs > 0) return inputs;
  throw new RangeError(
    `${what}: features has ${features.length} numbers; it must have the same count, at least 1, for each of ${nodes} nodes`,
  );
}

function checkContraction(what: string, contraction: unknown, isFree: boolean): void {
  const isAllowed = typeof contraction === 'number' && contraction > 0 && contraction < (isFree ? Infinity : 1);
  if (!isAllowed) {
    throw createArgumentError(`${what}: contraction`, contraction, isFree ? 'a finite number > 0' : 'between 0 and 1');
  }
}

function checkMonotone(what: string, graph: Graph, isMonotone: boolean): void {
  if (!isMonotone)
    throw new RangeError(`${what}: activation: it decreases; it must be nondecreasing where constraint is monotone`);
  if (isSymmetric(graph)) return;
  throw new RangeError(
    `${what}: graph: its adjacency matrix is not symmetric, as undirectedGraph makes it; it must be where constraint is monotone`,
  );
}
