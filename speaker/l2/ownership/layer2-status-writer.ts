/**
 * Writes this node's report for the other nodes into its Speaker object: the addresses that it answers for, the Eips that it has no interface for, the nodes
 * that it suspects, and that it ends. The writer writes on change only, and at once, since other nodes wait for the report.
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
  /** A notice: this node is about to release the address, as soon as another node has it that has not given notice. */
  readonly yielding?: true;
}

export interface Layer2Report {
  readonly addresses: readonly ReportedAddress[];
  readonly unable: readonly string[];
  /** Other nodes recognise this node's frames by them. */
  readonly interfaces: readonly { readonly name: string; readonly mac: string }[];
  readonly suspects: readonly string[];
  readonly stopping: boolean;
}

/** The report of a node that takes no part in layer 2. */
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
  readonly report: () => Layer2Report;
  /** The Speaker object has the report. */
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

  /** The report may have changed. */
  trigger(): void {
    this.#loop.trigger();
  }

  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#loop.run(signal);
  }

  /** Resolves when the Speaker object has the report. @throws if the write fails. */
  async publish(signal: AbortSignal): Promise<void> {
    const { store, report } = this.#options;
    const now = report();
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

/** The report in a Speaker object. */
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

/** Texts of the addresses that a node has given notice for. A node that ends gives notice for all. */
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
  const answering = addresses.map((one) => [one.address, one.interface, one.yielding]);
  return JSON.stringify([answering, unable, interfaces.map(({ name, mac }) => [name, mac]), suspects, stopping]);
}
