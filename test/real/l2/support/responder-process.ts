/** A process with a responder that is at work, which ends as its argument says: the thread must not hold it up, and not crash it. */
import { parseAddress } from '../../../../lib/net/address.ts';
import { Responder } from '../../../../speaker/l2/responder/responder.ts';

const responder = new Responder({
  listener: {
    onLinks: () => {
      const addresses = ['192.0.2.70', 'fd00::70'].map((text) => ({ address: parseAddress(text)!, interface: 'eth0' }));
      void responder.answerFor(addresses).then(() => process.stdout.write('answering\n'));
    },
    onConflict: () => {},
  },
  log: { warn: (fields: object) => process.stdout.write(`${JSON.stringify(fields)}\n`) } as never,
});
const ends: Readonly<Record<string, () => void>> = {
  /** As the speaker does. */
  close: () => void responder.close().then(() => process.stdout.write('closed\n')),
  /** As a process that failed does. */
  exit: () => process.exit(3),
};
process.once('SIGTERM', ends[process.argv[2] ?? '']!);
// Nothing else keeps the process from ending, once the thread is gone.
responder.start();
