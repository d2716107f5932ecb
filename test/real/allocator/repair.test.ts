/** What the allocator mends at a real API server: claims lost, leaked or half made, Eips deleted, made again or broken, a world that it finds. */
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import { EIP_CLAIMS, EIPS, SERVICES } from '../../../lib/kube/resource.ts';
import {
  AllocatorLab,
  assigned,
  eventually,
  GRACE_SECONDS,
  publishedBy,
  type Replica,
  refOf,
  serviceObject,
} from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

/** As the webhook makes it during the create call. */
function claimFor(key: string | undefined, address: string, eip: string, token: string, since = new Date()): EipClaim {
  const { namespace, name } = refOf(key ?? `${eip}/`);
  return {
    apiVersion: 'skycap.io/v1alpha1',
    kind: 'EipClaim',
    metadata: { name: address },
    spec: {
      address,
      eip,
      holders: [
        {
          namespace,
          ...(name && { name }),
          token,
          ports: [{ port: 80, protocol: 'TCP' }],
          externalTrafficPolicy: 'Cluster',
          selector: '',
          since: since.toISOString(),
        },
      ],
    },
  };
}

/** What the webhook writes on the Service. */
function managedMetadata(
  address: string,
  eip: string,
  token: string,
): { annotations: Record<string, string>; labels: Record<string, string> } {
  return {
    annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', 'skycap.io/addresses': address, 'skycap.io/claim': token },
    labels: { 'eip.openelb.kubesphere.io/v1alpha2': eip },
  };
}

test('under generateName the token finds the Service, and name and uid are bound before anything is published', async () => {
  await lab.pool('generated', '198.51.100.8/29');
  await lab.admin.create(EIP_CLAIMS, claimFor(undefined, '198.51.100.9', 'generated', 'token-of-generated'));
  const made = await lab.create(
    'generated/web-',
    {},
    {},
    managedMetadata('198.51.100.9', 'generated', 'token-of-generated'),
  );
  const key = `generated/${made.metadata.name}`;
  await lab.published(key, '198.51.100.9');
  // From here on the token may go, by an edit that no webhook saw, and nothing is lost.
  expect(await lab.claims('generated')).toEqual({ '198.51.100.9': key });
});

test('a claim whose Service gave its token up before it was bound is collected, too', async () => {
  await lab.namespace('fickle');
  await lab.stop(replica);
  await lab.admin.create(EIP_CLAIMS, claimFor(undefined, '10.1.79.1', 'fickle', 'token-of-fickle'));
  const { annotations, labels } = managedMetadata('10.1.79.1', 'fickle', 'token-of-fickle');
  await lab.create('fickle/web', { ...annotations, 'lb.kubesphere.io/v1alpha1': 'other' }, {}, { labels });
  replica = await lab.replica();
  await eventually(async () => expect(await lab.claims('fickle')).toEqual({}));
});

test('a token copied with a manifest from another Service takes nothing from it', async () => {
  await lab.pool('copied', '198.51.100.16/29');
  const first = await lab.create('copied/first');
  expect(first).toBeDefined();
  const { annotations } = (await lab.published('copied/first', '198.51.100.16')).metadata;
  await lab.create('copied/second', { ...annotations });
  await lab.published('copied/second', '198.51.100.17');
  await eventually(async () => {
    expect(await lab.claims('copied')).toEqual({ '198.51.100.16': 'copied/first', '198.51.100.17': 'copied/second' });
  });
  const tokens = await Promise.all(['first', 'second'].map((name) => lab.service(`copied/${name}`)));
  expect(new Set(tokens.map(({ metadata }) => metadata.annotations?.['skycap.io/claim'])).size).toBe(2);
});

test('claims whose Service never came are collected after the grace period, and not before', async () => {
  await lab.pool('leaked', '10.1.80.0/28');
  const startedMs = Date.now();
  await lab.admin.create(EIP_CLAIMS, claimFor('leaked/named', '10.1.80.4', 'leaked', 'token-1'));
  await lab.admin.create(EIP_CLAIMS, claimFor(undefined, '10.1.80.5', 'leaked', 'token-2'));
  await lab.create('leaked/web');
  await lab.published('leaked/web', '10.1.80.0');
  await eventually(async () => expect(await lab.claims('leaked')).toEqual({ '10.1.80.0': 'leaked/web' }));
  expect(Date.now() - startedMs).toBeGreaterThan(GRACE_SECONDS * 1000 - 100);
});

test('claims deleted by hand are made again from the Services: no address changes, shared ones and disabled Eips included', async () => {
  await lab.pool('rebuilt', '198.51.100.32/28');
  const key = { 'skycap.io/sharing-key': 'one' };
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) await lab.create(`rebuilt/${name}`);
  await lab.create('rebuilt/shares-1', key, { ports: [{ port: 80 }] });
  await lab.published('rebuilt/shares-1', '198.51.100.36');
  await lab.create('rebuilt/shares-2', key, { ports: [{ port: 81 }] });
  await lab.published('rebuilt/shares-2', '198.51.100.36');
  for (const [i, name] of names.entries()) await lab.published(`rebuilt/${name}`, `198.51.100.${32 + i}`);
  await lab.admin.patch(EIPS, { name: 'rebuilt' }, { spec: { disable: true } }, { type: 'merge' });
  // Somebody who waits would take whatever is free for a moment.
  await lab.create('rebuilt/waits');
  await lab.reason('rebuilt/waits', 'EipDisabled');
  const before = await lab.claims('rebuilt');
  await lab.plane.kubectl(['delete', 'eipclaims', ...Object.keys(before)]);
  await eventually(async () => {
    const after = await lab.claims('rebuilt');
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    expect(after['198.51.100.36']?.split(';').sort()).toEqual(['rebuilt/shares-1', 'rebuilt/shares-2']);
  });
  await replica.idle();
  for (const [i, name] of names.entries()) await lab.published(`rebuilt/${name}`, `198.51.100.${32 + i}`);
  for (const name of ['shares-1', 'shares-2']) await lab.published(`rebuilt/${name}`, '198.51.100.36');
});

test('a Service that lost its claims and its token has one token for both families again', async () => {
  await lab.pool('both', '198.51.100.224/30');
  await lab.eip('both-six', '2001:db8:7::/126', { namespaces: ['both'] });
  await lab.create('both/web', {}, { ipFamilyPolicy: 'RequireDualStack' });
  await lab.published('both/web', '198.51.100.224,2001:db8:7::');
  await lab.stop(replica);
  await lab.patch('both/web', { metadata: { annotations: { 'skycap.io/claim': null } } });
  const ours = async () => {
    const { items } = await lab.admin.list(EIP_CLAIMS);
    return items.filter(({ spec }) => spec.holders.some(({ namespace }) => namespace === 'both'));
  };
  for (const { metadata } of await ours()) await lab.admin.delete(EIP_CLAIMS, { name: metadata.name ?? '' });
  replica = await lab.replica();
  await eventually(async () => {
    const tokens = (await ours()).flatMap(({ spec }) => spec.holders.map(({ token }) => token));
    const { annotations } = (await lab.service('both/web')).metadata;
    expect([tokens.length, ...new Set(tokens)]).toEqual([2, annotations?.['skycap.io/claim']]);
  });
});

test('a Service of OpenELB keeps its address: it is claimed from what is published', async () => {
  await lab.stop(replica);
  await lab.pool('migrated', '198.51.100.120/30');
  await lab.create('migrated/web', {}, {}, { labels: { 'eip.openelb.kubesphere.io/v1alpha2': 'migrated' } });
  const status = { status: { loadBalancer: { ingress: [{ ip: '198.51.100.122' }] } } };
  await lab.admin.patch(SERVICES, refOf('migrated/web'), status, { type: 'merge', subresource: 'status' });
  // Older in name and made in the same moment, it would get the lowest address.
  await lab.create('migrated/another');
  replica = await lab.replica();
  await lab.published('migrated/web', '198.51.100.122');
  await lab.published('migrated/another', '198.51.100.120');
});

test('a Service deleted and made again while nobody led is somebody new; what the old one held is not leaked', async () => {
  await lab.pool('reborn', '198.51.100.128/30');
  await lab.create('reborn/web');
  await lab.published('reborn/web', '198.51.100.128');
  await lab.create('reborn/gone');
  await lab.published('reborn/gone', '198.51.100.129');
  await lab.stop(replica);
  await lab.remove('reborn/web');
  await lab.remove('reborn/gone');
  const made = await lab.create('reborn/web');
  replica = await lab.replica();
  await lab.published('reborn/web', '198.51.100.128');
  await eventually(async () => expect(await lab.claims('reborn')).toEqual({ '198.51.100.128': 'reborn/web' }));
  expect((await lab.claim('198.51.100.128'))?.spec.holders[0]?.uid).toBe(made.metadata.uid);
});

test('a Service that is no load balancer any more, and waited for an address while nobody led, keeps nothing of ours', async () => {
  await lab.namespace('left');
  await lab.create('left/web', { 'eip.openelb.kubesphere.io/v1alpha2': 'never-there' });
  const waiting = await lab.reason('left/web', 'EipNotFound');
  expect(waiting.metadata.annotations).toHaveProperty(['skycap.io/waiting-since']);
  await lab.stop(replica);
  await lab.patch('left/web', { spec: { type: 'ClusterIP' } });
  replica = await lab.replica();
  await eventually(async () => {
    const { metadata, status } = await lab.service('left/web');
    expect([metadata.annotations?.['skycap.io/waiting-since'], status?.conditions ?? []]).toEqual([undefined, []]);
  });
  await lab.remove('left/web');
});

test('who waits to share an address gets it as soon as its holder does what it was told', async () => {
  await lab.pool('consent', '10.1.74.0/30');
  const shared = { 'skycap.io/sharing-key': 'edge' };
  await lab.create('consent/holder', {}, { ports: [{ port: 8080, protocol: 'TCP' }] });
  await lab.published('consent/holder', '10.1.74.0');
  await lab.create('consent/waits', { ...shared, 'eip.openelb.kubesphere.io/v1alpha1': '10.1.74.0' });
  await lab.reason('consent/waits', 'SharingRefused');
  await lab.patch('consent/holder', { metadata: { annotations: shared } });
  await lab.published('consent/waits', '10.1.74.0');
});

test('an allocator that is started in a world that stands as it should writes nothing', async () => {
  await replica.idle();
  await lab.stop(replica);
  replica = await lab.replica();
  await replica.idle();
  expect(await replica.writes()).toEqual({});
});

test('a status is never cleared for a Service that waits for what it cannot have', async () => {
  await lab.pool('certain', '198.51.100.136/31');
  const foreign = serviceObject('certain/foreign', { 'eip.openelb.kubesphere.io/v1alpha2': 'missing' });
  await lab.admin.create(SERVICES, foreign);
  await lab.reason('certain/foreign', 'EipNotFound');
  const status = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.99' }] } } };
  await lab.admin.patch(SERVICES, refOf('certain/foreign'), status, { type: 'merge', subresource: 'status' });
  await replica.idle();
  const service = await lab.service('certain/foreign');
  expect([publishedBy(service), assigned(service)?.status]).toEqual(['192.0.2.99', 'False']);
});

test('a create call for a name that is taken, refused later on, gives the Service that has the name nothing', async () => {
  await lab.pool('stray', '10.1.77.0/29');
  const claimedRequest = { 'eip.openelb.kubesphere.io/v1alpha1': '10.1.78.1' };
  await lab.create('stray/web', claimedRequest);
  await lab.reason('stray/web', 'AddressOutsideEip');
  // What the webhook does in a create call: it knew of no claim of that name, so it did not ask whether there is such a Service.
  await lab.admin.create(EIP_CLAIMS, claimFor('stray/web', '10.1.77.3', 'stray', 'of-the-other-call'));
  await eventually(async () => expect(await lab.claims('stray')).toEqual({}), GRACE_SECONDS * 1000 + 20_000);
  expect(publishedBy(await lab.service('stray/web'))).toBe('');
  expect(assigned(await lab.service('stray/web'))?.reason).toBe('AddressOutsideEip');
});

test('of two entries in a claim that of a Service which had the name goes, and its own stays', async () => {
  await lab.pool('twice', '10.1.79.0/29');
  // Where it finds all of it there, it does not release the former entry before it sees the Service.
  await lab.stop(replica);
  const claim = claimFor('twice/web', '10.1.79.3', 'twice', 'token-of-twice');
  const [entry] = claim.spec.holders;
  const own = { ...entry!, sharingKey: 'k' };
  const former = {
    ...own,
    uid: 'of-a-former',
    token: 'of-the-former',
    ports: [{ port: 81, protocol: 'TCP' as const }],
  };
  await lab.admin.create(EIP_CLAIMS, { ...claim, spec: { ...claim.spec, holders: [former, own] } });
  const claimedRequest = { 'skycap.io/sharing-key': 'k' };
  const { metadata } = await lab.create(
    'twice/web',
    claimedRequest,
    {},
    managedMetadata('10.1.79.3', 'twice', 'token-of-twice'),
  );
  replica = await lab.replica();
  await lab.published('twice/web', '10.1.79.3');
  await eventually(async () => {
    const holders = (await lab.claim('10.1.79.3'))?.spec.holders.map(({ uid, token, ports }) => ({
      uid,
      token,
      ports,
    }));
    expect(holders).toEqual([{ uid: metadata.uid, token: 'token-of-twice', ports: own.ports }]);
  });
});
