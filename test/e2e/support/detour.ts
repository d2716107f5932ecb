/**
 * Sends what Skycap's pods say to the API server through two proxies of the test's, and nothing of anybody else's: pods come by the Service `kubernetes`, kubelet
 * and kube-proxy do not. It is a rule in each node's kernel, so no workload has to be changed; connections that are open when it comes go on past it.
 *
 *     pod ── 10.96.0.1:443 ─(node)─▶ 10.98.0.10:7443 ─(control plane)─▶ TcpProxy ── ApiProxy ── API server
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { API_PORT, CONTROL_PLANE_ADDRESS, namespaceOf, SERVICE_CIDRS } from '../../lab/layout.ts';
import { inNamespace } from '../../lab/network.ts';
import { ApiProxy } from '../../support/api-proxy.ts';
import type { PemPair } from '../../support/pki.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

/** The Service `kubernetes`, as pods' environment names it. */
export const KUBERNETES_SERVICE = SERVICE_CIDRS[0].replace(/\.0\/16$/, '.1');
const PORT = 7443;
/** Whose rules are at `dstnat`, -100. */
const BEFORE_KUBE_PROXY = -110;
const TABLE = 'skycap-test-detour';

export class Detour implements AsyncDisposable {
  readonly #lab: Lab;
  readonly tcp: TcpProxy;
  readonly api: ApiProxy;
  /** The API server's own certificate. */
  readonly certificate: PemPair;

  private constructor(lab: Lab, tcp: TcpProxy, api: ApiProxy, certificate: PemPair) {
    this.#lab = lab;
    this.tcp = tcp;
    this.api = api;
    this.certificate = certificate;
  }

  static async start(lab: Lab): Promise<Detour> {
    const pki = join(lab.layout.state, 'pki');
    const [cert, key, caPem] = await Promise.all(
      ['apiserver.crt', 'apiserver.key', 'ca.crt'].map((file) => readFile(join(pki, file), 'utf8')),
    );
    const certificate = { cert: cert!, key: key! };
    const { host, controlPlane } = lab.layout.hostLink;
    const api = await ApiProxy.start({ url: `https://${controlPlane}:${API_PORT}`, caPem: caPem! }, certificate);
    const tcp = await TcpProxy.start(api.port, undefined, host);
    const detour = new Detour(lab, tcp, api, certificate);
    try {
      await detour.#lead();
      return detour;
    } catch (error) {
      await detour[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Takes the rules away and ends what goes through them: the clients come back by the straight way. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#namespaces()) await removeRules(namespace);
    this.tcp.reset();
    await this.tcp[Symbol.asyncDispose]();
    await this.api[Symbol.asyncDispose]();
  }

  async #lead(): Promise<void> {
    const { hostLink } = this.#lab.layout;
    const [controlPlane = '', ...nodes] = this.#namespaces();
    await inNamespace(controlPlane, ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    const inwards = `iifname eth0 tcp dport ${PORT} dnat to ${hostLink.host}:${this.tcp.port}`;
    await addRules(controlPlane, [
      `chain in { type nat hook prerouting priority dstnat; ${inwards}; }`,
      `chain out { type nat hook postrouting priority srcnat; ip daddr ${hostLink.host} masquerade; }`,
    ]);
    const lead = `ip daddr ${KUBERNETES_SERVICE} tcp dport 443 dnat to ${CONTROL_PLANE_ADDRESS.v4}:${PORT}`;
    for (const node of nodes) {
      await addRules(node, [
        `chain pods { type nat hook prerouting priority ${BEFORE_KUBE_PROXY}; ${lead}; }`,
        `chain host { type nat hook output priority ${BEFORE_KUBE_PROXY}; ${lead}; }`,
      ]);
    }
  }

  #namespaces(): string[] {
    const { layout, nodes } = this.#lab;
    return [namespaceOf(layout, 'cp'), ...nodes.map(({ name }) => namespaceOf(layout, name))];
  }
}

async function addRules(namespace: string, chains: readonly string[]): Promise<void> {
  await removeRules(namespace);
  await inNamespace(namespace, ['nft', '-f', '-'], { input: `table ip ${TABLE} {\n${chains.join('\n')}\n}\n` });
}

/** To name it first makes one that is not there, which can then be deleted like any other. */
async function removeRules(namespace: string): Promise<void> {
  await inNamespace(namespace, ['nft', '-f', '-'], { input: `table ip ${TABLE}\ndelete table ip ${TABLE}\n` });
}
