export interface MachineFacts {
  readonly platform: string;
  readonly arch: string;
  readonly uid: number;
  /** Absent where the kernel does not tell how it was built. */
  readonly kernelConfig?: string;
}

export function missingRequirement(machine: MachineFacts): string | undefined;
export function lackingKernelOptions(kernelConfig: string): string[];
