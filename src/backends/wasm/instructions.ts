/**
 * The instructions into which a Program is compiled: words of 32 bits, written by TypeScript and read by AssemblyScript, which
 * both compile this file. The first two words of an instruction are its code and its length in words; the fields below are
 * the places of the others. A buffer is given by its place in a table of addresses, 0 where there is none.
 */

export enum Code {
  copy,
  product,
  elementwise,
  combine,
  move,
  reduce,
  rows,
  scalar,
  solve,
  descend,
  homotopy,
  loop,
  renew,
  pivot,
  panel,
  eliminate,
  iterate,
  finish,
  extra,
}

/** How far the interpreter has come when it returns. */
export enum Progress {
  /** It is to be called again. */
  unfinished,
  finished,
  /** A thread that serves has trapped, or no longer answers. */
  lost,
}

export enum Header {
  code,
  length,
}

/** Copies `size` numbers. */
export enum Copy {
  to = 2,
  from,
  size,
  end,
}

/**
 * C = epilogue(op(A)·op(B)). `packed` is where op(B) goes in panels, `pack` which word of the Program tells whether it is
 * there; 0 where it has to be packed each time.
 */
export enum Product {
  out = 2,
  a,
  b,
  bias,
  scale,
  prior,
  step,
  packed,
  pack,
  m,
  n,
  k,
  transposeA,
  transposeB,
  /** Bias. */
  biasKind,
  /** Operation that is applied to each element, or −1. */
  activation,
  p0,
  p1,
  residual,
  end,
}

export enum Bias {
  none,
  row,
  full,
}

/** `shape` and `strides` after axes were joined; elements of the result lie one after the other. */
export enum Elementwise {
  out = 2,
  first,
  second,
  third,
  operation,
  shape, // 4 words
  firstLayout = 11, // offset and strides, 5 words each
  secondLayout = 16,
  thirdLayout = 21,
  p0 = 26,
  p1,
  p2,
  end,
}

export enum Combine {
  out = 2,
  x, // 3 words
  coefficient = 6, // 3 words
  factor = 9, // 3 words
  rows = 12,
  columns,
  end,
}

export enum Move {
  out = 2,
  x,
  index,
  y,
  operation,
  outer,
  inner,
  extent,
  others,
  rowCount,
  offset,
  end,
}

export enum Reduce {
  out = 2,
  x,
  y,
  operation,
  outer,
  middle,
  inner,
  /** Operation: σ of fixedPointResidual. */
  activation,
  p0,
  p1,
  p2,
  end,
}

export enum Rows {
  out = 2,
  x,
  y,
  operation,
  rows,
  columns,
  p0,
  end,
}

/** `shared` has bit i where operand i is one number for all samples. */
export enum Scalar {
  out = 2,
  operand, // 4 words
  operation = 7,
  batch,
  shared,
  p0,
  p1,
  p2,
  end,
}

export enum Solve {
  out = 2,
  matrix,
  right,
  batch,
  order,
  end,
}

/**
 * One block of a Gauss-Jordan elimination of a matrix in its place, rows and columns `start` to `start + BLOCK` of it, in three
 * instructions: the inverse of the block on the diagonal, its product with the rows of the block, and the other rows.
 * `space` takes BLOCK² numbers and behind them BLOCK for each column, the columns in whole panels.
 */
export enum Invert {
  matrix = 2,
  space,
  order,
  start,
  end,
}

/** Rows and columns of such a block. */
export const BLOCK = 32;

/**
 * A whole loop; see IterateCall. `packed` takes M in panels, `space` five arrays of `batch` rows (a multiple of four) of numbers in
 * whole panels, and 80 numbers behind each of them.
 */
export enum Iterate {
  out = 2,
  carried,
  matrix,
  b,
  step,
  tolerance,
  floor,
  slope,
  packed,
  space,
  /** Iteration. */
  iteration,
  batch,
  n,
  stride,
  /** Operation, or −1. */
  activation,
  proximal,
  p0,
  p1,
  epsilon,
  /** Bit 0: tolerance; bit 1: floor. */
  shared,
  limit,
  staleLimit,
  giveUp,
  /** Trips that have been made, up to which trip it is to go on, and how many are made at once; written by the interpreter. */
  done,
  until,
  atOnce,
  end,
}

/**
 * Coordinate descent. `space` takes, for each group, DESCENT_RECORD words and `2·features + rows + 4` numbers. The interpreter
 * writes whether it was begun, and whether it is to be ended early.
 */
export enum Descend {
  out = 2,
  columns,
  y,
  penalty,
  ridge,
  initial,
  tolerance,
  stopped,
  remaining,
  space,
  rows,
  features,
  groups,
  batch,
  limit,
  isBegun,
  isCutShort,
  end,
}

/** Words in which a group keeps how far it has come. */
export const DESCENT_RECORD = 8;
export const HOMOTOPY_RECORD = 64;

/**
 * The homotopy. `space` takes, for each group, `spaceOfGroup` words: HOMOTOPY_RECORD of them, and what assembly/walk.ts lays out. The
 * interpreter writes whether it was begun, and whether it is to be ended early.
 */
export enum Homotopy {
  out = 2,
  columns,
  y,
  penalty,
  ridge,
  initial,
  space,
  spaceOfGroup,
  rows,
  features,
  groups,
  batch,
  limit,
  capacity,
  isBegun,
  isCutShort,
  end,
}

/**
 * Followed by the copies done on entry, up to the distance `body` (in words, from this instruction), and by the body. The
 * length is that of all of it.
 */
export enum Loop {
  initialFlag = 2,
  flag,
  limit,
  body,
  end,
}

/** What was packed is no longer what the matrix holds. */
export enum Renew {
  pack = 2,
  end,
}

/** The element-wise operations; see ELEMENTWISE in kernels.ts for the formulas. */
export enum Operation {
  copy,
  negate,
  exp,
  log,
  abs,
  sign,
  sqrt,
  square,
  reciprocal,
  relu,
  tanh,
  sigmoid,
  softThreshold,
  leakyRelu,
  clip,
  softplus,
  elu,
  softsign,
  arctan,
  scale,
  add,
  subtract,
  multiply,
  divide,
  maximum,
  minimum,
  greater,
  reluDerivative,
  absDerivative,
  softThresholdDerivative,
  leakyReluDerivative,
  clipDerivative,
  eluDerivative,
  tanhDerivative,
  sigmoidDerivative,
  softsignDerivative,
  arctanDerivative,
  proximalIdentity,
  proximalRelu,
  proximalTanh,
  proximalSigmoid,
  proximalSoftThreshold,
  proximalLeakyRelu,
  proximalClip,
  proximalSoftplus,
  proximalElu,
  proximalSoftsign,
  proximalArctan,
  select,
  dropout,
}

export enum Reduction {
  sum,
  maximum,
  maximumAbsolute,
  norm,
  dot,
  anyZero,
  countNotFinite,
  fixedPointResidual,
}

export enum MoveOperation {
  gather,
  scatter,
  segmentSum,
}

export enum RowsOperation {
  softmax,
  logSoftmax,
  proximalSoftmax,
  standardise,
  standardiseDerivative,
}

export enum Iteration {
  picard,
  peacemanRachford,
  forwardBackward,
}

export enum ScalarOperation {
  ratio,
  ratioProduct,
  monitor,
}
