/**
 * Signs a program for macOS without a certificate ("ad hoc"), byte for byte as Apple's linker does: macOS on ARM starts no program whose pages have no hashes. The format is in
 * osfmk/kern/cs_blobs.h of Apple's XNU. PURE
 */
import { createHash } from 'node:crypto';
import { appendCommand, LC, resizeSegment, roundUp, segment } from './load-commands.ts';

const EMBEDDED_SIGNATURE = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
/** The first version with the bounds of the executable segment. */
const VERSION = 0x20400;
const FLAGS_ADHOC_LINKER_SIGNED = 0x20002;
const SEGMENT_OF_MAIN_PROGRAM = 1n;
const SUPER_BLOB_BYTES = 20;
const DIRECTORY_BYTES = 88;
const SHA256 = { type: 2, bytes: 32 } as const;
const LOG2_PAGE_BYTES = 12;
const PAGE_BYTES = 1 << LOG2_PAGE_BYTES;

/** @param program without a signature. @param identifier the name that `codesign --display` shows. @returns the program with a signature at its end. */
export function signAdHoc(program: Buffer, identifier: string): Buffer {
  const linkEdit = segment(program, '__LINKEDIT');
  const text = segment(program, '__TEXT');
  const instructions = text.sections.find((section) => section.name === '__text');
  const codeBytes = roundUp(linkEdit.fileOffset + linkEdit.fileBytes, 16);
  const name = Buffer.from(`${identifier}\0`);
  const pages = Math.ceil(codeBytes / PAGE_BYTES);
  const hashesAt = DIRECTORY_BYTES + name.length;
  const directoryBytes = hashesAt + pages * SHA256.bytes;
  const signatureBytes = roundUp(SUPER_BLOB_BYTES + directoryBytes, 8);

  const signed = Buffer.alloc(codeBytes + signatureBytes);
  program.copy(signed, 0, 0, Math.min(program.length, codeBytes));
  // Before the pages are hashed: the first one has the load commands.
  appendCommand(signed, LC.CODE_SIGNATURE, [codeBytes, signatureBytes]);
  resizeSegment(signed, linkEdit, signed.length - linkEdit.fileOffset);

  const signature = signed.subarray(codeBytes);
  const superBlob = [EMBEDDED_SIGNATURE, SUPER_BLOB_BYTES + directoryBytes, 1, 0, SUPER_BLOB_BYTES];
  for (const [index, value] of superBlob.entries()) signature.writeUInt32BE(value, index * 4);
  const directory = signature.subarray(SUPER_BLOB_BYTES);
  const words = [
    CODE_DIRECTORY,
    directoryBytes,
    VERSION,
    FLAGS_ADHOC_LINKER_SIGNED,
    hashesAt,
    DIRECTORY_BYTES,
    0,
    pages,
    codeBytes,
  ];
  for (const [index, value] of words.entries()) directory.writeUInt32BE(value, index * 4);
  Buffer.from([SHA256.bytes, SHA256.type, 0, LOG2_PAGE_BYTES]).copy(directory, 36);
  const executable = [BigInt(text.fileOffset), BigInt(instructions?.bytes ?? text.fileBytes), SEGMENT_OF_MAIN_PROGRAM];
  for (const [index, value] of executable.entries()) directory.writeBigUInt64BE(value, 64 + index * 8);
  name.copy(directory, DIRECTORY_BYTES);
  for (let page = 0; page < pages; page++)
    pageHash(signed, page, codeBytes).copy(directory, hashesAt + page * SHA256.bytes);
  return signed;
}

function pageHash(program: Buffer, page: number, codeBytes: number): Buffer {
  const end = Math.min((page + 1) * PAGE_BYTES, codeBytes);
  return createHash('sha256')
    .update(program.subarray(page * PAGE_BYTES, end))
    .digest();
}
