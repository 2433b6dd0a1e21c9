/**
 * The objects with which calls are made: tensors of two engines, a model, tables. Created once, and used by every case.
 */
import * as data from '../../../src/data/index.ts';
import * as equilibra from '../../../src/index.ts';

const { open, sequential, dense, heldOut, root, fixedPoint, lasso, monotoneFixedPoint, monotoneMap, quadraticProgram } =
  equilibra;

export type World = Awaited<ReturnType<typeof makeWorld>>;

const TABLE = 'a,b,kind\n1,2,x\n2,1,y\n3,5,x\n4,4,y\n5,7,x\n6,5,y\n';

export async function makeWorld() {
  const [engine, other] = await Promise.all([open({ backend: 'cpu' }), open({ backend: 'cpu' })]);
  const model = sequential(dense({ inputs: 2, outputs: 2 }));
  model.initialise(engine);
  const samples = {
    inputs: Float32Array.of(0, 1, 1, 0, 0.5, 0.25),
    labels: Int32Array.of(0, 1, 0),
    count: 3,
    features: 2,
  };
  const disposed = engine.tensor([1, 2]);
  disposed.dispose();
  const X = engine.tensor([1, 0.5, 0, 1, 1, -1], [3, 2]);
  const y = engine.tensor([1, 2, 3]);
  const classes = engine.tensor([1, -1, 1]);
  const z0 = engine.tensor([0.5, 0.5], [1, 2]);
  const half = (z: equilibra.Tensor): equilibra.Tensor => z.mul(0.5).add(1);
  const one = engine.tensor([1]);
  const W = engine.tensor([0.25, 0, 0.125, -0.25], [2, 2]);
  const kernel = engine.tensor([0.5], [1, 1, 1, 1]);
  const b = engine.tensor([1, -1, 0.5, 2], [2, 2]);
  const table = data.parseTable(TABLE);
  const regression = data.tableRegression(data.parseTable('a,b,t\n1,2,1\n2,1,4\n3,5,2\n4,4,7\n'), { target: 't' });
  const world = {
    engine,
    other,
    model,
    samples,
    disposed,
    X,
    y,
    classes,
    z0,
    half,
    one,
    kernel,
    W,
    b,
    v: engine.tensor([1, 2]),
    graph: data.directedGraph({
      nodes: 2,
      edges: [
        [0, 1],
        [1, 1],
      ],
      weights: [1, 0.5],
    }),
    x: engine.tensor([0.5, -1, 2, 0.25], [2, 2]),
    foreign: other.tensor([1, 2, 3, 4], [2, 2]),
    map: monotoneMap(W, W, 1),
    layer: dense({ inputs: 2, outputs: 2 }),
    optimiser: equilibra.adam(),
    criterion: heldOut({ X, y }),
    bytes: await equilibra.saveCheckpoint(model),
    checkpoint: equilibra.loadCheckpoint(await equilibra.saveCheckpoint(model)),
    signal: new AbortController().signal,
    // Solutions whose methods are called.
    rootOf: root((z, a) => z.mul(2).sub(a), { unknown: z0, inputs: [z0] }).solve,
    scalarRoot: fixedPoint((z, a) => half(z).add(a.mul(0)), { unknown: z0, inputs: [one] }).solve,
    lassoOf: lasso({ X, y, logLambda: -1 }),
    sparseOf: equilibra.sparseModel({ X, y, logLambda: -1 }),
    supportVectorOf: equilibra.supportVectorMachine({ X, y: classes, logC: 0 }),
    monotoneOf: monotoneFixedPoint(W, b, { activation: 'relu', margin: 0.5 }),
    programOf: quadraticProgram({
      engine,
      P: [
        [2, 1],
        [1, 2],
      ],
      q: [1, 2],
      A: [
        [1, 0],
        [0, 1],
      ],
      l: [0, 0],
    }),
    conesOf: equilibra.coneProgram({
      engine,
      P: [
        [2, 1],
        [1, 2],
      ],
      A: [
        [0, 0],
        [-1, 0],
        [0, 1],
      ],
      b: [1, 0, 0],
      c: [1, 2],
      cones: [{ type: 'soc', dim: 3 }],
    }),
    tableText: TABLE,
    table,
    tableSet: data.tableDataset(table, { target: 'kind' }),
    regression,
    standardised: data.standardisedRegression(regression),
    idx: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 0),
    parameters: await equilibra.saveParameters(model),
    state: new Map(
      Object.entries({
        'a.weight': { type: 'float32', shape: [2, 2], values: new Float32Array(4) },
        'a.bias': { type: 'float32', shape: [2], values: new Float32Array(2) },
      }),
    ),
    arrays: await data.readNPZ(
      await data.writeNPZ({
        x: { shape: [4, 1], values: Float32Array.of(1, 2, 3, 4) },
        y: { values: Int32Array.of(0, 1, 0, 1) },
      }),
    ),
    npy: data.writeNPY({ values: Float32Array.of(1, 2) }),
    npz: await data.writeNPZ({ x: { values: Float32Array.of(1, 2) } }),
    safetensors: data.writeSafetensors({ x: { values: Float32Array.of(1, 2) } }),
    images: Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 9, 200),
    close(): void {
      engine.close();
      other.close();
    },
  };
  await world.lassoOf.beta.data();
  await world.sparseOf.beta.data();
  await world.supportVectorOf.beta.data();
  await world.monotoneOf.z.data();
  await world.programOf.x.data();
  await world.conesOf.x.data();
  return world;
}

/** A worker that does nothing. */
export function idleEnd(): equilibra.MessageEnd {
  return { postMessage() {}, addEventListener() {}, removeEventListener() {} };
}
