/** manifests/base: rights as small as they can be, workloads that an administrator would let in, names that agree with each other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig as readAllocatorConfig } from '../../../allocator/config.ts';
import {
  ADDRESSES_ANNOTATION,
  CLAIM_ANNOTATION,
  EIP_LABEL,
  LOAD_BALANCER_CLASS,
  OPENELB_GROUP,
  OPT_IN_VALUES,
  SERVICE_ANNOTATIONS,
  WAITING_SINCE_ANNOTATION,
} from '../../../lib/api/keys.ts';
import { POLICY_KEY } from '../../../lib/api/policy/toml/section.ts';
import { CRD_FIELDS } from '../../../lib/preflight/crds/crd-fields.ts';
import { readConfig as readSpeakerConfig } from '../../../speaker/config.ts';
import { readConfig as readWebhookConfig } from '../../../webhook/config.ts';
import { type Manifest, ROOT, readBase, readCrds, readManifest, readManifests } from './files.ts';

const NAMESPACE = 'skycap-system';
const VERSION: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
const COMPONENTS = ['webhook', 'allocator', 'speaker'] as const;
/** Of those who have any: they are root, and no other is. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  speaker: ['NET_RAW'],
  bird: ['NET_BIND_SERVICE', 'NET_RAW'],
};
const base = readBase();
const ofKind = (...kinds: readonly string[]) => base.filter((object) => kinds.includes(object.kind));
const workloads = ofKind('Deployment', 'DaemonSet');
const only = (kind: string, name: string, namespace?: string): Manifest => {
  const found = ofKind(kind).filter(
    (object) => object.metadata.name === name && (namespace === undefined || object.metadata.namespace === namespace),
  );
  expect(found).toHaveLength(1);
  return found[0];
};

describe('every object', () => {
  it('is named skycap…, carries the usual labels, and is in our namespace if it is in one', () => {
    for (const object of base) {
      expect(object.metadata.name).toMatch(/^skycap/);
      expect(object.metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'skycap',
        'app.kubernetes.io/part-of': 'skycap',
      });
      if (object.metadata.namespace) expect(object.metadata.namespace).toBe(NAMESPACE);
    }
  });

  it('stands in a file that its kustomization lists', () => {
    for (const folder of ['manifests/base', 'manifests/crds', 'examples']) {
      const files = readManifests(folder).map((file) => file.path.slice(folder.length + 1));
      const listed = readManifest(`${folder}/kustomization.yaml`).objects[0].resources;
      expect([...listed].sort()).toEqual(files.filter((file) => file !== 'kustomization.yaml').sort());
    }
  });
});

describe('rights', () => {
  const roles = ofKind('Role', 'ClusterRole');
  const rules = roles.flatMap((role) =>
    role.rules.map((rule: Manifest) => ({ role: `${role.kind} ${role.metadata.name}`, ...rule })),
  );

  it('have no wildcard and no way to more rights', () => {
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs].join()).not.toContain('*');
      for (const verb of ['escalate', 'bind', 'impersonate', 'deletecollection'])
        expect(rule.verbs).not.toContain(verb);
      expect(rule.nonResourceURLs).toBeUndefined();
    }
  });

  it('reach two Secrets, by their names: the certificate for the webhook, the passwords of BGP for the speakers', () => {
    const secrets = rules.filter((rule: Manifest) => rule.resources.includes('secrets'));
    expect(secrets).toMatchObject([
      { role: 'Role skycap-webhook', resourceNames: ['skycap-webhook-tls'] },
      { role: 'Role skycap-bgp-passwords', resourceNames: ['skycap-bgp-passwords'], verbs: ['list', 'watch'] },
    ]);
    // RBAC asks for the name where server-side apply creates.
    expect(secrets[0].verbs).toEqual(['list', 'watch', 'update', 'create', 'patch']);
    expect(only('ValidatingAdmissionPolicy', 'skycap-webhook').spec.validations[0].expression).toBe(
      "object.type == 'Opaque'",
    );
    expect(only('Secret', 'skycap-webhook-tls').data).toBeUndefined();
  });

  it('let view, edit and admin of Kubernetes read every kind of ours, and view no BgpPeer, which may have a password', () => {
    const rightsIn = (name: string): Manifest[] =>
      roles.filter(({ metadata }) => metadata.labels?.[`rbac.authorization.k8s.io/aggregate-to-${name}`] === 'true');
    const readable = (found: Manifest[]): string[] =>
      found.flatMap((role) => role.rules).flatMap((rule) => rule.resources);
    const peers = readable(rightsIn('edit'));
    expect(peers).toEqual(['bgppeers']);
    const all = [...readable(rightsIn('view')), ...peers];
    expect(all.sort()).toEqual(
      Object.keys(CRD_FIELDS)
        .map((name) => name.split('.')[0])
        .sort(),
    );
    for (const { rules } of [...rightsIn('view'), ...rightsIn('edit')])
      for (const { verbs } of rules) expect(verbs).toEqual(['get', 'list', 'watch']);
  });

  it('name the configurations and the Lease that are meant', () => {
    for (const rule of rules) {
      // Those of others are listed to name one that is in the way.
      if (rule.apiGroups.includes('admissionregistration.k8s.io') && rule.verbs.join() !== 'list')
        expect(rule.resourceNames).toEqual(['skycap']);
      if (rule.resources.includes('leases') && !rule.verbs.includes('create'))
        expect([['skycap-allocator'], ['openelb-controller']]).toContainEqual(rule.resourceNames);
    }
  });

  it('let the allocator read every definition of Skycap, for the preflight', () => {
    const reading = rules.filter(
      (rule: Manifest) =>
        rule.role === 'ClusterRole skycap-allocator' && rule.apiGroups.includes('apiextensions.k8s.io'),
    );
    expect(reading).toHaveLength(1);
    expect([...reading[0].resourceNames].sort()).toEqual(Object.keys(CRD_FIELDS).sort());
  });

  it('name only resources of ours that exist', () => {
    const crds = readCrds();
    for (const rule of rules) {
      if (!rule.apiGroups.some((group: string) => group === 'skycap.io' || group === OPENELB_GROUP)) continue;
      for (const resource of rule.resources) {
        const [plural, subresource] = resource.split('/');
        expect(rule.apiGroups).toEqual([crds[plural].spec.group]);
        const stored = crds[plural].spec.versions.find((version: Manifest) => version.storage);
        if (subresource) expect(stored.subresources).toHaveProperty(subresource);
      }
    }
  });

  it('let nobody write Services but the allocator their status, only the speaker write Speakers, and nobody the spec of another kind', () => {
    const WRITE = ['create', 'update', 'patch', 'delete'];
    const writers = (resource: string) =>
      rules
        .filter(
          (rule: Manifest) =>
            rule.resources.includes(resource) && rule.verbs.some((verb: string) => WRITE.includes(verb)),
        )
        .map((rule: Manifest) => rule.role);
    expect(writers('services')).toEqual([]);
    expect(writers('services/status')).toEqual(['ClusterRole skycap-allocator']);
    expect(writers('speakers')).toEqual(['ClusterRole skycap-speaker']);
    expect(writers('speakers/status')).toEqual(['ClusterRole skycap-speaker']);
    expect(writers('eipclaims')).toEqual(['ClusterRole skycap-webhook', 'ClusterRole skycap-allocator']);
    expect(writers('addresshistories')).toEqual(['ClusterRole skycap-allocator']);
    expect(writers('nodes')).toEqual([]);
    expect(writers('endpointslices')).toEqual([]);
  });

  it.each(COMPONENTS)('of %s are bound to its ServiceAccount and no other', (component) => {
    const name = `skycap-${component}`;
    only('ServiceAccount', name, NAMESPACE);
    for (const role of roles.filter((candidate) => candidate.metadata.name === name)) {
      const binding = only(`${role.kind}Binding`, name, role.metadata.namespace);
      expect(binding.roleRef).toEqual({ apiGroup: 'rbac.authorization.k8s.io', kind: role.kind, name });
      expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name, namespace: NAMESPACE }]);
    }
  });
});

describe.each(COMPONENTS)('workload %s', (component) => {
  const workload = workloads.find((candidate) => candidate.metadata.name === `skycap-${component}`);
  const pod = workload.spec.template.spec;

  it('selects its own pods', () => {
    expect(workload.spec.template.metadata.labels).toMatchObject(workload.spec.selector.matchLabels);
    expect(workload.spec.selector.matchLabels['app.kubernetes.io/component']).toBe(component);
    expect(pod.serviceAccountName).toBe(`skycap-${component}`);
  });

  it('runs the one image with no more than it needs', () => {
    expect(pod.securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(pod.priorityClassName).toMatch(/^system-(cluster|node)-critical$/);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(0);
    for (const container of pod.containers) {
      expect(container.image).toBe(`skycap:${VERSION}`);
      expect(container.imagePullPolicy).toBeUndefined();
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.securityContext.privileged).toBeUndefined();
      const added = CAPABILITIES[container.name] ?? [];
      expect(container.securityContext.capabilities.add ?? []).toEqual(added);
      const user = container.securityContext.runAsUser ?? pod.securityContext.runAsUser;
      expect(user).toBe(added.length > 0 ? 0 : 10001);
      expect(container.resources.requests).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
      // A limit on CPU would only make it slow when it matters; memory is bounded.
      expect(Object.keys(container.resources.limits)).toEqual(['memory']);
    }
  });

  it('is probed', () => {
    const main = pod.containers.find((container: Manifest) => container.name === component);
    expect(main.command).toEqual(['node', `/app/${component}.js`]);
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      expect(main[probe].httpGet.path).toMatch(/^\/(healthz|readyz)$/);
      expect(main[probe].httpGet.scheme ?? 'HTTP').toBe(component === 'webhook' ? 'HTTPS' : 'HTTP');
    }
    expect(main.livenessProbe.httpGet.path).toBe('/healthz');
    expect(main.readinessProbe.httpGet.path).toBe('/readyz');
  });

  it('has its settings from the one place', () => {
    const main = pod.containers.find((container: Manifest) => container.name === component);
    expect(main.envFrom).toEqual([{ configMapRef: { name: 'skycap-settings' } }]);
  });

  it('mounts nothing of the host', () => {
    for (const volume of pod.volumes ?? []) expect(Object.keys(volume).sort()).toEqual(['emptyDir', 'name']);
  });

  it('runs twice, apart from each other, and one may always go', () => {
    if (component === 'speaker') return expect(pod.hostNetwork).toBe(true);
    expect(workload.spec.replicas).toBe(2);
    expect(pod.hostNetwork).toBeUndefined();
    const [term] = pod.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    expect(term.podAffinityTerm.labelSelector.matchLabels).toEqual(workload.spec.selector.matchLabels);
    const budget = only('PodDisruptionBudget', `skycap-${component}`);
    expect(budget.spec.selector.matchLabels).toEqual(workload.spec.selector.matchLabels);
    expect(budget.spec.minAvailable).toBe(1);
  });
});

test('every setting is read by a component, which has the same default', () => {
  const text = readFileSync(join(ROOT, 'manifests/base/settings.env'), 'utf8');
  const settings = Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const pod = { POD_NAMESPACE: NAMESPACE, POD_NAME: 'a', NODE_NAME: 'n' };
  const sources = COMPONENTS.map((component) => readFileSync(join(ROOT, component, 'config.ts'), 'utf8')).join('\n');
  for (const variable of Object.keys(settings)) expect(sources).toContain(`'${variable}'`);
  for (const readConfig of [readWebhookConfig, readAllocatorConfig, readSpeakerConfig]) {
    expect(readConfig({ ...pod, ...settings })).toEqual(readConfig(pod));
  }
});

describe('the webhook configurations', () => {
  const mutating = only('MutatingWebhookConfiguration', 'skycap').webhooks[0];
  const [validating, policies] = only('ValidatingWebhookConfiguration', 'skycap').webhooks;
  const service = only('Service', 'skycap-webhook');

  it('never stand in the way', () => {
    for (const { failurePolicy } of [mutating, validating, policies]) expect(failurePolicy).toBe('Ignore');
    expect(mutating.timeoutSeconds).toBeLessThanOrEqual(3);
    expect(mutating.sideEffects).toBe('NoneOnDryRun');
    expect(mutating.reinvocationPolicy).toBe('IfNeeded');
    expect(validating.sideEffects).toBe('None');
    for (const webhook of [mutating, validating, policies]) expect(webhook.matchPolicy).toBe('Equivalent');
  });

  it('call the webhook where it listens, and leave the caBundle to it', () => {
    const { containers } = workloads.find((workload) => workload.metadata.name === 'skycap-webhook').spec.template.spec;
    const [port] = service.spec.ports;
    expect(service.spec.selector).toEqual(only('Deployment', 'skycap-webhook').spec.selector.matchLabels);
    expect(containers[0].ports).toContainEqual({ name: port.targetPort, containerPort: 8443 });
    for (const [webhook, path] of [
      [mutating, '/mutate'],
      [validating, '/validate'],
      [policies, '/validate'],
    ] as const) {
      expect(webhook.clientConfig).toEqual({
        service: { namespace: NAMESPACE, name: service.metadata.name, port: port.port, path },
      });
    }
  });

  it('spell keys and names as the code does', () => {
    const [mine, notAllocator] = mutating.matchConditions.map((condition: Manifest) => condition.expression);
    for (const key of SERVICE_ANNOTATIONS.optIn) expect(mine).toContain(`'${key}'`);
    expect(mine).toContain(`in [${OPT_IN_VALUES.map((value) => `'${value}'`).join(', ')}]`);
    expect(mine).toContain(`== '${LOAD_BALANCER_CLASS}'`);
    const marks = [ADDRESSES_ANNOTATION, CLAIM_ANNOTATION, WAITING_SINCE_ANNOTATION].map((key) => `'${key}'`);
    expect(mine).toContain(`[${marks.join(', ')}].exists(`);
    expect(mine).toContain(`'${EIP_LABEL}' in object.metadata.labels`);
    const { metadata } = only('ServiceAccount', 'skycap-allocator');
    expect(notAllocator).toContain(`'system:serviceaccount:${metadata.namespace}:${metadata.name}'`);
    expect(validating.matchConditions[1].expression).toBe(notAllocator);
  });

  it('ask about ConfigMaps only where a policy may be', () => {
    expect(policies.namespaceSelector).toEqual({ matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } });
    expect(policies.matchConditions[0].expression).toContain(`'${POLICY_KEY}' in object.data`);
  });

  it('ask about our kinds in their stored version', () => {
    const ours = { apiGroups: [OPENELB_GROUP], apiVersions: ['v1alpha2'] };
    expect(validating.rules).toEqual([
      expect.objectContaining({ ...ours, resources: ['eips', 'bgpconfs', 'bgppeers'] }),
      expect.objectContaining({ ...ours, resources: ['eips'], operations: ['DELETE'] }),
    ]);
  });
});
