/** Runs measurements in a Node process of their own, since a faulty driver crashes its process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findBrowsers } from '../src/cli/browsers.ts';
import { probeWebGPU } from '../src/cli/probe.ts';
import { findSoftwareDriver } from '../src/cli/vulkan.ts';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';

interface Answer {
  readonly result?: unknown;
  readonly message?: string;
}

// Plain text, since another process runs it: argv holds the address of the bundle. Errors are sent back as answers.
const SCRIPT = `
const module = await import(process.argv[1]);
process.on('disconnect', () => process.exit(0));
process.on('message', async ({ exportName, values }) => {
  const answer = await module[exportName](...values).then((result) => ({ result }), ({ message }) => ({ message }));
  process.send(answer);
});
`;

/**
 * @param variables environment variables, added to those of this process
 * @param limit milliseconds after which a call is abandoned
 */
export function openNode(bundle: string, variables: Readonly<Record<string, string>>, limit = CALL_LIMIT): Environment {
  const parameters = ['--input-type=module', '--eval', SCRIPT, pathToFileURL(resolve(bundle)).href];
  const env = { ...process.env, ...variables };
  return {
    name: 'node',
    version: `Node ${process.versions.node}`,
    openSession: async () =>
      sessionOf(spawn(process.execPath, parameters, { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }), limit),
    close: async () => {},
  };
}

/** The environment variables with which a process has WebGPU: none where a card has a driver, else those of software. */
export async function webGPUVariables(): Promise<Readonly<Record<string, string>>> {
  if ((await probeWebGPU()).adapter) return {};
  try {
    return findSoftwareDriver(findBrowsers(), process.env);
  } catch {
    return {};
  }
}

function sessionOf(child: ChildProcess, limit: number): Session {
  return {
    async call<Result>(exportName: string, ...values: unknown[]) {
      const { result, message } = await awaitAnswer(child, { exportName, values }, limit);
      if (message !== undefined) throw new Error(message);
      return result as Result;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((fulfil) => child.once('exit', fulfil));
      child.kill('SIGKILL'); // a closed engine may still have work under way
      await gone;
    },
  };
}

/** No answer came in time. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

function awaitAnswer(
  child: ChildProcess,
  call: { exportName: string; values: unknown[] },
  limit: number,
): Promise<Answer> {
  return new Promise((fulfil, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      end();
    };
    const onMessage = (answer: Answer): void => settle(() => fulfil(answer));
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`the process ended: ${signal ?? `exit code ${code}`}`)));
    const timer = setTimeout(
      () => settle(() => reject(new TimeLimitError(`no answer within ${limit / 1000} s`))),
      limit,
    );
    child.on('message', onMessage).on('exit', onExit);
    child.send(call, (error) => error && settle(() => reject(error)));
  });
}
