// `helm test`: creates a Service, and sees its address in the answer and then in its status. The Eip has the label of a CNI, so no node announces the address.
// Both objects are removed at the end, and those of an interrupted run at the beginning.
import { readFileSync } from 'node:fs';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port, NAMESPACE, ADDRESS } = process.env;
const NAME = 'skycap-test';
const EIPS = '/apis/network.kubesphere.io/v1alpha2/eips';
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const DEADLINE_MS = 60_000;
const startedMs = performance.now();

async function request(method, path, body) {
  const server = host.includes(':') ? `[${host}]` : host;
  const response = await fetch(`https://${server}:${port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(`${FOLDER}/token`, 'utf8')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(`${method} ${path}: ${answer.message}`), { code: response.status });
}

/** Calls `act` until it returns something. */
async function until(what, act) {
  for (;;) {
    const found = await act();
    if (found !== undefined) return found;
    if (performance.now() - startedMs > DEADLINE_MS) throw new Error(what);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function remove(path) {
  await until(`${path} is still there`, async () => {
    try {
      await request('DELETE', `${path}/${NAME}`);
      return undefined;
    } catch (error) {
      if (error.code === 404) return true;
      // An Eip in use: the address of the Service is released in a moment.
      if (error.code === 403 || error.code === 409 || error.code === 422) return undefined;
      throw error;
    }
  });
}

async function removeAll() {
  await remove(SERVICES);
  await remove(EIPS);
}

function createEip() {
  return request('POST', EIPS, {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name: NAME, labels: { 'openelb.kubesphere.io/cni': 'none' } },
    spec: { address: ADDRESS, autoAssign: false },
  });
}

function createService() {
  return request('POST', SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: NAME,
      annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb', 'eip.openelb.kubesphere.io/v1alpha2': NAME },
    },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: [ADDRESS.includes(':') ? 'IPv6' : 'IPv4'],
      ports: [{ port: 80 }],
    },
  });
}

async function addressInTheAnswer() {
  const { metadata } = await createService();
  const address = metadata.annotations?.['skycap.io/addresses'];
  if (address !== undefined) return address;
  await remove(SERVICES);
  return undefined;
}

async function addressInTheStatus() {
  const { status } = await request('GET', `${SERVICES}/${NAME}`);
  return status.loadBalancer?.ingress?.[0]?.ip;
}

try {
  await removeAll();
  await createEip();
  const webhook = `the answer of the create call has no address; see: kubectl -n ${NAMESPACE} logs deployment/skycap-webhook`;
  console.log(`address in the answer of the create call: ${await until(webhook, addressInTheAnswer)}`);
  const allocator = `the status has no address; see: kubectl -n ${NAMESPACE} logs deployment/skycap-allocator`;
  console.log(`address in the status of the Service: ${await until(allocator, addressInTheStatus)}`);
} catch (error) {
  console.log(`failed: ${error.message}${error.cause ? ` (${error.cause.message})` : ''}`);
  process.exitCode = 1;
} finally {
  await removeAll();
}
