/**
 * Tells the other nodes, in this node's Speaker object, what it answers for, what it could not, whom it has lost, and that it ends. Written at once, on
 * change only: others wait for it.
 */
import type { SpeakerObject } from '../../../lib/api/skycap/speaker-types.ts';
import { Deadline } from '../../../lib/kube/deadline.ts';
import type { Logger } from '../../../lib/process/log.ts';
import { LevelLoop } from '../../../lib/process/loop/level-loop.ts';
import type { Layer2Address } from '../link/link.ts';

export type Layer2Status = Pick<
  NonNullable<SpeakerObject['status']>,
  'layer2Addresses' | 'layer2AddressCount' | 'layer2Unable' | 'layer2Interfaces' | 'suspects' | 'stopping'
>;

export interface ReportedAddress {
  readonly address: string;
  readonly interface: Layer2Address['interface'];
  /** It is about to be given up, as soon as another one has it who does not say so. */
  readonly yielding?: true;
}

export interface Layer2Report {
  readonly addresses: readonly ReportedAddress[];
  readonly unable: readonly string[];
  /** By which others know this node on the wire. */
  readonly interfaces: readonly { readonly name: string; readonly mac: string }[];
  readonly suspects: readonly string[];
  readonly stopping: boolean;
}

/** What a node says that takes no part in layer 2. */
export const EMPTY_REPORT: Layer2Report = { addresses: [], unable: [], interfaces: [], suspects: [], stopping: false };

/** The Speaker object; `../speaker-object.ts` is the real one. */
export interface Layer2Store {
  readonly synced: boolean;
  readonly status: (Layer2Status & Pick<NonNullable<SpeakerObject['status']>, 'layer2Conflicts'>) | undefined;
  /** A merge patch of the status. */
  patchStatus(part: object, signal: AbortSignal): Promise<void>;
}

export interface Layer2StatusWriterOptions {
  readonly store: Layer2Store;
  readonly said: () => Layer2Report;
  /** Called after a look at the object that found or made it as it should be. */
  readonly onPublished: () => void;
  readonly log: Logger;
}

const ANSWER_MS = 5_000;

export class Layer2StatusWriter {
  readonly #options: Layer2StatusWriterOptions;
  readonly #loop: LevelLoop;

  constructor(options: Layer2StatusWriterOptions) {
    this.#options = options;
    this.#loop = new LevelLoop({ name: 'layer 2 report', act: (signal) => this.#act(signal), log: options.log });
  }

  /** There may be something to say. */
  trigger(): void {
    this.#loop.trigger();
  }

  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#loop.run(signal);
  }

  /** Resolves when the object says what is to be said. @throws where it could not be written. */
  async publish(signal: AbortSignal): Promise<void> {
    const { store, said } = this.#options;
    const now = said();
    if (textOf(now) !== textOf(readReport(store.status))) await store.patchStatus(patchFor(now), signal);
  }

  async #act(signal: AbortSignal): Promise<void> {
    const { store, onPublished } = this.#options;
    if (!store.synced) return;
    const deadline = new Deadline(ANSWER_MS, signal);
    try {
      await this.publish(deadline.signal);
    } finally {
      deadline.dispose();
    }
    onPublished();
  }
}

/** What an object says. */
export function readReport(status: Layer2Status | undefined): Layer2Report {
  return {
    addresses: (status?.layer2Addresses ?? []).map(({ address, interface: on, yielding }) => ({
      address,
      interface: on,
      ...(yielding && { yielding: true as const }),
    })),
    unable: status?.layer2Unable ?? [],
    interfaces: (status?.layer2Interfaces ?? []).map(({ name, mac }) => ({ name, mac })),
    suspects: status?.suspects ?? [],
    stopping: status?.stopping ?? false,
  };
}

/** Addresses that a node says it is about to give up. One that ends gives up all. */
export function noticesIn({ addresses, stopping }: Layer2Report): ReadonlySet<string> {
  return new Set(addresses.flatMap(({ address, yielding }) => (stopping || yielding ? [address] : [])));
}

/** In a merge patch (RFC 7396) null removes. */
function patchFor({ addresses, unable, interfaces, suspects, stopping }: Layer2Report): object {
  const orNull = (list: readonly unknown[]) => (list.length > 0 ? list : null);
  return {
    layer2Addresses: addresses,
    layer2AddressCount: new Set(addresses.map(({ address }) => address)).size,
    layer2Unable: orNull(unable),
    layer2Interfaces: orNull(interfaces),
    suspects: orNull(suspects),
    stopping: stopping || null,
  };
}

function textOf({ addresses, unable, interfaces, suspects, stopping }: Layer2Report): string {
  const places = addresses.map((one) => [one.address, one.interface, one.yielding]);
  return JSON.stringify([places, unable, interfaces.map(({ name, mac }) => [name, mac]), suspects, stopping]);
}
