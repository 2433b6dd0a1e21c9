/** The part of the peers' types that is used here. The packages themselves are installed only for measurements. */

declare module '@jax-js/jax' {
  /** An operation consumes the references that it receives; `ref` creates another one. */
  export interface Array {
    readonly ref: Array;
    add(other: Array | number): Array;
    sub(other: Array | number): Array;
    mul(other: Array | number): Array;
    div(other: Array | number): Array;
    neg(): Array;
    reshape(shape: number[]): Array;
    data(): Promise<Float32Array<ArrayBuffer>>;
    dispose(): void;
  }
  type Owned<Function> = Function & { dispose(): void };
  export function jit<Parameters extends unknown[], Result>(
    body: (...parameters: Parameters) => Result,
  ): Owned<(...parameters: Parameters) => Result>;
  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device: string): string;
  export function blockUntilReady<Tree>(tree: Tree): Promise<Tree>;
  export const numpy: {
    array(values: Float32Array<ArrayBuffer>, options: { shape: number[]; device: string }): Array;
    zeros(shape: number[], options: { device: string }): Array;
    matmul(x: Array, y: Array): Array;
    transpose(x: Array): Array;
    maximum(x: Array, y: number): Array;
    greater(x: Array, y: number): Array;
    where(condition: Array, x: Array | number, y: Array | number): Array;
    square(x: Array): Array;
    sqrt(x: Array): Array;
    exp(x: Array): Array;
    sum(x: Array, axis?: number): Array;
    max(x: Array, axis?: number): Array;
  };
  export const nn: { softmax(x: Array, axis: number): Array };
}

declare module '@tensorflow/tfjs-core' {
  export interface Tensor {
    data(): Promise<Float32Array>;
    dispose(): void;
    readonly shape: number[];
  }
  interface Gradients {
    value: Tensor;
    grads: Tensor[];
  }
  export function setBackend(name: string): Promise<boolean>;
  export function getBackend(): string;
  export function ready(): Promise<void>;
  export function memory(): { numBytes: number; numTensors: number };
  export function tidy<Result>(body: () => Result): Result;
  export function keep(tensor: Tensor): Tensor;
  export function dispose(tensors: Tensor | readonly Tensor[]): void;
  export function tensor2d(values: Float32Array, shape: [number, number]): Tensor;
  export function zeros(shape: number[]): Tensor;
  export function zerosLike(x: Tensor): Tensor;
  export function matMul(x: Tensor, y: Tensor, transposeX?: boolean, transposeY?: boolean): Tensor;
  export function transpose(x: Tensor): Tensor;
  export function add(x: Tensor, y: Tensor | number): Tensor;
  export function sub(x: Tensor, y: Tensor | number): Tensor;
  export function mul(x: Tensor, y: Tensor | number): Tensor;
  export function div(x: Tensor, y: Tensor | number): Tensor;
  export function neg(x: Tensor): Tensor;
  export function relu(x: Tensor): Tensor;
  export function step(x: Tensor): Tensor;
  export function square(x: Tensor): Tensor;
  export function sqrt(x: Tensor): Tensor;
  export function sum(x: Tensor, axis?: number): Tensor;
  export function max(x: Tensor): Tensor;
  export function softmax(x: Tensor): Tensor;
  export function grads(body: (...inputs: Tensor[]) => Tensor): (inputs: Tensor[]) => Tensor[];
  export const fused: {
    matMul(parameters: { a: Tensor; b: Tensor; bias?: Tensor; activation?: 'relu'; transposeB?: boolean }): Tensor;
  };
}

declare module '@tensorflow/tfjs-backend-wasm' {
  export function setWasmPaths(prefix: string): void;
  /** Throws before the backend is set. */
  export function getThreadsCount(): number;
}

declare module '@tensorflow/tfjs-core/dist/register_all_gradients' {}

declare module '@tensorflow/tfjs-backend-webgpu' {}

declare module 'scs-solver' {
  /** Matrices by columns; of P the upper triangle. */
  export interface ScsProblem {
    readonly m: number;
    readonly n: number;
    readonly A_x: Float64Array;
    readonly A_i: Int32Array;
    readonly A_p: Int32Array;
    readonly P_x: Float64Array;
    readonly P_i: Int32Array;
    readonly P_p: Int32Array;
    readonly b: Float64Array;
    readonly c: Float64Array;
  }
  /** Cones in the order of the rows. */
  export interface ScsCones {
    /** The number of equalities. */
    readonly z?: number;
    /** The number of inequalities. */
    readonly l?: number;
    /** The sizes of the second-order cones, and how many there are. */
    readonly q?: readonly number[];
    readonly qsize?: number;
    /** The orders of the semidefinite cones, and how many there are. */
    readonly s?: readonly number[];
    readonly ssize?: number;
  }
  export interface Scs {
    readonly ScsSettings: new () => object;
    setDefaultSettings(settings: object): void;
    /** Without x and y where SCS refuses the problem. */
    solve(
      problem: ScsProblem,
      cones: ScsCones,
      settings: object,
    ): { readonly status: string; readonly x?: readonly number[]; readonly y?: readonly number[] };
  }
}

declare module 'highs' {
  interface Matrix {
    readonly starts: Int32Array;
    readonly indices: Int32Array;
    readonly values: Float64Array;
  }
  export interface ModelData {
    readonly numCols: number;
    readonly numRows: number;
    readonly colCost: Float64Array;
    readonly colLower: Float64Array;
    readonly colUpper: Float64Array;
    readonly rowLower: Float64Array;
    readonly rowUpper: Float64Array;
    readonly matrix: Matrix & { readonly format: 'csc'; readonly numRows: number; readonly numCols: number };
    readonly hessian: Matrix & { readonly format: 'triangular'; readonly dimension: number };
  }
  interface Model {
    readonly options: { set(options: Readonly<Record<string, unknown>>): void };
    run(): void;
    getSolution(): { readonly colValue: Float64Array; readonly rowDual: Float64Array };
  }
  export interface Highs {
    readonly infinity: number;
    withModel<Result>(data: ModelData, body: (model: Model) => Result): Result;
  }
}
