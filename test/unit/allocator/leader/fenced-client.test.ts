import { LeadingClient } from '../../../../allocator/leader/fenced-client.ts';
import type { KubeClient } from '../../../../lib/kube/client.ts';
import { EIP_CLAIMS, SERVICES } from '../../../../lib/kube/resource.ts';
import { claim, holder } from '../builders.ts';

test('reads go through, writes only while this replica leads', async () => {
  const calls: string[] = [];
  const note = (name: string) => (): Promise<never> => {
    calls.push(name);
    return Promise.resolve(undefined as never);
  };
  const client = {
    get: note('get'),
    list: note('list'),
    create: note('create'),
    replace: note('replace'),
    patch: note('patch'),
    delete: note('delete'),
  };
  let leads = true;
  const leading = new LeadingClient(
    client as unknown as KubeClient,
    { isLeading: () => leads },
    new AbortController().signal,
  );
  const made = claim('10.0.0.1', [holder('front')]);
  const ref = { namespace: 'shop', name: 'front' };
  const writes = [
    () => leading.create(EIP_CLAIMS, made),
    () => leading.replace(EIP_CLAIMS, made),
    () => leading.patch(SERVICES, ref, {}, { type: 'merge' }),
    () => leading.delete(EIP_CLAIMS, { name: '10.0.0.1' }),
  ];
  for (const write of writes) await write();
  leads = false;
  for (const write of writes) await expect(write()).rejects.toThrow(/^Cannot .*: this replica does not lead any more$/);
  await leading.get(SERVICES, ref);
  await leading.list(SERVICES);
  expect(calls).toEqual(['create', 'replace', 'patch', 'delete', 'get', 'list']);
});
