/**
 * The program of a pod's sandbox container: it does nothing until it is killed. Made here as bytes, since a fresh machine has no
 * C compiler and no registry to pull one from.
 *
 * An ELF file (System V ABI, figure 4-3 and 5-1) with one loadable segment and one endless loop: pause(2) on x86-64, ppoll(2)
 * without a time-out on arm64, which has no pause. A pod that shares process ids would want it to reap children; none in the lab does.
 */

const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const LOAD_ADDRESS = 0x400000n;

interface Architecture {
  /** `e_machine`. */
  readonly machine: number;
  readonly code: Uint8Array;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    machine: 62,
    // mov eax, 34 (pause); syscall; jmp back
    code: Uint8Array.of(0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7),
  },
  arm64: {
    machine: 183,
    // mov x0..x4, 0; mov x8, 73 (ppoll); svc 0; b back
    code: words(0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800004, 0xd2800928, 0xd4000001, 0x17fffff9),
  },
};

/** @param architecture as `process.arch` names it. */
export function pauseProgram(architecture: string): Uint8Array {
  const target = ARCHITECTURES[architecture];
  if (!target) throw new RangeError(`Cannot make a pause program for "${architecture}": the lab knows x64 and arm64`);
  const codeOffset = HEADER_SIZE + PROGRAM_HEADER_SIZE;
  const size = codeOffset + target.code.length;
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  const u16 = (offset: number, value: number) => view.setUint16(offset, value, true);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, true);
  const u64 = (offset: number, value: bigint) => view.setBigUint64(offset, value, true);

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // \x7fELF, 64 bits, little endian, version 1
  u16(16, 2); // e_type: executable
  u16(18, target.machine);
  u32(20, 1); // e_version
  u64(24, LOAD_ADDRESS + BigInt(codeOffset)); // e_entry
  u64(32, BigInt(HEADER_SIZE)); // e_phoff
  u16(52, HEADER_SIZE); // e_ehsize
  u16(54, PROGRAM_HEADER_SIZE); // e_phentsize
  u16(56, 1); // e_phnum

  u32(HEADER_SIZE, 1); // p_type: load
  u32(HEADER_SIZE + 4, 5); // p_flags: read and execute
  u64(HEADER_SIZE + 16, LOAD_ADDRESS); // p_vaddr
  u64(HEADER_SIZE + 24, LOAD_ADDRESS); // p_paddr
  u64(HEADER_SIZE + 32, BigInt(size)); // p_filesz
  u64(HEADER_SIZE + 40, BigInt(size)); // p_memsz
  u64(HEADER_SIZE + 48, 0x1000n); // p_align

  file.set(target.code, codeOffset);
  return file;
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setUint32(i * 4, value, true);
  });
  return bytes;
}
