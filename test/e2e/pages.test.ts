/** docs/first-service.md, docs/kubectl-skycap.md and docs/troubleshooting.md as they stand, in a real cluster: every command and YAML, and the output that the pages show. */
import type { Reason } from '../../lib/api/reasons.ts';
import type { Explanation } from '../../lib/explain/explanation.ts';
import { Lab } from '../lab/lab.ts';
import { namespaceOf } from '../lab/layout.ts';
import { inNamespace } from '../lab/network.ts';
import { eventually } from '../lab/poll.ts';
import { LabReader } from '../support/docs/lab-reader.ts';
import { readPage } from '../support/docs/page.ts';
import { runPlugin } from '../support/plugin.ts';

const TROUBLESHOOTING = 'docs/troubleshooting.md';
const PLUGIN = 'docs/kubectl-skycap.md';

let lab: Lab;
let reader: LabReader;

beforeAll(async () => {
  lab = await Lab.attach();
  reader = await LabReader.open(lab);
  await removeObjects();
});

afterAll(async () => {
  await onControlPlane('ip', 'address', 'delete', '10.98.0.200/32', 'dev', 'eth0').catch(() => undefined);
  await removeObjects();
  await reader?.[Symbol.asyncDispose]();
  await lab?.detach();
});

/** A machine on the nodes' network. */
const onControlPlane = (...command: string[]) => inNamespace(namespaceOf(lab.layout, 'cp'), command);

/** The page's own, and what an earlier test left. */
async function removeObjects(): Promise<void> {
  await lab.kubectl([
    'delete',
    'service/web',
    'service/shop',
    'service/office',
    'deployment/web',
    '--ignore-not-found',
  ]);
  await lab.kubectl(['delete', 'eips,bgppeers,bgpconfs', '--all']);
}

test.each(['By BGP', 'On layer 2'])(
  'a first Service, %s',
  async (heading) => {
    await reader.does('docs/first-service.md', heading);
  },
  120_000,
);

const service = (name: string, eip: string): string => `kubectl apply -f - <<END
apiVersion: v1
kind: Service
metadata: { name: ${name}, annotations: { lb.kubesphere.io/v1alpha1: openelb, eip.openelb.kubesphere.io/v1alpha2: ${eip} } }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
END`;

const eip = (name: string, spec: string): string => `kubectl apply -f - <<END
apiVersion: network.kubesphere.io/v1alpha2
kind: Eip
metadata: { name: ${name} }
spec: ${spec}
END`;

/** The pool, the router and the Service that both pages speak of. */
const SERVICE = `${eip('web', '{ address: 198.51.100.0/24 }')}
kubectl apply -f examples/bgpconf.yaml -f examples/bgppeer.yaml -f examples/service.yaml
kubectl rollout status deployment/web --timeout=60s
kubectl wait service/web --for=condition=skycap.io/Announced --timeout=60s`;

describe('kubectl skycap', () => {
  const sections = readPage(PLUGIN).filter(({ blocks }) => blocks.length > 0);

  beforeAll(() => reader.shell(SERVICE));

  test.each(sections.map(({ heading }) => heading))(
    '%s',
    async (heading) => {
      if (heading === 'explain') await reader.shell(service('shop', 'wbe'));
      await reader.does(PLUGIN, heading);
      if (heading === 'explain') await reader.shell('kubectl delete service shop');
    },
    120_000,
  );
});

/** By heading of docs/troubleshooting.md, the commands that bring the trouble about; the page ends it. */
const TROUBLES: Readonly<Record<string, string>> = {
  '': SERVICE,
  'A Service stays pending': service('shop', 'wbe'),
  'A Service has an address, and no client reaches it by BGP': `kubectl delete service shop
kubectl patch bgppeer router --type=merge --patch '{"spec":{"conf":{"peerAs":65001}}}'`,
  'A Service is announced, and no client gets an answer': 'kubectl scale deployment web --replicas=0',
  'A Service has an address, and no node answers on layer 2': `${eip('office', '{ address: 10.98.0.200, protocol: layer2, interface: eht9 }')}
${service('office', 'office')}`,
  'An Eip is refused': '',
  "An Eip can't be deleted": '',
  'Skycap itself': '',
  'Another machine has the address': 'kubectl delete service office',
};

/** By heading, the Service in trouble and the reason that `explain` gives until the trouble is over. */
const EXPLAINED: Readonly<Record<string, readonly [service: string, reason: string]>> = {
  'A Service stays pending': ['shop', 'EipNotFound'],
  'A Service has an address, and no client reaches it by BGP': ['web', 'SessionsDown'],
  'A Service is announced, and no client gets an answer': ['web', 'NoEndpoints'],
  'A Service has an address, and no node answers on layer 2': ['office', 'NoInterface'],
  'Another machine has the address': ['office', 'AddressConflict'],
};

async function explains(service: string, reason: string | undefined): Promise<void> {
  const state = reason === undefined ? [0] : [1, reason];
  await eventually(
    async () => {
      const { code, out } = await runPlugin(['--kubeconfig', lab.kubeconfig, 'explain', service, '-o', 'json']);
      const { steps }: Explanation = JSON.parse(out);
      const failed = steps.flatMap((step) => (step.state === 'failed' ? [step.reason] : []));
      return code === state[0] && (reason === undefined || failed.includes(reason as Reason));
    },
    { what: `explain of ${service}: ${state}`, deadlineMs: 60_000 },
  );
}

describe('troubleshooting', () => {
  test.each(Object.entries(TROUBLES))(
    '%s',
    async (heading, trouble) => {
      const [inTrouble, reason] = EXPLAINED[heading] ?? [];
      if (trouble !== '') await reader.shell(trouble);
      if (heading.startsWith('Another machine')) {
        await onControlPlane('ip', 'address', 'add', '10.98.0.200/32', 'dev', 'eth0');
        await reader.shell(service('office', 'office'));
      }
      if (inTrouble) await explains(inTrouble, reason);
      await reader.does(TROUBLESHOOTING, heading);
      if (heading.startsWith('Another machine'))
        await onControlPlane('ip', 'address', 'delete', '10.98.0.200/32', 'dev', 'eth0');
      if (inTrouble) await explains(inTrouble, undefined);
    },
    120_000,
  );
});

test.each(['docs/first-service.md', PLUGIN, TROUBLESHOOTING])('each section of %s with commands is done', (page) => {
  expect(reader.undone(page)).toEqual([]);
});
