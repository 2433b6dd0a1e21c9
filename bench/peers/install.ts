/** Installs the peers on request, and reports which of them are present. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Relative to the folder of the package, where npm runs scripts. */
export const PEERS = 'bench/peers';

/** What to do where peers are missing. */
export const PEER_CHOICES = ['install', 'present', 'none'] as const;
export type PeerChoice = (typeof PEER_CHOICES)[number];

/** @returns a message if the installation failed */
export function installPeers(): string | undefined {
  if (missingPeers().length === 0) return undefined;
  console.error('installing the peers (npm ci in bench/peers) …');
  const shell = process.platform === 'win32';
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    encoding: 'utf8',
    shell,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return undefined;
  return stderr.split('\n').find((line) => line.startsWith('npm error')) ?? `npm ci ended with ${status}`;
}

/** The names of the packages that are not installed. */
export function missingPeers(): string[] {
  return Object.keys(wanted()).filter((name) => !existsSync(manifestOf(name)));
}

/** The versions of the packages that are installed. */
export function peerVersions(): Record<string, string> {
  const places = [
    ...Object.keys(wanted()).map((name) => [name, manifestOf(name)]),
    ['gpu.js', 'node_modules/gpu.js/package.json'],
  ];
  return Object.fromEntries(
    places
      .filter(([, file]) => existsSync(file))
      .map(([name, file]) => [name, read<{ version: string }>(file).version]),
  );
}

function wanted(): Record<string, string> {
  return read<{ dependencies: Record<string, string> }>(`${PEERS}/package.json`).dependencies;
}

function manifestOf(name: string): string {
  return `${PEERS}/node_modules/${name}/package.json`;
}

function read<Content>(file: string): Content {
  return JSON.parse(readFileSync(file, 'utf8')) as Content;
}
