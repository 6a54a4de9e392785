#include "CAllocations.h"

#include <errno.h>
#include <stddef.h>

// The C library's own functions, under the names that replacements are meant to call (glibc manual, "Replacing malloc").
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static __thread unsigned long made;

unsigned long allocationsOfThisThread(void) { return made; }

void *malloc(size_t size) {
  made++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  made++;
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  made++;
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  made++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  made++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  made++;
  void *made_block = __libc_memalign(alignment, size);
  if (made_block == NULL) return ENOMEM;
  *block = made_block;
  return 0;
}
