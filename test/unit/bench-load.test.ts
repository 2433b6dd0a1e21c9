/** Foreign load: how it is read, how much of it counts, and how it is treated. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { Work } from '../../bench/cases.ts';
import { LOAD_WINDOW, LoadWatch, MAXIMUM_TRIES, othersBetween } from '../../bench/load.ts';
import { Contest } from '../../bench/measure.ts';
import { threadsOf } from '../../bench/opening.ts';
import {
  parseListedProcess,
  parseMachine,
  parseProcess,
  type Reading,
  readProcessors,
  treeTime,
} from '../../bench/processor-times.ts';
import { refereeRounds } from '../../bench/referee.ts';

describe('the readings of the system', () => {
  test('of the machine: time that a host took from a virtual machine is busy, time spent waiting for a disk is not', () => {
    // user nice system idle iowait irq softirq steal guest guest_nice; user and nice already include the last two
    const text = 'cpu  100 20 30 500 60 7 8 9 50 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n';
    expect(parseMachine(text)).toEqual({ busy: 1740, total: 7340 });
  });

  test('of a process whose name looks like other fields', () => {
    const line = '4242 (a) R 7 (x) S 17 4242 4242 0 -1 4194304 102 0 0 0 11 12 13 14 20 0 1 0 52630';
    expect(parseProcess(line)).toEqual({ id: 4242, parent: 17, time: 500 });
  });

  test('of a process in a list of ps', () => {
    expect(parseListedProcess('   12     1   0:01.50')).toEqual({ id: 12, parent: 1, time: 1500 });
    expect(parseListedProcess('12 1 1-02:03:04')).toEqual({ id: 12, parent: 1, time: 1000 * (86400 + 7384) });
  });

  test('of a process and its descendants, but nobody else', () => {
    const processes = [
      { id: 1, parent: 0, time: 1000 },
      { id: 2, parent: 1, time: 100 },
      { id: 3, parent: 2, time: 10 },
      { id: 4, parent: 1, time: 1 },
    ];
    expect(treeTime(processes, 2)).toBe(110);
    expect(treeTime(processes, 1)).toBe(1111);
    expect(treeTime(processes, 9)).toBe(0);
  });

  test.runIf(process.platform === 'linux')('the work of a child process counts as our own', async () => {
    const before = readProcessors() as Reading;
    const script = 'const end = Date.now() + 300; while (Date.now() < end); process.stdin.resume();';
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ownSince = (): number => (readProcessors() as Reading).own - before.own;
    try {
      // The times have steps of 10 ms, and the child may wait for a processor.
      while (ownSince() < 200) await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      child.kill('SIGKILL');
    }
    const { busy, total, own } = readProcessors() as Reading;
    expect(total).toBeGreaterThan(before.total);
    expect(busy - before.busy).toBeLessThanOrEqual(total - before.total);
    expect(own).toBeLessThanOrEqual(busy);
  });
});

describe('the share of others', () => {
  const before: Reading = { total: 1000, busy: 100, own: 50 };

  test('is the busy time that was not our own', () => {
    expect(othersBetween(before, { total: 2000, busy: 700, own: 450 })).toBeCloseTo(0.2);
    expect(othersBetween(before, { total: 2000, busy: 500, own: 450 })).toBe(0);
  });

  test('is nothing where clocks disagree by their steps, and unknown where no time has passed', () => {
    expect(othersBetween(before, { total: 2000, busy: 500, own: 470 })).toBe(0);
    expect(othersBetween(before, before)).toBeUndefined();
  });

  test('is measured over a window: the time just before a short repetition counts too', () => {
    const cores = 2;
    let [now, busy] = [0, 0];
    const watch = new LoadWatch(
      () => ({ total: cores * now, busy, own: 0 }),
      () => now,
    );
    const shareAfter = (milliseconds: number, others: number): number | undefined => {
      now += milliseconds;
      busy += others;
      return watch.share();
    };
    expect(watch.watched).toBe(true);
    expect(shareAfter(LOAD_WINDOW, LOAD_WINDOW)).toBeCloseTo(0.5); // one of two processors
    expect(shareAfter(10, 0)).toBeCloseTo(0.5 * (LOAD_WINDOW / (LOAD_WINDOW + 10)));
    expect(shareAfter(LOAD_WINDOW, 0)).toBe(0);
    expect(shareAfter(10, 0)).toBe(0);
    expect(shareAfter(4 * LOAD_WINDOW, 0)).toBe(0);
    expect(shareAfter(10, 2)).toBeLessThan(0.01);
  });

  test('is unknown where the system does not report it', () => {
    const watch = new LoadWatch(() => undefined);
    expect(watch.share()).toBeUndefined();
    expect(watch.rule).toMatchObject({ watched: false });
  });
});

describe('loaded repetitions', () => {
  /** Three repetitions of work that takes 1, 2, 3, … ms, on a computer on which others have these shares in turn. */
  async function measureWithShares(shares: (number | undefined)[], repetitions = 3) {
    let taken = 0;
    const waits: number[] = [];
    const problems: number[] = [];
    const work: Work<number> = {
      prepare: async (problem) => {
        problems.push(problem);
      },
      run: async () => {
        taken++;
        return { answer: [taken] };
      },
      dispose() {},
    };
    const contest = new Contest(
      [work],
      { problem: (repetition) => repetition, maximumUnits: 1 },
      { repetitions, milliseconds: 1e9 },
    );
    const inTurn = [0, ...shares];
    const watch = { share: () => inTurn.shift() };
    await refereeRounds({ ...rounds(contest), begin: async () => {} }, repetitions, watch, async (milliseconds) => {
      waits.push(milliseconds);
      inTurn.unshift(0); // the share after the wait is ignored
    });
    const [result] = contest.results();
    if ('error' in result) throw new Error(result.error);
    const { all, foreign, repeated } = result.timing;
    return { made: taken, counted: all.length, foreign, repeated, waits: waits.length, problems };
  }

  const rounds = (contest: Contest<number>) => ({
    round: (repetition: number) => contest.round(repetition),
    judge: (verdict: 'forget' | 'mark') => contest.judge(verdict),
  });

  test('nothing is repeated on a quiet computer, or where nothing is known', async () => {
    const calm = { made: 3, counted: 3, foreign: 0, repeated: 0, waits: 0, problems: [1, 2, 3] };
    expect(await measureWithShares([0, 0.05, 0.1])).toEqual(calm);
    expect(await measureWithShares([undefined, undefined, undefined])).toEqual(calm);
  });

  test('a loaded repetition is made again, on the same problem, after a pause', async () => {
    const again = { made: 4, counted: 3, foreign: 0, repeated: 1, waits: 1, problems: [1, 2, 2, 3] };
    expect(await measureWithShares([0, 0.5, 0, 0])).toEqual(again);
  });

  test(`one that is loaded ${MAXIMUM_TRIES} times counts, and is marked`, async () => {
    const marked = { made: 5, counted: 3, foreign: 1, repeated: 2, waits: 2, problems: [1, 1, 1, 2, 3] };
    expect(await measureWithShares([1, 1, 1, 0, 0])).toEqual(marked);
  });

  test('no more repetitions are made again than there are repetitions', async () => {
    const { made, counted, foreign, repeated } = await measureWithShares(Array<number>(20).fill(1), 5);
    expect({ made, counted, foreign, repeated }).toEqual({ made: 10, counted: 5, foreign: 5, repeated: 5 });
  });

  test('the work of another process is noticed', { retry: 2 }, async () => {
    // A process whose parent, the shell, ends at once and leaves it behind: it works for nobody here.
    const script = 'const end = Date.now() + 1500; while (Date.now() < end);';
    const others = Array.from({ length: availableParallelism() }, () =>
      spawn('sh', ['-c', `"${process.execPath}" -e '${script}' >/dev/null 2>&1 &`], { detached: true }),
    );
    await Promise.all(others.map((child) => new Promise((resolve) => child.once('exit', resolve))));
    const watch = new LoadWatch();
    if (!watch.watched) return;
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(watch.share()).toBeGreaterThan(0.2);
  });
});

describe('threads', () => {
  test.each([
    ['wasm', 'WebAssembly in float32, 2 threads', undefined, 2],
    ['wasm', 'WebAssembly in float32, one thread', undefined, 1],
    ['wasm', 'WebAssembly in float32, one thread', 4, 4],
    ['cpu', 'plain JavaScript loops in float64', undefined, 1],
    ['webgpu', 'NVIDIA H200', undefined, undefined],
  ])('%s, %s', (backend, description, threads, count) => {
    expect(threadsOf(backend, { description, ...(threads !== undefined && { threadsUsed: threads }) })).toBe(count);
  });
});
