/** docs/security.md: the rights and ports of the manifests, and tests that are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentedRights, rightsOfRule, SECURITY_PAGE, tableRows } from '../../support/rights-table.ts';
import { type Manifest, ROOT, readBase } from '../manifests/files.ts';

const base = readBase();
const workloads = base.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet');

test('each account has the rights that the page lists, and no other', () => {
  const bindings = base.filter(({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding');
  const rights = bindings.flatMap(({ kind, roleRef, subjects }: Manifest) => {
    const role = base.find((one) => one.kind === roleRef.kind && one.metadata.name === roleRef.name);
    const place = kind === 'ClusterRoleBinding' ? 'cluster' : 'namespace';
    return subjects.flatMap(({ name }: Manifest) =>
      role.rules.flatMap((rule: Manifest) => rightsOfRule(name.replace('skycap-', ''), place, rule)),
    );
  });
  expect(documentedRights()).toEqual(rights.sort());
});

test('each container has the network and the capabilities that the page lists, and its ports are on the page', () => {
  const rows = tableRows(SECURITY_PAGE, '| container | network | capabilities | port | open to |');
  const containers = workloads.flatMap(({ spec: { template } }) =>
    template.spec.containers.map((container: Manifest) => ({ ...container, host: template.spec.hostNetwork === true })),
  );
  expect([...new Set(rows.map(([name]) => name))].sort()).toEqual(containers.map(({ name }) => name).sort());
  for (const { name, host, securityContext, ports = [], readinessProbe } of containers) {
    const own = rows.filter(([container]) => container === name);
    const capabilities = (securityContext.capabilities.add ?? []).join(', ') || '–';
    for (const row of own) expect(row.slice(1, 3)).toEqual([host ? 'host' : 'pod', capabilities]);
    const listed = own.map(([, , , port]) => Number(port));
    expect(listed).toEqual(expect.arrayContaining(ports.map(({ containerPort }: Manifest) => containerPort)));
    if (host && readinessProbe) expect(listed).toEqual([readinessProbe.httpGet.port]);
  }
});

const limits = [...SECURITY_PAGE.matchAll(/^\| (?:can|cannot) \| (.*?) \| `(test\/[\w./-]+)`: (.*) \|$/gm)].map(
  ([, limit = '', path = '', name = '']): [string, string, string] => [limit, path, name],
);

test('each limit names its test', () => {
  expect(limits.length).toBeGreaterThan(15);
  expect(limits).toHaveLength(SECURITY_PAGE.match(/^\| (?:can|cannot) \|/gm)?.length ?? 0);
});

test.each(limits)('%s', (_, path, name) => {
  expect(existsSync(join(ROOT, path))).toBe(true);
  expect(readFileSync(join(ROOT, path), 'utf8')).toContain(`'${name}'`);
});
