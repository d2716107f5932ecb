/**
 * Objects that were stored under the definitions of the last release, with every field of each kind: under the definitions of today they are valid and whole, also
 * when they are written, and so they are when the former definitions come back. At a real API server.
 */
import type { Resource } from '../../../lib/kube/resource.ts';
import { formerFolder, LAST_RELEASE } from '../../lab/former-release.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { filledObject } from '../../support/filled-object.ts';
import { type Manifest, ROOT, readCrdsIn } from '../../unit/manifests/files.ts';

const NOW = `${ROOT}/manifests/crds`;

let plane: ControlPlane;
let former: string;

beforeAll(async () => {
  plane = await ControlPlane.start();
  former = `${await formerFolder(LAST_RELEASE)}/manifests/crds`;
}, 90_000);
afterAll(() => plane?.[Symbol.asyncDispose]());

async function apply(folder: string): Promise<void> {
  await plane.kubectl(['apply', '-k', folder]);
  await plane.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s']);
}

const resourceOf = (crd: Manifest, version: string): Resource<Manifest> => {
  const { kind, plural } = crd.spec.names;
  return { group: crd.spec.group, version, kind, plural, namespaced: false };
};

class Stored {
  readonly object: Manifest;
  readonly #resource: Resource<Manifest>;

  constructor(crd: Manifest) {
    this.object = filledObject(crd);
    this.#resource = resourceOf(crd, this.object.apiVersion.split('/')[1]);
  }

  async create(): Promise<void> {
    const client = plane.client();
    await client.create(this.#resource, this.object);
    const { status } = this.object;
    if (status)
      await client.patch(this.#resource, this.object.metadata, { status }, { type: 'merge', subresource: 'status' });
  }

  /** Spec and status, of those that the kind has. */
  async read(): Promise<Manifest> {
    const { spec, status } = await plane.client().get(this.#resource, this.object.metadata);
    return { ...(spec && { spec }), ...(status && { status }) };
  }

  /** Has the API server judge the object anew. */
  async touch(label: string): Promise<void> {
    const body = { metadata: { labels: { touched: label } } };
    await plane.client().patch(this.#resource, this.object.metadata, body, { type: 'merge' });
  }

  get whole(): Manifest {
    const { spec, status } = this.object;
    return { ...(spec && { spec }), ...(status && { status }) };
  }
}

test(`nothing is lost on the way from ${LAST_RELEASE.slice(0, 12)}, and back`, async () => {
  await apply(former);
  const stored = Object.values(readCrdsIn(former)).map((crd) => new Stored(crd));
  expect(stored.map(({ object }) => object.kind).sort()).toEqual(['BgpConf', 'BgpPeer', 'Eip', 'EipClaim', 'Speaker']);
  for (const one of stored) {
    await one.create();
    expect(await one.read()).toEqual(one.whole);
  }
  for (const folder of [NOW, former, NOW]) {
    await apply(folder);
    for (const one of stored) {
      expect(await one.read()).toEqual(one.whole);
      await one.touch(folder === NOW ? 'now' : 'former');
      expect(await one.read()).toEqual(one.whole);
    }
  }
}, 120_000);

test('a field that the former definitions lack comes back, unless the object was written meanwhile', async () => {
  await apply(NOW);
  const stored = Object.values(readCrdsIn(NOW)).map((crd) => new Stored(crd));
  for (const one of stored) {
    one.object.metadata = { name: one.object.kind === 'EipClaim' ? '192.0.2.2' : 'today' };
    if (one.object.kind === 'EipClaim') one.object.spec.address = '192.0.2.2';
    await one.create();
    expect(await one.read()).toEqual(one.whole);
  }
  await apply(former);
  for (const one of stored) await one.read();
  await apply(NOW);
  for (const one of stored) expect(await one.read()).toEqual(one.whole);
}, 120_000);
