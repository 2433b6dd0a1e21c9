import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** A Chrome or Chromium on this computer. */
export interface Browser {
  /** The program to start. */
  readonly path: string;
  /** Such as "Chromium 131.0.6778.85". On Windows it is "unknown", since Chrome does not print it there. */
  readonly version: string;
  /** Where it was found: the name of an environment variable, "system" or "Puppeteer's cache". */
  readonly source: string;
  /** The description file of the software Vulkan driver that comes with the browser, for Dawn in Node. */
  readonly swiftshaderIcd?: string;
}

/** Where to look. The defaults are this computer and the environment of this process. */
export interface SearchOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  readonly platform?: NodeJS.Platform;
  /** The programs to look for in place of the usual locations. */
  readonly systemPaths?: readonly string[];
}

/**
 * Finds the browsers on this computer, in order of preference: CHROME_PATH and PUPPETEER_EXECUTABLE_PATH, the usual
 * locations, and the browsers that Puppeteer has installed, the newest first. A browser that does not start is left
 * out.
 *
 * @throws Error where CHROME_PATH or PUPPETEER_EXECUTABLE_PATH names a missing file or one that does not start, since
 *   the user chose that browser
 */
export function findBrowsers(options: SearchOptions = {}): Browser[] {
  const { environment = process.env, home = homedir(), platform = process.platform } = options;
  const found: Browser[] = [];
  for (const name of ['CHROME_PATH', 'PUPPETEER_EXECUTABLE_PATH']) {
    const path = environment[name];
    if (!path) continue;
    const browser = describeBrowser(path, name, platform);
    if (!browser) throw new Error(`${name} is ${path}, which is not a browser that starts; correct it or unset it`);
    found.push(browser);
  }
  const cache = environment.PUPPETEER_CACHE_DIR ?? join(home, '.cache', 'puppeteer');
  const candidates = [
    ...(options.systemPaths ?? listUsualPaths(platform, environment)).map((path) => [path, 'system']),
    ...listCachedPaths(cache, platform).map((path) => [path, "Puppeteer's cache"]),
  ];
  for (const [path, source] of candidates) {
    if (found.some((browser) => browser.path === path)) continue;
    const browser = describeBrowser(path, source, platform);
    if (browser) found.push(browser);
  }
  return found;
}

/** Runs a program, shows its output, and returns whether it succeeded. */
export type Runner = (program: string, parameters: readonly string[]) => boolean;

/**
 * Installs Chrome with Puppeteer's installer. Where that fails and the user is root on Debian or Ubuntu, it installs
 * Chromium with apt-get. Returns the browser that is then found.
 *
 * @throws Error that says what to do where neither yields a browser that starts
 */
export function installBrowser(run: Runner = runVisibly, options: SearchOptions = {}): Browser {
  const { platform = process.platform } = options;
  run(platform === 'win32' ? 'npx.cmd' : 'npx', ['--yes', 'puppeteer', 'browsers', 'install', 'chrome']);
  const installed = findBrowsers(options)[0];
  if (installed) return installed;
  const root = process.getuid?.() === 0;
  if (platform === 'linux' && root && existsSync('/usr/bin/apt-get')) {
    const done = run('apt-get', ['update']) && run('apt-get', ['install', '--yes', 'chromium']);
    const system = findBrowsers(options)[0];
    if (done && system) return system;
  }
  throw new Error(
    'no browser could be installed. Install Chrome or Chromium (on Debian and Ubuntu, as root: apt-get install chromium), ' +
      'or set CHROME_PATH to one that is already there',
  );
}

function runVisibly(program: string, parameters: readonly string[]): boolean {
  // On Windows npx is a batch file, and Node starts these only through the shell.
  const shell = program.endsWith('.cmd');
  return spawnSync(program, parameters, { stdio: ['ignore', 2, 2], shell }).status === 0;
}

function listUsualPaths(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  if (platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Google Chrome Canary'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (platform === 'win32') {
    return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
      const folder = environment[name];
      return folder ? [join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')] : [];
    });
  }
  return [
    '/usr/bin/google-chrome-stable',
    '/usr/bin/google-chrome',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/snap/bin/chromium',
  ];
}

/** Lists the programs at cache/chrome/<platform>-<version>/<folder>/<program>, where Puppeteer installs them. */
function listCachedPaths(cache: string, platform: NodeJS.Platform): string[] {
  const versions = join(cache, 'chrome');
  const newestFirst = listEntries(versions).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return newestFirst.flatMap((version) =>
    listEntries(join(versions, version)).map((folder) => {
      const inside = join(versions, version, folder);
      if (platform === 'win32') return join(inside, 'chrome.exe');
      if (platform !== 'darwin') return join(inside, 'chrome');
      const name = 'Google Chrome for Testing';
      return join(inside, `${name}.app`, 'Contents', 'MacOS', name);
    }),
  );
}

function describeBrowser(path: string, source: string, platform: NodeJS.Platform): Browser | undefined {
  if (!existsSync(path)) return undefined;
  const version = readVersion(path, platform);
  if (version === undefined) return undefined;
  const swiftshaderIcd = findDriver(path, platform);
  return { path, version, source, ...(swiftshaderIcd && { swiftshaderIcd }) };
}

function readVersion(path: string, platform: NodeJS.Platform): string | undefined {
  // On Windows `--version` opens a window instead.
  if (platform === 'win32') return 'unknown';
  try {
    const output = execFileSync(path, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 30_000 });
    return output.toString().match(/[A-Z][A-Za-z ]*? \d+(\.\d+)+/)?.[0];
  } catch {
    return undefined;
  }
}

function findDriver(path: string, platform: NodeJS.Platform): string | undefined {
  const folder = dirname(realpathSync(path));
  const folders = [folder];
  // Distributions install a script in /usr/bin and the browser itself under /usr/lib.
  if (folder === '/usr/bin') folders.push('/usr/lib/chromium', '/usr/lib/chromium-browser');
  if (platform === 'darwin') {
    const frameworks = join(folder, '..', 'Frameworks');
    for (const framework of listEntries(frameworks)) {
      const versions = join(frameworks, framework, 'Versions');
      folders.push(...listEntries(versions).map((version) => join(versions, version, 'Libraries')));
    }
  }
  return folders.map((each) => join(each, 'vk_swiftshader_icd.json')).find((file) => existsSync(file));
}

function listEntries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
