#ifndef C_ALLOCATIONS_H
#define C_ALLOCATIONS_H

/// Allocations that the calling thread has made since it began, of every library of the process: this target replaces
/// the allocating functions of the C library by ones that count.
unsigned long allocationsOfThisThread(void);

#endif
