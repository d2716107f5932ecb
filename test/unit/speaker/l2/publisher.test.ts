/** What is told to other nodes, and when. */
import { NOTHING_SAID, Publisher, type Said, saidIn } from '../../../../speaker/l2/publisher.ts';
import { until } from '../../../support/eventually.ts';
import { logSink } from '../../../support/log-sink.ts';

const SAID: Said = {
  addresses: [
    { address: '198.51.100.7', interface: 'eth0' },
    { address: '198.51.100.7', interface: 'eth1' },
    { address: '198.51.100.8', interface: 'eth0' },
  ],
  unable: ['lan'],
  interfaces: [{ name: 'eth0', mac: '02:42:ac:11:00:02' }],
  suspects: ['node-2'],
  stopping: true,
};

function scene(said: Said, status: object | undefined = undefined) {
  const written: object[] = [];
  const state = { status, failures: 0, published: 0, synced: true };
  const stop = new AbortController();
  const publisher = new Publisher({
    store: {
      get synced() {
        return state.synced;
      },
      get status() {
        return state.status;
      },
      patchStatus: async (part) => {
        if (state.failures-- > 0) throw new Error('away');
        written.push(part);
        state.status = part;
      },
    },
    said: () => said,
    onPublished: () => state.published++,
    log: logSink().log,
  });
  const running = publisher.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
  };
  return { publisher, state, written, end };
}

it('says everything in one patch, and counts an address once', async () => {
  const { publisher, state, written, end } = scene(SAID);
  publisher.trigger();
  await until('what is waited for', () => state.published === 1);
  expect(written).toEqual([
    {
      layer2Addresses: SAID.addresses,
      layer2AddressCount: 2,
      layer2Unable: ['lan'],
      layer2Interfaces: SAID.interfaces,
      suspects: ['node-2'],
      stopping: true,
    },
  ]);
  expect(saidIn(state.status)).toEqual(SAID);
  await end();
});

it('takes away what is not so any more', async () => {
  const { publisher, state, written, end } = scene(NOTHING_SAID, { suspects: ['node-2'], stopping: true });
  publisher.trigger();
  await until('what is waited for', () => state.published === 1);
  expect(written).toEqual([
    {
      layer2Addresses: [],
      layer2AddressCount: 0,
      layer2Unable: null,
      layer2Interfaces: null,
      suspects: null,
      stopping: null,
    },
  ]);
  await end();
});

it.each([
  ['no object', undefined],
  ['an object of a cluster with BGP alone', { sessions: [], announcedAddresses: 3 }],
])('with nothing to say and %s it writes nothing', async (_, status) => {
  const { publisher, state, written, end } = scene(NOTHING_SAID, status);
  publisher.trigger();
  await until('what is waited for', () => state.published === 1);
  expect(written).toEqual([]);
  await end();
});

it('tries again until it is said', async () => {
  const { publisher, state, written, end } = scene(SAID);
  state.failures = 2;
  publisher.trigger();
  await until('what is waited for', () => state.published === 1);
  expect(written).toHaveLength(1);
  await end();
});

it('does not write over an object that it has not read', async () => {
  const { publisher, state, written, end } = scene(SAID);
  state.synced = false;
  publisher.trigger();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([written, state.published]).toEqual([[], 0]);
  await end();
});
