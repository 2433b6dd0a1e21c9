// When a thread leaves a long instruction unfinished, to go on with it when the interpreter is called again; and by what the others
// see that a thread is alive.

/** Milliseconds, of the thread that runs Programs alone. */
declare function now(): f64;

/** When the thread that runs Programs is to return. */
let deadline: f64 = 0;
/** The word that tells the others so; 0 where there are none. */
let stop: usize = 0;
/** Of a thread that serves: the word that it counts up as long as it is alive. */
let pulse: usize = 0;

export function time(): f64 {
  return now();
}

export function setDeadline(at: f64): void {
  deadline = at;
  if (stop !== 0) atomic.store<i32>(stop, 0);
}

/** For the thread that runs Programs. */
export function announceStopAt(address: usize): void {
  stop = address;
}

/** For a thread that serves. */
export function watchStopAt(address: usize, own: usize): void {
  stop = address;
  pulse = own;
}

/** Whether what can be gone on with later is to be left now. */
export function isTimeOver(): bool {
  if (pulse !== 0) {
    beat();
    return atomic.load<i32>(stop) !== 0;
  }
  if (now() < deadline) return false;
  if (stop !== 0) atomic.store<i32>(stop, 1);
  return true;
}

/** To be called every few milliseconds. */
export function beat(): void {
  if (pulse !== 0) atomic.add<i32>(pulse, 1);
}
