import { eventually, GiveUp } from '../../lab/poll.ts';

test('gives what the probe gives as soon as it gives something', async () => {
  let calls = 0;
  const probe = () => (++calls < 3 ? undefined : 'there');
  expect(await eventually(probe, { what: 'it', deadlineMs: 1000, intervalMs: 1 })).toBe('there');
  expect(calls).toBe(3);
});

test('zero and the empty string are answers, false and undefined are not', async () => {
  expect(await eventually(() => 0, { what: 'it', deadlineMs: 10 })).toBe(0);
  expect(await eventually(() => '', { what: 'it', deadlineMs: 10 })).toBe('');
  await expect(eventually(() => false, { what: 'it', deadlineMs: 5, intervalMs: 1 })).rejects.toThrow(
    'Cannot see it within 5 ms',
  );
});

test('at the deadline it says what the last failure was', async () => {
  const probe = () => {
    throw new Error('no route');
  };
  await expect(eventually(probe, { what: 'a route', deadlineMs: 5, intervalMs: 1 })).rejects.toThrow(
    'Cannot see a route within 5 ms: no route',
  );
});

test('a probe that gives up is not asked again', async () => {
  let calls = 0;
  const probe = () => {
    calls += 1;
    throw new GiveUp('the API server has ended');
  };
  await expect(eventually(probe, { what: 'it', deadlineMs: 1000 })).rejects.toThrow('the API server has ended');
  expect(calls).toBe(1);
});
