/** Programs of macOS, which no machine here runs: what is in them. */
import { LC, loadCommands, resizeSegment, segment, segments } from '../../../release/programs/mach-o/load-commands.ts';

export const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** @returns the content of the sections by name and address; in place of the fuse that was burnt, the fuse as it was. */
export function sections(program: Buffer): Map<string, Buffer> {
  return new Map(
    segments(program).flatMap((segment) =>
      segment.sections.map(({ name, address, bytes, fileOffset }) => {
        const content = fileOffset === 0 ? Buffer.alloc(0) : program.subarray(fileOffset, fileOffset + bytes);
        const at = content.indexOf(`${FUSE}:1`);
        const whole = at === -1 ? content : Buffer.from(content);
        if (at !== -1) whole.write('0', at + FUSE.length + 1);
        return [`${segment.name},${name} at ${address.toString(16)}`, whole] as const;
      }),
    ),
  );
}

export function isSigned(program: Buffer): boolean {
  return loadCommands(program).at(-1)?.type === LC.CODE_SIGNATURE;
}

/** @param signed a program whose last load command is the signature. */
export function withoutSignature(signed: Buffer): Buffer {
  const command = loadCommands(signed).at(-1)!;
  const program = Buffer.from(signed.subarray(0, signed.readUInt32LE(command.at + 8)));
  program.fill(0, command.at, command.at + command.bytes);
  program.writeUInt32LE(program.readUInt32LE(16) - 1, 16);
  program.writeUInt32LE(program.readUInt32LE(20) - command.bytes, 20);
  const linkEdit = segment(program, '__LINKEDIT');
  resizeSegment(program, linkEdit, program.length - linkEdit.fileOffset);
  return program;
}
