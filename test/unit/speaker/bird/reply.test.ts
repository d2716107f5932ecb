/** BIRD's control protocol: real replies, and any way that a socket may cut them. */
import fc from 'fast-check';
import { type BirdEvent, isError, ReplyParser } from '../../../../speaker/bird/reply.ts';

function parse(...chunks: string[]): BirdEvent[] {
  const parser = new ReplyParser();
  return chunks.flatMap((chunk) => parser.feed(chunk));
}

// As BIRD 2.0.12 and 2.17.5 wrote them.
const GREETING = '0001 BIRD 2.17.5 ready.\n';
const CONFIGURED = '0002-Reading configuration from /run/skycap/bird.conf\n0003 Reconfigured\n';
const REFUSED =
  '0002-Reading configuration from /tmp/x.conf\n8002 /tmp/x.conf:3:1 syntax error, unexpected CF_SYM_UNDEFINED\n';
const PROTOCOLS = [
  '2002-Name       Proto      Table      State  Since         Info',
  '1002-skycap     Device     ---        up     2026-11-21T14:05:07+0000  ',
  ' skycap_peer_a BGP        ---        up     2026-11-21T14:05:08+0000  Established   ',
  '1006-  BGP state:          Established',
  '     Neighbor address: 192.0.2.1',
  ' ',
  '0000 ',
  '',
].join('\n');
const ECHO = '+skycap_peer_a: State changed to up\n';

describe('ReplyParser', () => {
  it('reads a greeting', () => {
    const text = 'BIRD 2.17.5 ready.';
    expect(parse(GREETING)).toEqual([{ kind: 'reply', reply: { code: 1, text, lines: [{ code: 1, text }] } }]);
  });

  it('reads a reply of several lines', () => {
    const [event] = parse(CONFIGURED);
    expect(event).toMatchObject({ kind: 'reply', reply: { code: 3, text: 'Reconfigured' } });
    expect(event?.kind === 'reply' && event.reply.lines.map(({ code }) => code)).toEqual([2, 3]);
  });

  it('gives a continued line the code of the one before', () => {
    const [event] = parse(PROTOCOLS);
    expect(event?.kind === 'reply' && event.reply.lines.map(({ code }) => code)).toEqual([
      2002, 1002, 1002, 1006, 1006, 1006, 0,
    ]);
  });

  it('tells events from replies, also in the middle of one', () => {
    const [first, second] = PROTOCOLS.split(/(?<=Established\n)/);
    expect(parse(first ?? '', ECHO, second ?? '').map(({ kind }) => kind)).toEqual(['echo', 'reply']);
    expect(parse(`${first}${ECHO}${second}`).at(1)).toEqual(parse(PROTOCOLS).at(0));
  });

  it('knows an error by its code', () => {
    const errors = parse(GREETING, CONFIGURED, REFUSED).map((event) => event.kind === 'reply' && isError(event.reply));
    expect(errors).toEqual([false, false, true]);
  });

  it('keeps a line of no known form as data', () => {
    const [event] = parse('1000-a\nwhat is this\n12\n0000 done\n');
    expect(event).toMatchObject({ kind: 'reply', reply: { code: 0, text: 'done' } });
    expect(event?.kind === 'reply' && event.reply.lines.map(({ text }) => text)).toEqual([
      'a',
      'what is this',
      '12',
      'done',
    ]);
  });

  it('gives the same events wherever the stream is cut', () => {
    const stream = [GREETING, CONFIGURED, ECHO, PROTOCOLS, REFUSED, ECHO].join('');
    const whole = parse(stream);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        expect(parse(...edges.slice(1).map((edge, i) => stream.slice(edges[i], edge)))).toEqual(whole);
      }),
    );
    expect(parse(...stream)).toEqual(whole);
  });

  it('takes anything without throwing', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => Array.isArray(parse(...chunks))));
  });
});
