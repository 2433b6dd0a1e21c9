/** Measurements in Node: in a process of their own, since a faulty driver takes its process along. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CALL_LIMIT, type Environment, type Session } from './environment.ts';

interface Answer {
  readonly result?: unknown;
  readonly message?: string;
}

// Plain text, since it is run by another process: argv holds the address of the bundle. An error is an answer too.
const SCRIPT = `
const module = await import(process.argv[1]);
process.on('disconnect', () => process.exit(0));
process.on('message', async ({ exportName, values }) => {
  const answer = await module[exportName](...values).then((result) => ({ result }), ({ message }) => ({ message }));
  process.send(answer);
});
`;

/** @param variables of the environment, added to those of this process */
export function openNode(bundle: string, variables: Readonly<Record<string, string>>): Environment {
  const parameters = ['--input-type=module', '--eval', SCRIPT, pathToFileURL(resolve(bundle)).href];
  const env = { ...process.env, ...variables };
  return {
    name: 'node',
    version: `Node ${process.versions.node}`,
    openSession: async () =>
      sessionOf(spawn(process.execPath, parameters, { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })),
    close: async () => {},
  };
}

function sessionOf(child: ChildProcess): Session {
  return {
    async call<Result>(exportName: string, ...values: unknown[]) {
      const { result, message } = await answerOf(child, { exportName, values });
      if (message !== undefined) throw new Error(message);
      return result as Result;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((fulfil) => child.once('exit', fulfil));
      child.kill('SIGKILL'); // an engine that is closed may still have work under way
      await gone;
    },
  };
}

function answerOf(child: ChildProcess, call: { exportName: string; values: unknown[] }): Promise<Answer> {
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
      () => settle(() => reject(new Error(`no answer within ${CALL_LIMIT / 1000} s`))),
      CALL_LIMIT,
    );
    child.on('message', onMessage).on('exit', onExit);
    child.send(call, (error) => error && settle(() => reject(error)));
  });
}
