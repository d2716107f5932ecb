/**
 * The preflight of the leading allocator: reads now and then the objects of other load balancers and Skycap's own definitions, at most a dozen requests, and reports in
 * conditions of Eips, Events, the metric and the log. The objects seldom change and most clusters have none of them, so the allocator watches none.
 */
import type { Eip } from '../../lib/api/eip/eip.ts';
import { isDefaultEip } from '../../lib/ipam/pools/pools.ts';
import { CRDS } from '../../lib/kube/crd.ts';
import { getOrUndefined } from '../../lib/kube/http/get-or-undefined.ts';
import { CALICO_BGP_CONFIGURATIONS, EIPS } from '../../lib/kube/resource.ts';
import type { AddressRange } from '../../lib/net/range.ts';
import { CRD_FIELDS } from '../../lib/preflight/crds/crd-fields.ts';
import { type CrdWithSchema, crdFindings } from '../../lib/preflight/crds/missing-fields.ts';
import { type Finding, findingText, objectText } from '../../lib/preflight/finding.ts';
import { classlessServers } from '../../lib/preflight/rivals/classless-servers.ts';
import { eipFindings, NO_RIVALS, type Rivals } from '../../lib/preflight/rivals/eip-findings.ts';
import { readForeignPools, readOpenElbRunning } from '../../lib/preflight/rivals/read-rivals.ts';
import { TolerantReader } from '../../lib/preflight/tolerant-reader.ts';
import { LevelLoop, type Requeue } from '../../lib/process/loop/level-loop.ts';
import { calicoRanges } from '../../lib/reach/calico.ts';
import type { Deps } from '../deps.ts';

export interface PreflightListener {
  /** The prefixes of addresses that Calico announces, at each look. */
  readonly onCalico: (ranges: readonly AddressRange[]) => void;
  /** The findings about Eips may have changed. */
  readonly onChange: () => void;
}

const EVERY_MS = 3 * 60_000;
const EIP_CRD = `${EIPS.plural}.${EIPS.group}`;

export class PreflightWatch {
  readonly #deps: Deps;
  readonly #listener: PreflightListener;
  readonly #loop: LevelLoop;
  #rivals: Rivals = NO_RIVALS;
  #aboutCrds: readonly Finding[] = [];
  readonly #refused = new Set<string>();
  /** The findings of the last look, as texts. */
  #told: ReadonlySet<string> = new Set();

  constructor(deps: Deps, listener: PreflightListener) {
    this.#deps = deps;
    this.#listener = listener;
    this.#loop = new LevelLoop({ name: 'preflight', act: (signal) => this.#look(signal), log: deps.log });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#loop.trigger();
    await this.#loop.run(signal);
  }

  findingsOf(eip: Eip): readonly Finding[] {
    const { config, cluster } = this.#deps;
    const isDefault = config.unmarkedServices === 'defaultEip' && isDefaultEip(eip, cluster.eips.pools);
    return [
      ...eipFindings(eip, isDefault, this.#rivals),
      ...this.#aboutCrds.filter(({ object }) => object.name === EIP_CRD),
    ];
  }

  async #look(signal: AbortSignal): Promise<Requeue> {
    const { client, cluster, nowMs } = this.#deps;
    const reader = new TolerantReader(client, signal);
    const calico = await getOrUndefined(reader, CALICO_BGP_CONFIGURATIONS, { name: 'default' });
    this.#listener.onCalico(calicoRanges(calico));
    const pools = await readForeignPools(reader, signal);
    const isOpenElbRunning = await readOpenElbRunning(reader, nowMs(), signal);
    const classless = classlessServers(pools, cluster.stores.services.values());
    this.#rivals = { pools, classless, isOpenElbRunning };
    this.#aboutCrds = await this.#readCrds(reader);
    this.#tell();
    this.#tellRefused(reader);
    return { requeueAfterMs: EVERY_MS };
  }

  async #readCrds(reader: TolerantReader): Promise<readonly Finding[]> {
    const findings: Finding[] = [];
    for (const name of Object.keys(CRD_FIELDS)) {
      const crd: CrdWithSchema | undefined = await getOrUndefined(reader, CRDS, { name });
      const found = crdFindings(name, crd);
      findings.push(...found);
      for (const one of found) if (crd && this.#isNews(one)) this.#recordEvent(crd, one);
    }
    return findings;
  }

  /** An Event on the definition: a definition without the field for conditions has no other place. */
  #recordEvent(crd: CrdWithSchema, finding: Finding): void {
    const { reason } = finding;
    this.#deps.events.record(crd, { type: 'Warning', reason, action: 'Preflight', message: findingText(finding) });
  }

  /** Once for each: the manifests are of another version than the image. */
  #tellRefused({ unread }: TolerantReader): void {
    for (const { message } of unread) {
      if (!this.#refused.has(message)) this.#deps.log.warn({ message }, 'preflight read refused; apply the manifests');
      this.#refused.add(message);
    }
  }

  #isNews(finding: Finding): boolean {
    return !this.#told.has(textOf(finding));
  }

  #tell(): void {
    const { cluster, metrics, log } = this.#deps;
    const aboutEips = [...cluster.eips.all()].flatMap((eip) => this.findingsOf(eip));
    const findings = new Map([...aboutEips, ...this.#aboutCrds].map((one) => [textOf(one), one]));
    for (const [text, { reason, object, message, remedy }] of findings) {
      if (!this.#told.has(text)) log.warn({ reason, object: objectText(object), message, remedy }, 'preflight finding');
    }
    const isChanged = findings.size !== this.#told.size || [...findings.keys()].some((text) => !this.#told.has(text));
    this.#told = new Set(findings.keys());
    metrics.preflight([...findings.values()].map(({ reason }) => reason));
    if (isChanged) this.#listener.onChange();
  }
}

function textOf(finding: Finding): string {
  return `${finding.reason} ${objectText(finding.object)} ${findingText(finding)}`;
}
