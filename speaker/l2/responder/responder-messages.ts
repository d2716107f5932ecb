/** The messages between the main thread and the responder's thread. */
import type { Address } from '../../../lib/net/address.ts';
import type { Layer2Address, Link, OtherOwner } from '../link/link.ts';
import type { Answered } from '../link/responder-port.ts';

export type ToThread =
  | { readonly kind: 'answerFor'; readonly id: number; readonly addresses: readonly Answered[] }
  | { readonly kind: 'probe'; readonly id: number; readonly addresses: readonly Layer2Address[] }
  | { readonly kind: 'cancelProbe'; readonly id: number }
  /** From now on `links` messages name the link by which the kernel sends to the address. */
  | { readonly kind: 'follow'; readonly address: Address }
  | { readonly kind: 'stop' };

export type FromThread =
  /** Writing to `wake`, an eventfd, makes the thread look at its messages. */
  | { readonly kind: 'started'; readonly wake: number }
  | {
      readonly kind: 'links';
      readonly links: readonly Link[];
      /** The links towards followed addresses, by the text of the address. */
      readonly towards: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'answering'; readonly id: number }
  | { readonly kind: 'probed'; readonly id: number; readonly owners: readonly OtherOwner[] }
  | { readonly kind: 'conflict'; readonly conflict: OtherOwner }
  | { readonly kind: 'error'; readonly what: string; readonly error: string };
