/** Lowers a kernel call to launches of gpu.js kernels, each of which is a pure function of its operands. */
import {
  ABSENT,
  type BatchedProductCall,
  type CombineCall,
  type KernelCall,
  type MoveCall,
  type ProductCall,
  type ScalarCall,
  type SolveCall,
} from '../kernels.ts';
import { activationBinding, type Emit, proximalBindings } from './emit.ts';
import { lowerCones } from './lower-cones.ts';
import { lowerElementwise } from './lower-elementwise.ts';
import { lowerReduce } from './lower-reduce.ts';
import { lowerRows } from './lower-rows.ts';
import type { Extents } from './machine.ts';

export function lower(call: KernelCall, emit: Emit): void {
  switch (call.kernel) {
    case 'product':
    case 'batchedProduct':
      lowerProduct(call, emit);
      break;
    case 'elementwise':
      lowerElementwise(call, emit);
      break;
    case 'combine':
      lowerCombine(call, emit);
      break;
    case 'move':
      lowerMove(call, emit);
      break;
    case 'reduce':
      lowerReduce(call, emit);
      break;
    case 'rows':
      lowerRows(call, emit);
      break;
    case 'scalar':
      lowerScalar(call, emit);
      break;
    case 'solve':
      lowerSolve(call, emit);
      break;
    case 'projectCones':
    case 'projectConesDerivative':
      lowerCones(call, emit);
      break;
    case 'iterate':
    case 'proximalGradient':
    case 'splitting':
      throw new Error(`${call.kernel}: this backend iterates kernel by kernel; its widestIteration is 0`);
    case 'cholesky':
    case 'triangularSolve':
      throw new Error(`${call.kernel}: this backend does not factorise; choose another backend, or another solver`);
    case 'pass':
      throw new Error('pass: this backend runs a pass by other kernels; its largestPass is 0');
    case 'coordinateDescent':
    case 'homotopy':
    case 'invert':
    case 'batchedInvert':
    case 'fourier':
    case 'complexProduct':
    case 'interiorPoint':
    case 'programDerivative':
    case 'coneInteriorPoint':
    case 'coneDerivative':
      throw new Error(
        `${call.kernel}: its steps depend on one another, so it does not run on gpujs; choose another solver`,
      );
  }
}

function lowerProduct(call: ProductCall | BatchedProductCall, emit: Emit): void {
  const { m, n, k, activation, proximal, residual } = call;
  const isBatched = call.kernel === 'batchedProduct';
  const bindings: Record<string, string> = proximal
    ? { activation: 'activationIdentity', ...proximalBindings(activation) }
    : { activation: activationBinding(activation), proximal: 'proximalIdentity' };
  const constants = {
    BIAS: { none: 0, row: 1, full: 2 }[call.bias],
    PROXIMAL: Number(proximal),
    SCALED: Number(call.inputs[3] !== ABSENT),
    RESIDUAL: Number(residual),
    BATCHED: Number(isBatched),
  };
  const [aRow, aColumn] = call.transposeA ? [1, m] : [k, 1];
  const [bRow, bColumn] = call.transposeB ? [1, k] : [n, 1];
  const steps = isBatched ? [call.sharedA ? 0 : m * k, call.sharedB ? 0 : k * n] : [0, 0];
  const rows = isBatched ? call.batch * m : m;
  const parameters = [m, n, k, k - (k % 4), ...steps, aRow, aColumn, bRow, bColumn, ...call.activationParameters];
  emit({ kernel: 'product', constants, bindings }, call.inputs, parameters, [n, rows], call.output);
}

function lowerCombine({ inputs, output, rows, columns, factors }: CombineCall, emit: Emit): void {
  const constants: Record<string, number> = {};
  for (let t = 0; t < 3; t++) {
    constants[`TERM_${t}`] = Number(inputs[t] !== ABSENT);
    constants[`COEFFICIENT_${t}`] = Number(inputs[t + 3] !== ABSENT);
  }
  emit({ kernel: 'combine', constants }, inputs, [columns, ...factors], [columns, rows], output);
}

function lowerMove(call: MoveCall, emit: Emit): void {
  const { outer, inner, extent, others, length, offset, output } = call;
  const [x, index, y] = call.inputs;
  switch (call.operation) {
    case 'gather': {
      const constants = { INDEXED: Number(index !== ABSENT) };
      const parameters = [inner, extent, y === ABSENT ? 0 : others, length, offset];
      emit({ kernel: 'gather', constants }, [x, index, y], parameters, [inner, outer * length], output);
      break;
    }
    case 'scatter': {
      const sources = emit({ kernel: 'scatter-sources' }, [index], [others], [extent, 1]);
      emit({ kernel: 'scatter' }, [x, sources, y], [inner, extent, others], [inner, outer * extent], output);
      break;
    }
    case 'segmentSum':
      emit({ kernel: 'segment-sum' }, [x, index, y], [inner, extent, length], [inner, outer * length], output);
      break;
  }
}

function lowerScalar({ operation, inputs, output, batch, shared, parameters }: ScalarCall, emit: Emit): void {
  const strides = inputs.map((_, index) => (shared[index] ? 0 : 1));
  switch (operation) {
    case 'ratio':
      emit({ kernel: 'ratio' }, inputs, strides, [batch, 1], output);
      break;
    case 'ratioProduct':
      emit({ kernel: 'ratio-product' }, inputs, strides, [batch, 1], output);
      break;
    case 'monitor': {
      const [staleLimit = 0, mayGiveUp = 0, count = 0] = parameters;
      emit(
        { kernel: 'monitor' },
        inputs,
        [batch, ...strides.slice(1), staleLimit, mayGiveUp, count],
        [batch, 5],
        output,
      );
      break;
    }
  }
}

function lowerSolve({ inputs, output, batch, order }: SolveCall, emit: Emit): void {
  const augmented: Extents = [order + 1, order * batch];
  let systems = emit({ kernel: 'solve-augmented' }, inputs, [order], augmented);
  for (let pivot = 0; pivot < order - 1; pivot++) {
    systems = emit({ kernel: 'solve-step' }, [systems], [order, pivot], augmented);
  }
  let right = emit({ kernel: 'solve-right' }, [systems], [order], [order, batch]);
  for (let pivot = order - 1; pivot >= 0; pivot--) {
    const last = pivot === 0 ? output : undefined;
    right = emit({ kernel: 'solve-back' }, [systems, right], [order, pivot], [order, batch], last);
  }
}
