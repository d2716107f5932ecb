/** What is told to other nodes, and when. */
import {
  EMPTY_REPORT,
  type Layer2Report,
  Layer2StatusWriter,
  readReport,
} from '../../../../../speaker/l2/ownership/layer2-status-writer.ts';
import { until } from '../../../../support/eventually.ts';
import { logSink } from '../../../../support/log-sink.ts';

const SAID: Layer2Report = {
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

function scene(said: Layer2Report, status: object | undefined = undefined) {
  const written: object[] = [];
  const state = { status, failures: 0, published: 0, synced: true };
  const stop = new AbortController();
  const publisher = new Layer2StatusWriter({
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
    report: () => said,
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
  expect(readReport(state.status)).toEqual(SAID);
  await end();
});

it('takes away what is not so any more', async () => {
  const { publisher, state, written, end } = scene(EMPTY_REPORT, { suspects: ['node-2'], stopping: true });
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
  const { publisher, state, written, end } = scene(EMPTY_REPORT, status);
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
