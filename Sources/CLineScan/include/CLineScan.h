#ifndef CLINESCAN_H
#define CLINESCAN_H

#include <stddef.h>
#include <stdint.h>

/// Passes the lines of text, from the start of one on, that are whole and without fault: ended by CRLF, with no other CR or
/// LF, no NUL, no dot at their start. Returns their octets; the caller looks at what follows an octet at a time.
///
/// `longest` is raised to the length of the longest line passed, without its CRLF. Reads nothing behind `count`. Where the
/// processor has no instructions for it (AVX2), it passes none.
size_t mss_whole_lines(const uint8_t *octets, size_t count, size_t *longest);

#endif
