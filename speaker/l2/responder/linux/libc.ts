/**
 * The calls of libc that raw sockets need, through koffi: Node has neither packet nor netlink sockets (docs/decisions/0011). Each function returns the result of
 * the call, and throws {@link LibcError} if that is -1.
 *
 * For threads of their own only: a call blocks the whole thread.
 */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

export class LibcError extends Error {
  /** Such as `ENETDOWN`. */
  readonly code: string;

  constructor(name: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`Cannot ${name}: ${code}`);
    this.name = 'LibcError';
    this.code = code;
  }
}

const library = koffi.load(null);
const socketFilter = koffi.pointer(koffi.struct({ len: 'uint16_t', filter: 'void *' }));

/** `ssize_t` is unknown to koffi; `intptr_t` is as wide. */
const calls = {
  socket: library.func('int socket(int domain, int type, int protocol)'),
  bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
  recv: library.func('intptr_t recv(int fd, void *buffer, size_t length, int flags)'),
  send: library.func('intptr_t send(int fd, const void *buffer, size_t length, int flags)'),
  poll: library.func('int poll(void *fds, unsigned long count, int timeout)'),
  eventfd: library.func('int eventfd(unsigned int value, int flags)'),
  read: library.func('intptr_t read(int fd, void *buffer, size_t length)'),
  close: library.func('int close(int fd)'),
  setOption: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  setFilter: library.func('setsockopt', 'int', ['int', 'int', 'int', socketFilter, 'uint32_t']),
};

export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const POLLIN = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = SOCK_NONBLOCK;
const EFD_CLOEXEC = SOCK_CLOEXEC;
const MSG_DONTWAIT = 0x40;
export const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOCK_FPROG_BYTES = 16;
const BPF_INSTRUCTION_BYTES = 8;

/** @returns a socket that does not block, and that children do not inherit. */
export function socket(domain: number, type: number, protocol: number): number {
  return checked('open a socket', calls.socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

export function bind(fd: number, address: Uint8Array): void {
  checked('bind a socket', calls.bind(fd, address, address.length));
}

/** @returns the number of bytes, or undefined if there is nothing now. A message that is longer than the buffer is cut off. */
export function receive(fd: number, buffer: Uint8Array): number | undefined {
  return unlessAgain('receive', calls.recv(fd, buffer, buffer.length, MSG_DONTWAIT));
}

/** @returns false if the socket's queue is full. */
export function send(fd: number, bytes: Uint8Array): boolean {
  return unlessAgain('send', calls.send(fd, bytes, bytes.length, MSG_DONTWAIT)) !== undefined;
}

export function setOption(fd: number, level: number, name: number, value: Uint8Array): void {
  checked('set an option of a socket', calls.setOption(fd, level, name, value, value.length));
}

/** Replaces the kernel's filter of a socket by a program of classic BPF, eight bytes an instruction. */
export function attachFilter(fd: number, program: Uint8Array): void {
  const value = { len: program.length / BPF_INSTRUCTION_BYTES, filter: program };
  checked('filter a socket', calls.setFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, value, SOCK_FPROG_BYTES));
}

/** A counter that a `write` from any thread makes readable. */
export function eventfd(): number {
  return checked('open an eventfd', calls.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

/** Makes an eventfd unreadable again. */
export function resetEventfd(fd: number): void {
  unlessAgain('read an eventfd', calls.read(fd, Buffer.alloc(8), 8));
}

export function close(fd: number): void {
  checked('close a socket', calls.close(fd));
}

const NONE: readonly number[] = [];

/** The descriptors of a `poll`, each as fd (4 bytes), events (2), revents (2). */
export class PollSet {
  readonly #fds: readonly number[];
  /** The same memory, as words of two bytes. */
  readonly #words: Int16Array;

  constructor(fds: readonly number[]) {
    this.#fds = fds;
    this.#words = new Int16Array(fds.length * 4);
    new Int32Array(this.#words.buffer).set(fds.flatMap((fd) => [fd, POLLIN]));
  }

  /** @returns the descriptors with something to read, or with an error. */
  wait(timeoutMs: number): readonly number[] {
    const count = calls.poll(this.#words, this.#fds.length, timeoutMs);
    // Another thread handles the signal.
    if (count < 0 && errnoName() !== 'EINTR') throw new LibcError('wait for sockets', koffi.errno());
    return count > 0 ? this.#fds.filter((_, i) => this.#words[i * 4 + 3] !== 0) : NONE;
  }
}

function checked(what: string, result: number): number {
  if (result < 0) throw new LibcError(what, koffi.errno());
  return result;
}

/** A full queue of the device (ENOBUFS) passes as the socket's own does. */
function unlessAgain(what: string, result: number): number | undefined {
  if (result >= 0) return Number(result);
  if (['EAGAIN', 'EINTR'].includes(errnoName()) || (what === 'send' && errnoName() === 'ENOBUFS')) return undefined;
  throw new LibcError(what, koffi.errno());
}

function errnoName(): string {
  return getSystemErrorName(-koffi.errno());
}
