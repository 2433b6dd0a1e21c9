/**
 * The instructions into which a Program is compiled. They consist of words of 32 bits, which TypeScript writes and
 * AssemblyScript reads; both compile this file. The first two words of an instruction are its code and its length in
 * words. The enums below number the words that follow. A buffer is given by its place in a table of addresses, or by 0
 * where there is none.
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
  invalidate,
  pivot,
  panel,
  eliminate,
  iterate,
  finish,
  extra,
  chain,
}

/** What the interpreter returns. */
export enum Progress {
  /** The time is over; the interpreter must be called again. */
  unfinished,
  finished,
  /** A thread of the team has trapped, or no longer answers. */
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
 * C = epilogue(op(A)·op(B)). `packed` is the buffer for op(B) in panels. `pack` is the word of the Program that is not
 * 0 while that buffer is valid; where `pack` is 0, op(B) has to be packed each time.
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
  /** A Bias. */
  biasKind,
  /** The Operation that is applied to each element, or −1. */
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

/** Shape and strides are those of join-axes.ts. The elements of the result lie one after the other. */
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
  /** The Operation that is the σ of fixedPointResidual, or −1. */
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

/** Bit i of `shared` is set where operand i is one number for all samples. */
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
 * The step of a Gauss-Jordan elimination, in place, that treats rows and columns `start` to `start + BLOCK`. Three
 * instructions make up a step: `pivot` inverts the block on the diagonal, `panel` multiplies the rows of the block by
 * that inverse, and `eliminate` updates the other rows. `space` holds BLOCK² numbers, followed by BLOCK numbers for
 * each column, the columns in whole panels.
 */
export enum Invert {
  matrix = 2,
  space,
  order,
  start,
  end,
}

/** The number of rows and columns of a block. */
export const BLOCK = 32;

/**
 * A whole loop; see IterateCall. `packed` holds M in panels. `space` holds five arrays, each of `batch` rows (rounded
 * up to a multiple of four) in whole panels and 80 more numbers.
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
  /** An Iteration. */
  iteration,
  batch,
  n,
  stride,
  /** An Operation, or −1. */
  activation,
  proximal,
  p0,
  p1,
  epsilon,
  /** Bit 0 is set where the tolerance is one number for all samples, bit 1 where the floor is. */
  shared,
  limit,
  staleLimit,
  giveUp,
  /**
   * Written by the interpreter: the iterations done, the iteration at which to pause, and how many to perform at once.
   */
  done,
  until,
  atOnce,
  end,
}

/**
 * Coordinate descent. `space` holds, for each group, DESCENT_RECORD words and `2·features + rows + 4` numbers. The
 * interpreter writes `isBegun`, and sets `isCutShort` where the descent has to end early.
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

/** The number of words in which a group stores how far it has come. */
export const DESCENT_RECORD = 8;
export const HOMOTOPY_RECORD = 64;

/**
 * The homotopy. `space` holds, for each group, `spaceOfGroup` words: HOMOTOPY_RECORD words, followed by the arrays that
 * assembly/walk.ts lays out. The interpreter writes `isBegun`, and sets `isCutShort` where the homotopy has to end
 * early.
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
 * Followed by the copies on entry and by the body, which begins `body` words after the start of this instruction. The
 * length of the instruction includes both.
 */
export enum Loop {
  initialFlag = 2,
  flag,
  limit,
  body,
  end,
}

/** Marks a pack as invalid, because the matrix was assigned. */
export enum Invalidate {
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
  projectSimplex,
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
