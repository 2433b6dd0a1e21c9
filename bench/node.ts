/** Measurements in Node: each call in a process of its own, since a faulty driver takes its process along. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CALL_LIMIT, callExpression, type Environment } from './environment.ts';

/** @param variables of the environment, added to those of this process */
export function openNode(bundle: string, variables: Readonly<Record<string, string>>): Environment {
  const address = pathToFileURL(resolve(bundle)).href;
  const env = { ...process.env, ...variables };
  return {
    name: 'node',
    version: `Node ${process.versions.node}`,
    call: (exportName, ...values) => run(callExpression(address, exportName, values), env),
    close: async () => {},
  };
}

function run<Result>(expression: string, env: NodeJS.ProcessEnv): Promise<Result> {
  // An error is an answer too; Dawn, which keeps Node alive, is left behind.
  const script = `
    const answer = await ${expression}.then((result) => ({ result }), ({ message }) => ({ message }));
    process.stdout.write('\\n' + JSON.stringify(answer), () => process.exit(0));`;
  const parameters = ['--input-type=module', '--eval', script];
  const options = { env, timeout: CALL_LIMIT, killSignal: 'SIGKILL' } as const;
  return new Promise((fulfil, reject) => {
    execFile(process.execPath, parameters, options, (error, out, messages) => {
      if (error?.killed) return reject(new Error(`no answer within ${CALL_LIMIT / 1000} s`));
      if (error)
        return reject(new Error(`the process ended: ${error.signal ?? `exit code ${error.code}`} ${messages}`));
      const answer = JSON.parse(out.slice(out.lastIndexOf('\n'))) as { result: Result; message?: string };
      return answer.message === undefined ? fulfil(answer.result) : reject(new Error(answer.message));
    });
  });
}
