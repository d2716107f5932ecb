import { dropManagedFields } from '../../../../../lib/kube/cache/transform.ts';

it('drops managedFields from what is written back, and nothing else', () => {
  const object = {
    metadata: { name: 'a', managedFields: [{ manager: 'kubectl' }], annotations: { b: 'c' } },
    spec: { d: 1 },
  };
  expect(JSON.parse(JSON.stringify(dropManagedFields(object)))).toEqual({
    metadata: { name: 'a', annotations: { b: 'c' } },
    spec: { d: 1 },
  });
});
