/** Another load balancer writes the same Services; what becomes of its entries and ours, scenes say (`test/scenes/others`). */
import type { LoadBalancerIngress, Service } from '../../../lib/api/service/service.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { AllocatorLab, eventually, type Replica, refOf } from './harness.ts';

let lab: AllocatorLab;
let replica: Replica;

beforeAll(async () => {
  lab = await AllocatorLab.start();
  replica = await lab.replica();
}, 180_000);
afterAll(() => lab?.[Symbol.asyncDispose]());

const THEIRS: LoadBalancerIngress = { ip: '192.0.2.9', ipMode: 'Proxy', ports: [{ port: 80, protocol: 'TCP' }] };
const own = (ip: string): LoadBalancerIngress => ({ ip, ipMode: 'VIP' });

/** As another controller writes it: all of the list. */
function writes(key: string, ingress: readonly LoadBalancerIngress[]): Promise<Service> {
  const body = { status: { loadBalancer: { ingress: ingress.length > 0 ? ingress : null } } };
  return lab.admin.patch(SERVICES, refOf(key), body, { type: 'merge', subresource: 'status' });
}

async function untilIngress(key: string, expected: readonly LoadBalancerIngress[]): Promise<void> {
  await eventually(async () => expect((await lab.service(key)).status?.loadBalancer?.ingress ?? []).toEqual(expected));
}

test('one that takes ours out again and again is answered, but not at the speed of the API server', async () => {
  await lab.pool('contested', '10.2.2.0/30');
  await lab.create('contested/web');
  await lab.published('contested/web', '10.2.2.0');
  // The first look at the Services of the other tests may be under way.
  await replica.idle();
  const before = (await replica.writes())['patch services 200'] ?? 0;
  const endMs = performance.now() + 1_500;
  while (performance.now() < endMs) {
    const { ingress = [] } = (await lab.service('contested/web')).status?.loadBalancer ?? {};
    if (ingress.length !== 1 || ingress[0]?.ip !== THEIRS.ip) await writes('contested/web', [THEIRS]);
  }
  await untilIngress('contested/web', [THEIRS, own('10.2.2.0')]);
  // At 0, 100, 300, 700 ms and so on; unhindered it were a hundred.
  expect(((await replica.writes())['patch services 200'] ?? 0) - before).toBeLessThan(8);
  expect(replica.log.lines.filter(({ msg }) => msg === 'service is contested')).toMatchObject([
    { reason: 'StatusContested', why: expect.stringContaining('keeps writing status.loadBalancer without 10.2.2.0') },
  ]);
});
