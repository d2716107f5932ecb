/**
 * The rules of docs/architecture.md that a compiler does not see: who may import what, how long a file may be, which words need a page.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** `cli` is the kubectl plugin. */
const COMPONENTS = ['webhook', 'allocator', 'speaker', 'cli'] as const;
const MOST_LINES = 400;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Packages and built-ins by name, own files by their path from the root. */
  readonly imports: readonly string[];
}

function sourceFiles(): SourceFile[] {
  return ['lib', ...COMPONENTS].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readSource(join(folder, name))),
  );
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const specifiers = [...text.matchAll(/^\s*(?:import|export)\b[^;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  const imports = specifiers.map((specifier) =>
    specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), specifier)) : specifier,
  );
  return { path, text, imports };
}

const files = sourceFiles();
const isIn = (folder: string) => (file: SourceFile) => file.path.startsWith(`${folder}/`);
const offenders = (of: readonly SourceFile[], isBad: (imported: string, file: SourceFile) => boolean): string[] =>
  of.flatMap((file) =>
    file.imports.filter((imported) => isBad(imported, file)).map((imported) => `${file.path} → ${imported}`),
  );

test('there are source files to look at', () => {
  for (const folder of ['lib', ...COMPONENTS]) expect(files.filter(isIn(folder)).length).toBeGreaterThan(3);
});

test.each(COMPONENTS)('%s imports lib/ and itself only', (component) => {
  const others = ['test', ...COMPONENTS.filter((name) => name !== component)];
  expect(offenders(files.filter(isIn(component)), (to) => others.some((other) => to.startsWith(`${other}/`)))).toEqual(
    [],
  );
});

test('lib/ imports no component', () => {
  expect(
    offenders(files.filter(isIn('lib')), (to) => ['test', ...COMPONENTS].some((name) => to.startsWith(`${name}/`))),
  ).toEqual([]);
});

/** The rooms of lib/ from the ground up: a room imports lower floors, and no other room of its own floor. */
const FLOORS = [
  ['net'],
  ['api'],
  ['ipam'],
  ['announce'],
  ['snapshot', 'reach'],
  ['bgp', 'layer2'],
  ['preflight', 'explain'],
] as const;
/** These two stand beside: the floors from ipam up may not be imported by them, and only the rooms named here import them. */
const IMPORT_KUBE: readonly string[] = ['ipam', 'reach', 'preflight', 'explain'];
const IMPORT_PROCESS: readonly string[] = ['kube'];

test('inside lib/ the arrows point one way', () => {
  const floorOf = (room: string): number => FLOORS.findIndex((rooms) => rooms.some((one) => one === room));
  const roomOf = (path: string): string => path.split('/')[1] ?? '';
  const mayNot = (from: string, to: string): boolean => {
    if (from === to) return false;
    if (to === 'kube') return !IMPORT_KUBE.includes(from);
    if (to === 'process') return !IMPORT_PROCESS.includes(from);
    return floorOf(from) === -1 ? floorOf(to) >= floorOf('ipam') : floorOf(to) >= floorOf(from);
  };
  const inLib = files.filter(isIn('lib'));
  const rooms = new Set(inLib.map(({ path }) => roomOf(path)));
  expect([...rooms].filter((room) => floorOf(room) === -1).sort()).toEqual(['kube', 'process']);
  expect(offenders(inLib, (to, { path }) => to.startsWith('lib/') && mayNot(roomOf(path), roomOf(to)))).toEqual([]);
});

test('only lib/kube knows the Kubernetes client package', () => {
  const outside = files.filter((file) => !isIn('lib/kube')(file));
  expect(offenders(outside, (to) => to.startsWith('@kubernetes/'))).toEqual([]);
});

/** Rooms of each part, from the top to the bottom: a room imports the rooms below it and no others. A name that ends in .ts is a file beside the folders. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  allocator: [
    'main.ts',
    'leader',
    'orphans',
    'announced',
    'services',
    'claims',
    'assignment',
    'status',
    'deps.ts',
    'cluster',
    'metrics.ts',
    'config.ts',
  ],
  webhook: ['main.ts', 'webhook.ts', 'server.ts', 'admission', 'service', 'cluster', 'review', 'tls', 'config.ts'],
  speaker: [
    'main.ts',
    'planner.ts',
    'loop.ts',
    'report',
    'l2',
    'bird',
    'hand-over.ts',
    'maintenance',
    'cluster',
    'metrics.ts',
    'config.ts',
  ],
  cli: ['main.ts', 'program', 'commands', 'cluster', 'session', 'output', 'exit-codes.ts', 'polyfills.ts'],
  'speaker/bird': [
    'apply.ts',
    'busy-port.ts',
    'bfd-ports.ts',
    'listening.ts',
    'watch.ts',
    'session',
    'control.ts',
    'reply.ts',
    'config',
  ],
  'speaker/l2': [
    'layer2.ts',
    'layer2-options.ts',
    'layer2-term.ts',
    'ownership-loop.ts',
    'ownership-reporter.ts',
    'address-prober.ts',
    'responder',
    'conflicts',
    'ownership',
    'peers',
    'link',
    'frames',
  ],
  'speaker/l2/responder': ['', 'linux', 'rules'],
  'lib/api': ['policy', 'bgp', 'service', 'eip', 'skycap', 'meta', ''],
  'lib/ipam': ['admission', 'history', 'assignment', 'claims', 'choice', 'pools'],
  'lib/preflight': ['rivals', 'crds', 'node', 'network', 'install', ''],
  'lib/kube': ['http', 'events', 'election', 'cache', 'transport', 'access', ''],
  'lib/process': ['health', 'loop', ''],
};
const MOST_ENTRIES = 12;

test.each(Object.entries(ROOMS))('inside %s/ the rooms depend one way', (part, rooms) => {
  const rankOf = (path: string): number => {
    const [first = '', ...rest] = path.slice(part.length + 1).split('/');
    const rank = rooms.indexOf(first);
    return rank === -1 && rest.length === 0 ? rooms.indexOf('') : rank;
  };
  const within = files.filter(isIn(part));
  expect(within.filter(({ path }) => rankOf(path) === -1).map(({ path }) => path)).toEqual([]);
  expect(offenders(within, (to, { path }) => to.startsWith(`${part}/`) && rankOf(to) < rankOf(path))).toEqual([]);
});

test(`no folder has more than ${MOST_ENTRIES} entries`, () => {
  const entries = new Map<string, Set<string>>();
  for (const { path } of files) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join('/');
      entries.set(folder, (entries.get(folder) ?? new Set()).add(parts[depth]!));
    }
  }
  expect([...entries].filter(([, names]) => names.size > MOST_ENTRIES).map(([folder]) => folder)).toEqual([]);
});

const PURE_FOLDERS = [
  'lib/net',
  'lib/announce',
  'lib/snapshot',
  'lib/bgp',
  'lib/layer2',
  'lib/ipam/admission',
  'lib/ipam/assignment',
  'lib/explain',
  'lib/ipam/choice',
  'lib/ipam/pools',
  'speaker/l2/frames',
];
/** By its first comment. */
const saysPure = ({ text }: SourceFile): boolean => /\bPURE\b(?! but)/.test(text.slice(0, text.indexOf('*/')));

test('a file that says it is pure has no state, no clock, no input and no output', () => {
  const pure = files.filter(
    (file) =>
      saysPure(file) ||
      PURE_FOLDERS.some((folder) => isIn(folder)(file)) ||
      /\/(decide|plan|render|model|reply)[^/]*\.ts$/.test(file.path),
  );
  expect(pure.length).toBeGreaterThan(60);
  const impure =
    /^(node:(fs|child_process|http|https|dgram|dns|tls|worker_threads|timers).*|pino|undici|express|prom-client)$/;
  expect(offenders(pure, (to) => impure.test(to))).toEqual([]);
  const clock = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/;
  expect(pure.filter(({ text }) => clock.test(text)).map(({ path }) => path)).toEqual([]);
  const state = /^(export )?(let |const \w+(: [^=]+)? = new (Map|Set|WeakMap|WeakSet)(<.*>)?\(\))/m;
  expect(files.filter((file) => saysPure(file) && state.test(file.text)).map(({ path }) => path)).toEqual([]);
});

test('only main.ts reads the environment and the arguments', () => {
  const code = (file: SourceFile) => file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const readers = files.filter((file) => /\bprocess\.(env|argv)\b/.test(code(file)) && !file.path.endsWith('/main.ts'));
  expect(readers.map((file) => file.path)).toEqual([]);
});

test('imports form no circle', () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (trail.includes(path) || done.has(path)) return;
    for (const to of byPath.get(path)?.imports ?? []) if (byPath.has(to)) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
  expect(circles).toEqual([]);
});

test(`no file is longer than ${MOST_LINES} lines, and each says why it exists`, () => {
  expect(files.filter((file) => file.text.split('\n').length > MOST_LINES).map((file) => file.path)).toEqual([]);
  expect(files.filter((file) => !/^\/(\*\*|\/ )/.test(file.text)).map((file) => file.path)).toEqual([]);
});
