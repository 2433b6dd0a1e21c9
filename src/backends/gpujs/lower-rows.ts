import type { RowsCall } from '../kernels.ts';
import type { Emit } from './emit.ts';
import type { Extents } from './machine.ts';

export function lowerRows(call: RowsCall, emit: Emit): void {
  switch (call.operation) {
    case 'softmax':
    case 'logSoftmax':
      lowerSoftmax(call, emit);
      break;
    case 'proximalSoftmax':
      lowerProximalSoftmax(call, emit);
      break;
    case 'standardise':
    case 'standardiseDerivative':
      lowerStandardise(call, emit);
      break;
    case 'projectSimplex':
      lowerProjectSimplex(call, emit);
      break;
  }
}

/** The slot of max x, for each row. */
function largestOf({ inputs: [x], rows, columns }: RowsCall, emit: Emit): number {
  const bindings = { single: 'entryOf', join: 'largerOf' };
  const lowest = Number.NEGATIVE_INFINITY;
  return emit({ kernel: 'reduce', bindings }, [x, x], [columns, 1, 1, columns, lowest], [1, rows]);
}

/** The slots of max x and of Σ e^(x − max x), for each row. */
function exponentialsOf(call: RowsCall, emit: Emit): readonly [number, number] {
  const { inputs, rows, columns } = call;
  const [x] = inputs;
  const largest = largestOf(call, emit);
  return [largest, emit({ kernel: 'rows-exponentials' }, [x, largest], [columns], [rows, 1])];
}

function lowerSoftmax(call: RowsCall, emit: Emit): void {
  const { inputs, output, rows, columns } = call;
  const constants = { LOGARITHM: Number(call.operation === 'logSoftmax') };
  const operands = [inputs[0], ...exponentialsOf(call, emit)];
  emit({ kernel: 'rows-softmax', constants }, operands, [columns], [columns, rows], output);
}

function lowerProximalSoftmax(call: RowsCall, emit: Emit): void {
  const { output, rows, columns } = call;
  const [x, alpha] = call.inputs;
  const [largest, total] = exponentialsOf(call, emit);
  const peaks = emit({ kernel: 'rows-proximal-peak' }, [x, largest, total, alpha], [columns], [rows, 1]);
  const extents: Extents = [columns, rows];
  const entries = emit({ kernel: 'rows-proximal-entries' }, [x, largest, peaks, alpha], [columns], extents);
  const bindings = { single: 'entryOf', join: 'sumOf' };
  const sums = emit({ kernel: 'reduce', bindings }, [entries, entries], [columns, 1, 1, columns, 0], [1, rows]);
  emit({ kernel: 'rows-divide' }, [entries, sums], [columns], extents, output);
}

function lowerStandardise({ operation, inputs, output, rows, columns, parameters }: RowsCall, emit: Emit): void {
  const [x, y] = inputs;
  const [epsilon = 0] = parameters;
  const extents: Extents = [columns, rows];
  const moments = emit({ kernel: 'rows-moments' }, [x], [columns, epsilon], [3, rows]);
  if (operation === 'standardise') {
    emit({ kernel: 'rows-standardise' }, [x, moments], [columns], extents, output);
    return;
  }
  const means = emit({ kernel: 'rows-standardise-means' }, [x, y, moments], [columns], [2, rows]);
  emit({ kernel: 'rows-standardise-derivative' }, [x, y, moments, means], [columns], extents, output);
}

function lowerProjectSimplex(call: RowsCall, emit: Emit): void {
  const { inputs, output, rows, columns, parameters } = call;
  const [x] = inputs;
  const [radius] = parameters;
  const largest = largestOf(call, emit);
  const threshold = emit({ kernel: 'rows-simplex-threshold' }, [x, largest], [columns, radius], [rows, 1]);
  emit({ kernel: 'rows-simplex' }, [x, largest, threshold], [columns], [columns, rows], output);
}
