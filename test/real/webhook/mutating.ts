/** What the tests of the address in the create call share: a webhook with some Eips, and a Service that is created and looked at. */

import type { Service } from '../../../lib/api/service/service.ts';
import type { EipClaim } from '../../../lib/api/skycap/claim.ts';
import { SERVICES } from '../../../lib/kube/resource.ts';
import { type Answer, marksText, WebhookLab } from './harness.ts';

export const EIP = 'eip.openelb.kubesphere.io/v1alpha2';
export const ADDRESS = 'eip.openelb.kubesphere.io/v1alpha1';
export const DUAL = { ipFamilyPolicy: 'RequireDualStack' } as const;

export interface Created extends Answer {
  /** As {@link marksText} tells it. */
  readonly text: string;
  /** `skycap.io/addresses`, or nothing. */
  readonly address: string;
}

/** One webhook, without an allocator: what is seen is the webhook's work alone. */
export class Mutating {
  readonly lab: WebhookLab;

  private constructor(lab: WebhookLab) {
    this.lab = lab;
  }

  static async start(): Promise<Mutating> {
    const lab = await WebhookLab.start(1);
    await lab.eip('web', '198.51.100.0/24');
    await lab.eip('web6', '2001:db8::/64');
    return new Mutating(lab);
  }

  /** @throws where it is refused. */
  async create(one: Service, query = ''): Promise<Created> {
    const answer = await this.lab.createService(one, query);
    if (answer.status >= 300) throw new Error(`Cannot create: ${answer.status} ${answer.message}`);
    return {
      ...answer,
      text: marksText(answer.object),
      address: answer.object.metadata.annotations?.['skycap.io/addresses'] ?? '',
    };
  }

  get(name: string): Promise<Service> {
    return this.lab.client.get(SERVICES, { namespace: 'default', name });
  }

  async claimOf(address: string): Promise<EipClaim | undefined> {
    const all = await this.lab.claims();
    return all.find((claim) => claim.spec.address === address);
  }

  /** Names of those in the claim of the address. */
  async holders(address: string): Promise<readonly string[] | undefined> {
    return (await this.claimOf(address))?.spec.holders.map((holder) => holder.name ?? '(nameless)');
  }
}
