// Float64 numbers and integers that lie one after the other: vectors, and lists of rows.

export function at8(address: usize, index: i32): usize {
  return address + ((<usize>index) << 3);
}

export function entry(vector: usize, index: i32): f64 {
  return load<f64>(at8(vector, index));
}

export function setEntry(vector: usize, index: i32, value: f64): void {
  store<f64>(at8(vector, index), value);
}

export function addEntry(vector: usize, index: i32, value: f64): void {
  setEntry(vector, index, entry(vector, index) + value);
}

/** The number of an integer in a list. */
export function integerIn(list: usize, index: i32): i32 {
  return load<i32>(list + ((<usize>index) << 2));
}

export function setIntegerIn(list: usize, index: i32, value: i32): void {
  store<i32>(list + ((<usize>index) << 2), value);
}

/** Sets numbers to 0. */
export function clear(vector: usize, count: i32): void {
  memory.fill(vector, 0, (<usize>count) << 3);
}

/** The larger of two numbers; NaN counts as infinite. */
export function larger(a: f64, b: f64): f64 {
  return a >= b ? a : isNaN<f64>(b) ? Infinity : b;
}

/** The largest size of the numbers from `start` to `end`; 0 where there is none. */
export function largest(vector: usize, start: i32, end: i32): f64 {
  let size: f64 = 0;
  for (let i = start; i < end; i++) size = larger(size, abs(entry(vector, i)));
  return size;
}

export function multiplyBy(vector: usize, factors: usize, count: i32): void {
  for (let i = 0; i < count; i++) setEntry(vector, i, entry(vector, i) * entry(factors, i));
}

export function divideBy(vector: usize, divisors: usize, count: i32): void {
  for (let i = 0; i < count; i++) setEntry(vector, i, entry(vector, i) / entry(divisors, i));
}
