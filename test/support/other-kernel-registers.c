// Loaded into User Mode Linux (test/support/other-kernel.ts). Linux 6.1 there keeps 2,696 bytes of a process's vector registers and writes them back by
// PTRACE_SETREGSET. A host whose processor has more of them (AMX: 11,008 bytes) takes only all of them at once and refuses that (Linux
// arch/x86/kernel/fpu/regset.c, xstateregs_set), and the first process dies. So the rest is read before, and written back beside them.
// Declared here, so that a compiler is all it takes.
typedef unsigned long size_t;
struct iovec {
  void *iov_base;
  size_t iov_len;
};
enum { GETREGSET = 0x4204, SETREGSET = 0x4205, XSTATE = 0x202 };
extern void *dlsym(void *, const char *);
extern void *memcpy(void *, const void *, size_t);
#define NEXT ((void *)-1l)

static char registers[1 << 16];

long ptrace(long request, long pid, long address, void *data) {
  static long (*next)(long, long, long, void *);
  if (!next) next = (long (*)(long, long, long, void *))dlsym(NEXT, "ptrace");
  if (request == SETREGSET && address == XSTATE) {
    const struct iovec *some = data;
    struct iovec all = {registers, sizeof registers};
    if (next(GETREGSET, pid, XSTATE, &all) == 0 && all.iov_len > some->iov_len) {
      memcpy(registers, some->iov_base, some->iov_len);
      return next(SETREGSET, pid, XSTATE, &all);
    }
  }
  return next(request, pid, address, data);
}
