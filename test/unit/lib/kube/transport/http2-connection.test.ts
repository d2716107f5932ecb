/** Http2Connection against a real HTTP/2 server that ends its answers in every way there is. */
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTls } from '../../../../../lib/kube/transport/connect-tls.ts';
import { type HttpAnswer, NotSentError } from '../../../../../lib/kube/transport/connection.ts';
import { Http2Connection } from '../../../../../lib/kube/transport/http2-connection.ts';
import { until } from '../../../../support/eventually.ts';
import { TestCa } from '../../../../support/pki.ts';

const BIG = Buffer.alloc(8 * 1024 * 1024, 'x');
const open: ServerHttp2Stream[] = [];
let server: Http2SecureServer;
let connection: Http2Connection;

/** What the server does, by path. */
const answers: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  '/small': (stream) => {
    stream.respond({ ':status': 200, 'retry-after': '7' });
    stream.end('{}');
  },
  '/empty': (stream) => stream.respond({ ':status': 204 }, { endStream: true }),
  '/big': (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(BIG);
  },
  // As Go does with a request whose body it did not read.
  '/unread': (stream) => {
    stream.respond({ ':status': 409 });
    stream.end('conflict', () => stream.close(constants.NGHTTP2_NO_ERROR));
  },
  '/reset': (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half', () => stream.destroy(new Error('a bug')));
  },
  '/refused': (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  '/gone': (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('half', () => setTimeout(() => stream.session?.socket?.destroy(), 20));
  },
  '/watch': (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('first');
    open.push(stream);
  },
  '/never': (stream) => void open.push(stream),
};

beforeAll(async () => {
  const ca = await TestCa.create();
  const pair = await ca.issue({ commonName: 'x', ipAddresses: ['127.0.0.1'] });
  server = createSecureServer(pair);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answers[String(headers[':path'])]?.(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  connect = async () => {
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const socket = await connectTls({ server: url, headers: {}, tls: { ca: ca.certPem } });
    return new Http2Connection(socket, url);
  };
});
let connect: () => Promise<Http2Connection>;

beforeEach(async () => {
  open.length = 0;
  connection = await connect();
});
afterEach(() => connection.destroy());
afterAll(() => server.close());

function get(path: string, signal = new AbortController().signal, body?: string): Promise<HttpAnswer> {
  const method = body === undefined ? 'GET' : 'POST';
  return connection.send({ method, path, headers: {}, signal, ...(body !== undefined && { body }) });
}

async function read(answer: HttpAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe.each([0, 1, 40])('an answer that is read %i ms after it came', (lateMs) => {
  it.each([
    ['/small', '{}'],
    ['/empty', ''],
    ['/unread', 'conflict'],
    ['/big', BIG.toString()],
  ])('is whole: %s', async (path, expected) => {
    const answer = await get(path, undefined, path === '/unread' ? 'a body' : undefined);
    if (lateMs > 0) await sleep(lateMs);
    expect((await read(answer)) === expected).toBe(true);
  });

  it.each(['/reset', '/gone'])('is an error where it broke off: %s', async (path) => {
    const answer = await get(path);
    if (lateMs > 0) await sleep(lateMs);
    await expect(read(answer)).rejects.toThrow();
  });
});

it('gives status and Retry-After', async () => {
  expect(await get('/small')).toMatchObject({ statusCode: 200, retryAfter: '7' });
});

it('is whole, many at a time', async () => {
  const all = await Promise.all(Array.from({ length: 300 }, async () => read(await get('/small'))));
  expect(new Set(all)).toEqual(new Set(['{}']));
});

it('holds a server back that is faster than the reader', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const answer = await get('/big');
  await sleep(100);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(BIG.length / 2);
  expect(await read(answer)).toHaveLength(BIG.length);
});

it('tells a request that was not looked at from one that may have been', async () => {
  await expect(get('/refused')).rejects.toThrow(NotSentError);
});

it('ends with the reason of the signal, before the answer and in it', async () => {
  const early = new AbortController();
  const asked = get('/never', early.signal);
  setTimeout(() => early.abort(new Error('no answer')), 20);
  await expect(asked).rejects.toThrow('no answer');
  const late = new AbortController();
  const answer = await get('/watch', late.signal);
  setTimeout(() => late.abort(new Error('enough')), 20);
  await expect(read(answer)).rejects.toThrow('enough');
  await until('the server knows', () => open.length === 2 && open.every((stream) => stream.destroyed));
});

it('frees the stream at the server when the reader leaves early', async () => {
  for await (const chunk of (await get('/watch')).body) {
    expect(Buffer.from(chunk).toString()).toBe('first');
    break;
  }
  await until('the server knows', () => open[0]?.destroyed === true);
});

it('takes no more requests once it is closed, and says that they were not sent', async () => {
  connection.destroy();
  expect(connection.usable).toBe(false);
  await expect(Promise.resolve().then(() => get('/small'))).rejects.toThrow(NotSentError);
});
