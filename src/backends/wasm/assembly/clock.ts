// Decides when a thread pauses a long instruction, which continues when the interpreter is called again, and shows the
// other threads that this one is alive.

/** The time in milliseconds. Only the thread that runs Programs has a clock. */
declare function now(): f64;

/** The time at which the thread that runs Programs must return. */
let deadline: f64 = 0;
/** Address of the word that is not 0 when all threads must pause; 0 where there is no team. */
let stop: usize = 0;
/** On a helper thread: address of the word that it increments while it is alive. */
let pulse: usize = 0;

export function time(): f64 {
  return now();
}

export function setDeadline(at: f64): void {
  deadline = at;
  if (stop !== 0) atomic.store<i32>(stop, 0);
}

/** Makes the thread that runs Programs announce at this address that all threads must pause. */
export function announceStopAt(address: usize): void {
  stop = address;
}

/** Makes a helper thread watch the word at `address`, and increment the word at `own`. */
export function watchStopAt(address: usize, own: usize): void {
  stop = address;
  pulse = own;
}

/** Whether work that can be continued later must pause now. */
export function isTimeOver(): bool {
  if (pulse !== 0) {
    beat();
    return atomic.load<i32>(stop) !== 0;
  }
  if (now() < deadline) return false;
  if (stop !== 0) atomic.store<i32>(stop, 1);
  return true;
}

/** Shows that this thread is alive. Long kernels call it every few milliseconds. */
export function beat(): void {
  if (pulse !== 0) atomic.add<i32>(pulse, 1);
}
