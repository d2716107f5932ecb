/** Computes the sources of another Debian release: the machine's own mirrors, with the name of that release. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const APT = '/etc/apt';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

interface SourcesFile {
  readonly name: string;
  readonly text: string;
}

/** @returns one-line-style sources (sources.list(5)) for the suite. */
export async function debianSourcesFor(suite: string): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  const files = await readSources();
  return sourcesFor(suite, codename ?? '', files);
}

/** The machine's mirrors that have `codename`, said for `suite`. @throws {Error} when there are none. */
export function sourcesFor(suite: string, codename: string, files: readonly SourcesFile[]): string {
  const lines = files.flatMap(({ name, text }) => (name.endsWith('.sources') ? fromDeb822(text) : fromOneLine(text)));
  const own = lines.filter(([, from]) => codename !== '' && (from === codename || from.startsWith(`${codename}-`)));
  if (own.length === 0) {
    throw new Error(
      `Cannot make the image's base: no source in ${APT} has Debian "${codename}"; the lab takes packages from this machine's own sources`,
    );
  }
  const chosen = own.map(([uri, from]) => [uri, from.replace(codename, suite)] as const);
  const unique = new Set(chosen.map(([uri, name]) => `deb [signed-by=${KEYRING}] ${uri} ${name} main\n`));
  return [...unique].join('');
}

async function readSources(): Promise<SourcesFile[]> {
  const folder = join(APT, 'sources.list.d');
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  const paths = [join(APT, 'sources.list'), ...names.map((name) => join(folder, name))];
  return Promise.all(paths.map(async (name) => ({ name, text: await readFile(name, 'utf8').catch(() => '') })));
}

/** `deb [options] URI suite components`, as the installer writes it. Only Debian's own archive is of use. */
function fromOneLine(text: string): [string, string][] {
  return [...text.matchAll(/^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/gm)]
    .filter(([, uri = '', , components = '']) => isDebianArchive(uri) && components.split(/\s+/).includes('main'))
    .map(([, uri = '', suite = '']) => [uri, suite]);
}

/** Paragraphs of `Field: value`, as images have it (deb822-style). */
function fromDeb822(text: string): [string, string][] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (name: string) => (new RegExp(`^${name}:(.*)$`, 'mi').exec(paragraph)?.[1] ?? '').trim().split(/\s+/);
    if (!field('Types').includes('deb') || !field('Components').includes('main') || field('Enabled')[0] === 'no')
      return [];
    return field('URIs')
      .filter(isDebianArchive)
      .flatMap((uri) => field('Suites').map((suite): [string, string] => [uri, suite]));
  });
}

/** Of the mirrors on a machine only Debian's carry another Debian release; other vendors' do not. */
function isDebianArchive(uri: string): boolean {
  return /^https?:\/\/.*\/debian(-security)?\/?$/.test(uri);
}
