/**
 * Reads how long the processors of this computer have worked, and how long for this program: on Linux from /proc,
 * elsewhere from Node and ps.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type CpuInfo, cpus } from 'node:os';

/** Milliseconds since some time in the past, summed over all processors. */
export interface Reading {
  /** All time, idle or not. */
  readonly total: number;
  /** Time that was not idle, including what a host took from a virtual machine. */
  readonly busy: number;
  /** The part of `busy` that this process and all its descendants used. */
  readonly own: number;
}

/** Milliseconds of the unit in which /proc counts: USER_HZ is 100 on every Linux that Node runs on. */
const TICK = 10;

/** Undefined where the system does not report processor times. */
export function readProcessors(root = process.pid): Reading | undefined {
  try {
    return process.platform === 'linux' ? readFromProc(root) : readFromNode(root);
  } catch {
    return undefined;
  }
}

function readFromProc(root: number): Reading | undefined {
  const machine = parseMachine(readFileSync('/proc/stat', 'utf8'));
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/stat`, 'utf8')];
      } catch {
        return []; // the process has ended since
      }
    });
  // A sandbox may show a /proc/stat of zeros.
  return machine.total > 0 ? { ...machine, own: treeTime(lines.map(parseProcess), root) } : undefined;
}

/**
 * The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. The two fields for guests are
 * included in user and nice.
 */
export function parseMachine(text: string): Omit<Reading, 'own'> {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = (text.match(/^cpu +(.*)$/m)?.[1] ?? '')
    .split(' ')
    .map((ticks) => Number(ticks) * TICK);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
}

interface ProcessTime {
  readonly id: number;
  readonly parent: number;
  /** Milliseconds, including those of children that have ended. */
  readonly time: number;
}

/** /proc/…/stat: the name in parentheses may contain anything, spaces and parentheses too. */
export function parseProcess(line: string): ProcessTime {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return { id: Number.parseInt(line, 10), parent: Number(fields[1]), time: (utime + stime + cutime + cstime) * TICK };
}

/** The time of a process and of all its descendants. */
export function treeTime(processes: readonly ProcessTime[], root: number): number {
  const children = new Map<number, ProcessTime[]>();
  for (const each of processes) children.set(each.parent, [...(children.get(each.parent) ?? []), each]);
  const timeBelow = (id: number): number =>
    (children.get(id) ?? []).reduce((sum, { id: child, time }) => sum + time + timeBelow(child), 0);
  return timeBelow(root) + (processes.find(({ id }) => id === root)?.time ?? 0);
}

function readFromNode(root: number): Reading {
  const machine = sumOf(cpus());
  const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,time='], { encoding: 'utf8', timeout: 10_000 });
  const processes = listed.trim().split('\n').map(parseListedProcess);
  return { ...machine, own: treeTime(processes, root) };
}

function sumOf(processors: readonly CpuInfo[]): Omit<Reading, 'own'> {
  const times = processors.map(({ times: { user, nice, sys, irq, idle } }) => [user + nice + sys + irq, idle]);
  const busy = times.reduce((sum, [working]) => sum + working, 0);
  return { busy, total: times.reduce((sum, [, idle]) => sum + idle, busy) };
}

/** Parses a line of ps such as "123 1 1-02:03:04.56", whose days and hours may be absent. */
export function parseListedProcess(line: string): ProcessTime {
  const [id, parent, time] = line.trim().split(/\s+/);
  const [clock, days = '0'] = time.split('-').reverse();
  const seconds = clock.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
  return { id: Number(id), parent: Number(parent), time: 1000 * (86_400 * Number(days) + seconds) };
}
