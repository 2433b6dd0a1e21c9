import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBrowsers, installBrowser } from '../../src/cli/browsers.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'equilibra-browsers-'));
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

/** Creates a program that answers `--version` as a browser does. */
function plant(path: string, version: string, exitCode = 0): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${version} built on Somewhere"\nexit ${exitCode}\n`);
  chmodSync(file, 0o755);
  return file;
}

const search = (environment: Record<string, string> = {}, systemPaths: string[] = []) => ({
  environment,
  home,
  platform: 'linux' as const,
  systemPaths,
});

const cached = (version: string) => `.cache/puppeteer/chrome/linux-${version}/chrome-linux64/chrome`;

describe('findBrowsers', () => {
  test('asks the environment first, then the system, then the cache, newest first', () => {
    const chosen = plant('chosen', 'Chromium 1.0.0');
    const system = plant('system', 'Google Chrome 2.0');
    const older = plant(cached('99.0.1'), 'Google Chrome for Testing 99.0.1');
    const newer = plant(cached('131.0.2'), 'Google Chrome for Testing 131.0.2');
    expect(findBrowsers(search({ CHROME_PATH: chosen }, [system, join(home, 'absent')]))).toEqual([
      { path: chosen, version: 'Chromium 1.0.0', source: 'CHROME_PATH' },
      { path: system, version: 'Google Chrome 2.0', source: 'system' },
      { path: newer, version: 'Google Chrome for Testing 131.0.2', source: "Puppeteer's cache" },
      { path: older, version: 'Google Chrome for Testing 99.0.1', source: "Puppeteer's cache" },
    ]);
  });

  test('names the software driver beside the browser', () => {
    const path = plant(cached('1.2.3'), 'Google Chrome for Testing 1.2.3');
    const icd = join(dirname(path), 'vk_swiftshader_icd.json');
    writeFileSync(icd, '{}');
    expect(findBrowsers(search())[0].swiftshaderIcd).toBe(icd);
  });

  test('honours PUPPETEER_CACHE_DIR', () => {
    const path = plant('elsewhere/chrome/linux-7.0/chrome-linux64/chrome', 'Google Chrome for Testing 7.0');
    expect(findBrowsers(search({ PUPPETEER_CACHE_DIR: join(home, 'elsewhere') }))[0].path).toBe(path);
  });

  test('leaves out browsers that do not start', () => {
    const path = plant('broken', 'Chromium 3.0', 127);
    expect(findBrowsers(search({}, [path]))).toEqual([]);
  });

  test('does not silently ignore a wrong choice of the user', () => {
    const missing = join(home, 'missing');
    expect(() => findBrowsers(search({ CHROME_PATH: missing }))).toThrow(`CHROME_PATH is ${missing}`);
    const broken = plant('broken', 'no version here');
    expect(() => findBrowsers(search({ PUPPETEER_EXECUTABLE_PATH: broken }))).toThrow('PUPPETEER_EXECUTABLE_PATH is');
  });

  test('finds one on this computer, where the browser tests need it', () => {
    expect(findBrowsers()[0]?.version).toMatch(/\d+\.\d+/);
  });
});

describe('installBrowser', () => {
  test('accepts the browser that Puppeteer installs', () => {
    const commands: string[] = [];
    const browser = installBrowser((program, parameters) => {
      commands.push([program, ...parameters].join(' '));
      plant(cached('5.0'), 'Google Chrome for Testing 5.0');
      return true;
    }, search());
    expect(browser.version).toBe('Google Chrome for Testing 5.0');
    expect(commands).toEqual(['npx --yes puppeteer browsers install chrome']);
  });

  test('says what to do when nothing helps', () => {
    expect(() => installBrowser(() => false, search())).toThrow(/no browser could be installed.*CHROME_PATH/s);
  });
});
