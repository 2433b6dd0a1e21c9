import { createArgumentError } from '../arguments/check.ts';
import { type Checks, readOptions } from '../arguments/options.ts';
import { type GraphShape, NO_NODE, partsOfRow, readShape, signatureOf } from '../data/graphs/graph-samples.ts';
import { wellPosedWithNormalisation } from '../implicit/graphs/by-construction.ts';
import { GRAPH_OPTIONS, type GraphFixedPointOptions, solveOnGraph } from '../implicit/graphs/graph-fixed-point.ts';
import type { SparsePattern } from '../implicit/graphs/sparse-pattern.ts';
import { edgeProducts, sparseProduct } from '../implicit/graphs/sparse-product.ts';
import { implicitSettings } from '../implicit/root-options.ts';
import { CONTRACTION } from '../implicit/well-posed/contractive-matrix.ts';
import { readNonExpansive } from '../implicit/well-posed/non-expansive.ts';
import { checkMask } from '../solvers/activations.ts';
import { concat } from '../tensor/arrange.ts';
import type { Engine } from '../tensor/engine.ts';
import { engineOf } from '../tensor/engine-of.ts';
import { elementwise } from '../tensor/kernels.ts';
import { gatherAlong } from '../tensor/move-kernels.ts';
import { affine } from '../tensor/operations.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { asFirstLayer, checkConstraint, graphWeights } from './graph-weights.ts';
import { checkWidth, type Layer, uniformParameter } from './layer.ts';

/** Options of the layer `implicitGraph`; the options of its solves are those of `graphFixedPoint`. */
export interface ImplicitGraphOptions
  extends Omit<GraphFixedPointOptions, 'activation' | 'weights' | 'initial' | 'signal' | 'solver' | 'checkInputs'> {
  /** What the rows have room for, as `graphSamples` gives it. */
  shape: GraphShape;
  /** The numbers of the state of a node. */
  width: number;
  /**
   * What comes out. mean (default) or sum: that of the states of the nodes, [width]. none: the states themselves, [nodes·width], with zeros
   * for nodes that a graph does not have.
   */
  pooling?: 'mean' | 'sum' | 'none';
  /** φ, non-expansive component by component. Default relu. */
  activation?: GraphFixedPointOptions['activation'];
  /** κ between 0 and 1: ‖W‖∞ ≤ κ. Default 0.95. */
  contraction?: number;
  /** How ‖W‖∞ ≤ κ is kept: by scaling rows, or by projecting them after each step of the optimiser. Default parametrise. */
  constraint?: 'parametrise' | 'project';
  /** Forward solver, by name, since a checkpoint stores it; see `fixedPoint`. Default auto. */
  solver?: Extract<GraphFixedPointOptions['solver'], string>;
}

const { initial: _initial, signal: _signal, weights: _weights, checkInputs: _check, ...OF_SOLVES } = GRAPH_OPTIONS;
const OPTIONS: Checks<ImplicitGraphOptions> = {
  ...OF_SOLVES,
  shape: 0,
  width: 0,
  pooling: 0,
  contraction: CONTRACTION,
  constraint: 0,
};

/**
 * The states of the nodes of graphs: X = φ(WXA + ΩU + c) of implicit graph networks (Gu, Chang, Zhu, Sojoudi and El Ghaoui, "Implicit Graph
 * Neural Networks", 2020), for graph classification. A row that goes in is a whole graph with its features U, as `graphSamples` writes it, and a
 * batch may hold graphs of any size, each of which is solved by itself. A row of another origin, such as a standardised one, gives NaN. A is normalised as by `normalisedGraph`, so that λ_pf(|A|) ≤ 1: each X
 * exists, is unique, and has a gradient everywhere.
 *
 * The parameters are V [width, width], or W itself where it is projected, Ω [width, features] and c [width]. V starts
 * uniform on ±1/√width, W on ±κ/width, Ω and c on ±1/√features.
 *
 * To load a model with this layer, pass the layer to `modelFrom(checkpoint, engine, { layers: { implicitGraph } })`.
 * @returns a layer from rows of graphs to [batch, width], or to [batch, nodes·width]
 * @throws RangeError where an option is wrong, or where the activation is not non-expansive
 */
export function implicitGraph(given: ImplicitGraphOptions): Layer {
  const what = 'implicitGraph';
  const {
    shape: room,
    width,
    pooling = 'mean',
    activation = 'relu',
    contraction = 0.95,
    constraint = 'parametrise',
    ...solve
  } = readOptions(what, given, OPTIONS, 'shape');
  const shape = readShape(room, `${what}: shape`);
  checkWidth(what, 'width', width);
  if (pooling !== 'mean' && pooling !== 'sum' && pooling !== 'none') {
    throw createArgumentError(`${what}: pooling`, pooling, 'one of mean, sum, none');
  }
  checkConstraint(what, constraint, ['parametrise', 'project']);
  const { proximal } = readNonExpansive(activation);
  if (proximal) checkMask(proximal, width);
  implicitSettings('fixed point', solve);
  const weights = graphWeights(constraint, width, contraction * (1 - shape.edges * ROUNDING));
  const known = wellPosedWithNormalisation(contraction, width);
  return {
    kind: what,
    inputs: partsOfRow(shape).width,
    outputs: pooling === 'none' ? shape.nodes * width : width,
    ...asFirstLayer(what, 'those of graphSamples'),
    options: { ...solve, shape, width, pooling, activation, contraction, constraint },
    parameters: [
      ...weights.parameters,
      uniformParameter('Omega', [width, shape.features], shape.features),
      uniformParameter('c', [width], shape.features),
    ],
    ...(weights.project && { project: weights.project }),
    forward(x, parameters, { solves, signal }) {
      const engine = engineOf(`${what}: x`, x);
      const [Omega, c] = parameters.slice(1);
      const { U, mask, pattern, values } = readRows(what, engine, x, shape);
      const batch = x.shape[0];
      const states = solveOnGraph({
        what,
        engine,
        W: weights.make(parameters),
        B: affine(U, Omega, c).reshape([batch, shape.nodes, width]),
        pattern,
        weights: values,
        options: { ...solve, activation, signal },
        wellPosed: () => Promise.resolve(known),
      });
      solves.push(states.solve);
      const own = states.mul(mask);
      if (pooling === 'none') return own.reshape([batch, shape.nodes * width]);
      const sum = own.sum(1);
      return pooling === 'sum' ? sum : sum.div(mask.sum(1));
    },
  };
}

/** What normalisation in float32 may add to λ_pf(|A|), for each edge. */
const ROUNDING = 2 ** -23;

/**
 * Zeros in place of rows that are not of this shape, whose numbers must not be read as indices, [batch, width]; and a factor of each
 * row, [batch, 1]: 1, and NaN for these.
 */
function recogniseRows(engine: Engine, x: Tensor, shape: GraphShape): Tensor[] {
  const signature = signatureOf(shape);
  return engine.run(`rows of graphs ${signature}`, [x], ([rows], tracing) => {
    const found = gatherAlong(rows, 1, 1, {});
    const expected = tracing.constant({ kind: 'fill', value: signature }, [1]);
    const distance = elementwise('abs', [elementwise('subtract', [found, expected])]);
    const isOwn = elementwise('greater', [tracing.constant({ kind: 'fill', value: 0.5 }, [1]), distance]);
    return [elementwise('multiply', [rows, isOwn]), elementwise('divide', [isOwn, isOwn])];
  });
}

interface ReadRows {
  /** The features of all nodes of the batch, [batch·nodes, features]. */
  readonly U: Tensor;
  /** 1 for the nodes that a graph has, [batch, nodes, 1]. */
  readonly mask: Tensor;
  /** One pattern for the nodes of the whole batch, block-diagonal. */
  readonly pattern: SparsePattern;
  /** The normalised weights of its edges. */
  readonly values: Tensor;
}

/** Takes rows apart, and puts the edges of all graphs into one pattern. */
function readRows(what: string, engine: Engine, x: Tensor, shape: GraphShape): ReadRows {
  const { nodes, edges, features } = shape;
  const [batch] = x.shape;
  if (batch * Math.max(nodes, edges) >= NO_NODE) {
    throw new RangeError(
      `${what}: a batch of ${batch} graphs has room for ${batch * Math.max(nodes, edges)} nodes or edges; it must be below ${NO_NODE}`,
    );
  }
  const { starts, lengths } = partsOfRow(shape);
  const [own, isOwn] = recogniseRows(engine, x, shape);
  const part = (name: keyof typeof starts, rows = x): Tensor => rows.slice([0, starts[name]], [batch, lengths[name]]);
  const numbers = (count: number, step: number): Tensor =>
    engine.tensor(
      Float64Array.from({ length: count }, (_, at) => at * step),
      count === batch ? [batch, 1] : [count],
    );
  const [nodesBefore, edgesBefore] = [numbers(batch, nodes), numbers(batch, edges)];
  const shifted = (name: keyof typeof starts, before: Tensor): Tensor =>
    part(name, own)
      .add(before)
      .reshape([batch * lengths[name]]);
  const end = engine.tensor([batch * edges]);
  const pattern: SparsePattern = {
    from: shifted('from', nodesBefore),
    into: shifted('into', nodesBefore),
    byTarget: numbers(batch * edges, 1).reshape([batch * edges]),
    targetStarts: joined(shifted('targetStarts', edgesBefore), end),
    bySource: shifted('bySource', edgesBefore),
    sourceStarts: joined(shifted('sourceStarts', edgesBefore), end),
  };
  // The first node is one that each graph has.
  const weights = part('weights')
    .mul(part('mask', own).slice([0, 0], [batch, 1]))
    .reshape([batch * edges]);
  return {
    U: part('features').reshape([batch * nodes, features]),
    mask: part('mask', own).mul(isOwn).reshape([batch, nodes, 1]),
    pattern,
    values: normalised(pattern, weights, [batch, nodes, 1]),
  };
}

const joined = (starts: Tensor, end: Tensor): Tensor => concat([starts, end]);

/** D^{−½}AD^{−½} as `normalisedGraph` has it. */
function normalised(pattern: SparsePattern, weights: Tensor, shape: readonly number[]): Tensor {
  const sizes = weights.abs();
  const ones = weights.context.upload(new Float64Array(shape.reduce((a, b) => a * b)).fill(1), shape, weights);
  const received = sparseProduct(pattern, ones, sizes);
  const sent = sparseProduct(pattern, ones, sizes, true);
  const least = weights.context.upload([LEAST_DEGREE], [1, 1, 1], weights);
  const roots = received.maximum(sent).maximum(least).sqrt();
  const factors = ones.div(roots);
  return weights.mul(edgeProducts(pattern, factors, factors));
}

/** Keeps nodes without edges from dividing by 0. A greater degree than a node has only makes weights smaller. */
const LEAST_DEGREE = 1e-30;
