import { OPENELB_FINALIZERS } from '../../../../../lib/api/keys.ts';
import { finalizersPatch } from '../../../../../lib/api/meta/openelb-finalizers.ts';

test('the finalizers that OpenELB left are taken off, and no others', () => {
  const metadata = {
    name: 'web',
    resourceVersion: '7',
    finalizers: ['a/b', ...OPENELB_FINALIZERS, 'foregroundDeletion'],
  };
  expect(finalizersPatch({ metadata })).toEqual({
    metadata: { resourceVersion: '7', finalizers: ['a/b', 'foregroundDeletion'] },
  });
});

test.each([[undefined], [['a/b']]])('where there are none (%j) nothing is sent', (finalizers) => {
  expect(finalizersPatch({ metadata: { name: 'web', ...(finalizers && { finalizers }) } })).toBeUndefined();
});
