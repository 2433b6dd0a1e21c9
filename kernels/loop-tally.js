// Updates a tally after a pass of a loop: whether the loop still runs, and how many of its passes counted.
//
//   tally   [2]: running (0 or 1), passes
//   flag    the loop's flag after the pass; its first number is 0 where the loop has ended
//   output  [2]

function loopTally(tally, flag) {
  if (this.thread.x === 1) {
    return tally[1] + tally[0];
  }
  if (flag[0] === 0) {
    return 0;
  }
  return tally[0];
}
