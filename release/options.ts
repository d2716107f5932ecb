/** What `npm run release` is asked for. PURE */
import { parseArgs } from 'node:util';

export const PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;
export type Platform = (typeof PLATFORMS)[number];
/** Of the single programs of `kubectl skycap`. */
export const PROGRAM_PLATFORMS = [...PLATFORMS, 'darwin/amd64', 'darwin/arm64'] as const;
export type ProgramPlatform = (typeof PROGRAM_PLATFORMS)[number];

export interface ReleaseOptions {
  /** The name of the image without tag, such as `registry.example/skycap`. */
  readonly repository: string;
  /** Default: the version in package.json of the sources. */
  readonly version: string | undefined;
  /** A tag or a commit whose sources are released. Default: the files of this checkout as they are. */
  readonly from: string | undefined;
  /** Of the image. */
  readonly platforms: readonly Platform[];
  readonly programPlatforms: readonly ProgramPlatform[];
  readonly output: string;
  /** Where the files of the release will be, for Krew's manifest. Default: no such manifest. */
  readonly url: string | undefined;
  /** Take the base images of the Dockerfile from their registry; otherwise they are made here from Debian's packages. */
  readonly pull: boolean;
}

export const USAGE = `npm run release -- [--registry NAME] [--version X.Y.Z] [--from TAG|COMMIT] [--platform LIST] [--output FOLDER] [--url URL] [--pull]

  --registry NAME    the image is NAME/skycap (default: localhost, for nodes that import the archive)
  --version X.Y.Z    default: the version in package.json
  --from COMMIT      release the sources of a tag or commit; default: the files as they are
  --platform LIST    default: ${PROGRAM_PLATFORMS.join()}; for darwin there is kubectl skycap alone
  --output FOLDER    default: dist/release
  --url URL          where the files can be downloaded: also writes Krew's manifest for kubectl skycap
  --pull             take the base images from their registry; default: make them from Debian's packages`;

/** SemVer without build metadata: a tag of an image has no "+". */
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** Host, port and path, each part as the specification of OCI distribution has it. */
const REGISTRY = /^[a-z0-9]+([.-][a-z0-9]+)*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** @throws {RangeError} that names the option, its value and the remedy. */
export function parseReleaseOptions(args: readonly string[]): ReleaseOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      registry: { type: 'string', default: 'localhost' },
      version: { type: 'string' },
      from: { type: 'string' },
      platform: { type: 'string', default: PROGRAM_PLATFORMS.join() },
      output: { type: 'string', default: 'dist/release' },
      url: { type: 'string' },
      pull: { type: 'boolean', default: false },
    },
  });
  if (!REGISTRY.test(values.registry)) {
    throw new RangeError(
      `Cannot use --registry "${values.registry}": write a host and a path in lower case, such as registry.example/team`,
    );
  }
  if (values.version !== undefined) checkVersion(values.version);
  return {
    repository: `${values.registry}/skycap`,
    version: values.version,
    from: values.from,
    ...parsePlatforms(values.platform),
    output: values.output,
    url: parseUrl(values.url),
    pull: values.pull,
  };
}

/** @returns the version itself. @throws {RangeError} */
export function checkVersion(version: string): string {
  if (VERSION.test(version)) return version;
  throw new RangeError(`Cannot use the version "${version}": write three numbers, such as 1.2.3 or 1.2.3-rc.1`);
}

function parseUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url?.protocol === 'https:' && url.search === '' && url.hash === '') return url.href.replace(/\/+$/, '');
  throw new RangeError(`Cannot use --url "${text}": write an address such as https://downloads.example/v1.2.3`);
}

function parsePlatforms(list: string): Pick<ReleaseOptions, 'platforms' | 'programPlatforms'> {
  const words = [...new Set(list.split(','))];
  const isOneOf =
    <T extends string>(known: readonly T[]) =>
    (word: string): word is T =>
      (known as readonly string[]).includes(word);
  const isKnown = isOneOf(PROGRAM_PLATFORMS);
  const unknown = words.find((word) => !isKnown(word));
  if (unknown !== undefined)
    throw new RangeError(`Cannot build for --platform "${unknown}": write some of ${PROGRAM_PLATFORMS.join()}`);
  const platforms = words.filter(isOneOf(PLATFORMS));
  if (platforms.length === 0)
    throw new RangeError(`Cannot build for --platform "${list}" alone: add ${PLATFORMS.join(' or ')}, for the image`);
  return { platforms, programPlatforms: words.filter(isKnown) };
}
