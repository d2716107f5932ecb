/** Reads and edits the load commands of a Mach-O file of 64 bits, macOS' format of programs (mach-o/loader.h of Apple's XNU). PURE */

const MAGIC = 0xfeedfacf;
const HEADER_BYTES = 32;
const COUNT_AT = 16;
const BYTES_AT = 20;

export const LC = {
  SEGMENT_64: 0x19,
  CODE_SIGNATURE: 0x1d,
  FUNCTION_STARTS: 0x26,
  DATA_IN_CODE: 0x29,
  SOURCE_VERSION: 0x2a,
} as const;
/** For debuggers; macOS starts a program without them. */
const DISPENSABLE: readonly number[] = [LC.SOURCE_VERSION, LC.DATA_IN_CODE, LC.FUNCTION_STARTS];

export interface LoadCommand {
  readonly type: number;
  readonly at: number;
  readonly bytes: number;
}

export interface Segment {
  /** The place of its load command. */
  readonly at: number;
  readonly name: string;
  readonly address: number;
  readonly memoryBytes: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
  /** 0 if the file has no content of the section. */
  readonly fileOffset: number;
}

/** @throws {RangeError} if the file is no Mach-O file of 64 bits. */
export function loadCommands(file: Buffer): LoadCommand[] {
  if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== MAGIC)
    throw new RangeError('Cannot read the program: it is no Mach-O file of 64 bits');
  const commands: LoadCommand[] = [];
  let at = HEADER_BYTES;
  for (let left = file.readUInt32LE(COUNT_AT); left > 0; left--) {
    const bytes = file.readUInt32LE(at + 4);
    commands.push({ type: file.readUInt32LE(at), at, bytes });
    at += bytes;
  }
  return commands;
}

export function segments(file: Buffer): Segment[] {
  return loadCommands(file)
    .filter(({ type }) => type === LC.SEGMENT_64)
    .map(({ at }) => ({
      at,
      name: text(file, at + 8),
      address: Number(file.readBigUInt64LE(at + 24)),
      memoryBytes: Number(file.readBigUInt64LE(at + 32)),
      fileOffset: Number(file.readBigUInt64LE(at + 40)),
      fileBytes: Number(file.readBigUInt64LE(at + 48)),
      sections: Array.from({ length: file.readUInt32LE(at + 64) }, (_, index) => section(file, at + 72 + index * 80)),
    }));
}

export function segment(file: Buffer, name: string): Segment {
  const found = segments(file).find((each) => each.name === name);
  if (!found) throw new RangeError(`Cannot edit the program: it has no segment ${name}`);
  return found;
}

/** Gives a segment its size in the file, and as much memory as whole pages of 16 KiB take. */
export function resizeSegment(file: Buffer, { at }: Segment, fileBytes: number): void {
  file.writeBigUInt64LE(BigInt(roundUp(fileBytes, 16_384)), at + 32);
  file.writeBigUInt64LE(BigInt(fileBytes), at + 48);
}

/**
 * Makes room for further load commands, by removing load commands that only debuggers read.
 *
 * @throws {RangeError} if there is too little room all the same.
 */
export function makeRoom(file: Buffer, wanted: number): void {
  for (const type of DISPENSABLE) {
    if (roomLeft(file) >= wanted) return;
    for (const command of loadCommands(file)) if (command.type === type) remove(file, command);
  }
  const room = roomLeft(file);
  if (room < wanted)
    throw new RangeError(`Cannot edit the program: ${room} bytes are left for load commands, not ${wanted}`);
}

/** Appends a load command of two fields, such as the place and the size of something in `__LINKEDIT`. */
export function appendCommand(file: Buffer, type: number, fields: readonly [number, number]): void {
  makeRoom(file, 16);
  const at = HEADER_BYTES + file.readUInt32LE(BYTES_AT);
  for (const [index, value] of [type, 16, ...fields].entries()) file.writeUInt32LE(value, at + index * 4);
  resizeCommands(file, +1, +16);
}

function roomLeft(file: Buffer): number {
  const offsets = segments(file).flatMap(({ sections }) => sections.map(({ fileOffset }) => fileOffset));
  return Math.min(...offsets.filter((offset) => offset > 0)) - HEADER_BYTES - file.readUInt32LE(BYTES_AT);
}

function remove(file: Buffer, { at, bytes }: LoadCommand): void {
  const end = HEADER_BYTES + file.readUInt32LE(BYTES_AT);
  file.copyWithin(at, at + bytes, end);
  file.fill(0, end - bytes, end);
  resizeCommands(file, -1, -bytes);
}

function resizeCommands(file: Buffer, count: number, bytes: number): void {
  file.writeUInt32LE(file.readUInt32LE(COUNT_AT) + count, COUNT_AT);
  file.writeUInt32LE(file.readUInt32LE(BYTES_AT) + bytes, BYTES_AT);
}

function section(file: Buffer, at: number): Section {
  return {
    name: text(file, at),
    address: Number(file.readBigUInt64LE(at + 32)),
    bytes: Number(file.readBigUInt64LE(at + 40)),
    fileOffset: file.readUInt32LE(at + 48),
  };
}

function text(file: Buffer, at: number): string {
  return file.toString('latin1', at, at + 16).replace(/\0.*$/, '');
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
