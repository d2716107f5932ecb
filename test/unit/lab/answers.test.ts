/** Small readers of what other programs say: warnings, audit lines, package states, mounts, backends' answers. */
import { warningsIn } from '../../lab/api.ts';
import { forbiddenIn } from '../../lab/audit.ts';
import { cgroupHierarchies } from '../../lab/cgroups.ts';
import { spreadOf } from '../../lab/demo.ts';
import { missingPackages } from '../../lab/prepare-packages.ts';

describe('warningsIn()', () => {
  test.each([
    [undefined, []],
    ['299 - "assigned 192.0.2.7 from Eip web (17 left)"', ['assigned 192.0.2.7 from Eip web (17 left)']],
    [
      ['299 - "one"', '299 - "two"'],
      ['one', 'two'],
    ],
    ['299 - "one", 299 - "two, three"', ['one', 'two, three']],
    [String.raw`299 - "say \"yes\""`, ['say "yes"']],
  ])('%j is %j', (header, warnings) => {
    expect(warningsIn(header)).toEqual(warnings);
  });
});

test('forbiddenIn() gives what RBAC refused, not what admission did, and leaves out a line that is still being written', () => {
  const line = (code: number, decision: string, name = 'x') =>
    JSON.stringify({
      verb: 'get',
      requestURI: `/${name}`,
      user: {},
      objectRef: { resource: 'eips', name },
      responseStatus: { code },
      annotations: { 'authorization.k8s.io/decision': decision },
    });
  const log = `${line(200, 'allow')}\n${line(403, 'allow')}\n${line(403, 'forbid', 'y')}\n${line(403, 'forbid', 'y').slice(0, 20)}`;
  expect(forbiddenIn(log).map(({ requestURI }) => requestURI)).toEqual(['/y']);
  // An API server that had not read its roles yet.
  expect(forbiddenIn(`${line(403, 'forbid')}\n${line(200, 'allow')}\n`)).toEqual([]);
  expect(forbiddenIn('')).toEqual([]);
});

test.each([
  [30, []],
  [900, ['/refused']],
])('forbiddenIn() leaves out what was refused around a change of a role: %i s after it', (seconds, expected) => {
  const at = (ms: number) => new Date(ms).toISOString();
  const change = {
    ...{ verb: 'delete', requestURI: '/role', user: { username: 'admin' }, requestReceivedTimestamp: at(0) },
    objectRef: { apiGroup: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'skycap-webhook' },
  };
  const refused = {
    ...{ verb: 'get', requestURI: '/refused', user: {}, requestReceivedTimestamp: at(seconds * 1_000) },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  };
  const log = `${JSON.stringify(change)}\n${JSON.stringify(refused)}\n`;
  expect(forbiddenIn(log).map(({ requestURI }) => requestURI)).toEqual(expected);
});

test('missingPackages() asks for files, whoever brought them', async () => {
  const packages = { coreutils: 'ls', shadow: '/etc/passwd', nowhere: 'no-such-program', gone: '/no/such/file' };
  expect(await missingPackages(packages, ['/no/such/folder', '/bin'])).toEqual(['nowhere', 'gone']);
});

test('cgroupHierarchies() knows both versions, side by side or alone', () => {
  const v1 = 'cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';
  expect(cgroupHierarchies(v1)).toEqual([
    { version: 1, path: '/sys/fs/cgroup/memory' },
    { version: 2, path: '/sys/fs/cgroup/unified' },
  ]);
  expect(cgroupHierarchies('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n')).toEqual([
    { version: 2, path: '/sys/fs/cgroup' },
  ]);
});

test('spreadOf() counts answers by node and keeps what failed', () => {
  const spread = spreadOf([
    { ok: true, status: 200, body: 'web-1 on n2, asked by 10.99.0.2\n', milliseconds: 1 },
    { ok: true, status: 200, body: 'web-2 on n1, asked by 10.98.0.12\n', milliseconds: 1 },
    { ok: true, status: 200, body: 'web-1 on n2, asked by 10.99.0.2\n', milliseconds: 1 },
    { ok: true, status: 500, body: 'oops', milliseconds: 1 },
    { ok: false, error: 'ETIMEDOUT', milliseconds: 1 },
  ]);
  expect([...spread.perNode]).toEqual([
    ['n1', 1],
    ['n2', 2],
  ]);
  expect(spread.failures).toEqual(['500 oops', 'ETIMEDOUT']);
  expect([...spread.clientAddresses]).toEqual(['10.99.0.2', '10.98.0.12']);
});
