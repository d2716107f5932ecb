/** docs/first-service.md as it stands, in a real cluster: every command and YAML, and the output that the page shows. */
import { Lab } from '../lab/lab.ts';
import { LabReader } from '../support/docs/lab-reader.ts';

let reader: LabReader;

beforeAll(async () => {
  const lab = await Lab.attach();
  // What an earlier test left.
  await lab.kubectl(['delete', 'eips,bgppeers,bgpconfs', '--all']);
  reader = await LabReader.open(lab);
});

afterAll(async () => {
  await reader?.[Symbol.asyncDispose]();
  await reader?.lab.detach();
});

test.each(['By BGP', 'On layer 2'])(
  'a first Service, %s',
  async (heading) => {
    await reader.does('docs/first-service.md', heading);
  },
  120_000,
);
