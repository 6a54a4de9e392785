// The thinnest C face of zlib that Swift can import: zlib's init functions are macros, its stream a struct with raw
// pointers that must not move. Raw deflate streams only (RFC 1951), as ZIP carries them.
#ifndef CZLIBSHIM_H
#define CZLIBSHIM_H
#include <stddef.h>
#include <stdint.h>

typedef struct mss_zlib_stream mss_zlib_stream;

typedef enum {
    mss_zlib_more = 0,        // progress made: give more input or more room
    mss_zlib_end = 1,         // the stream is complete
    mss_zlib_bad_data = -1,   // not a deflate stream
    mss_zlib_no_memory = -2,
} mss_zlib_status;

typedef struct {
    size_t consumed;
    size_t produced;
    int status;  // mss_zlib_status
} mss_zlib_step;

mss_zlib_stream *_Nullable mss_zlib_deflate_new(int level);
mss_zlib_stream *_Nullable mss_zlib_inflate_new(void);
void mss_zlib_free(mss_zlib_stream *_Nonnull stream);

mss_zlib_step mss_zlib_deflate(mss_zlib_stream *_Nonnull stream, const uint8_t *_Nullable input, size_t input_count,
                               uint8_t *_Nonnull output, size_t output_count, int finish);
// As deflate, and everything given so far can be inflated from what is put out: for streams of messages (RFC 4978).
mss_zlib_step mss_zlib_deflate_flush(mss_zlib_stream *_Nonnull stream, const uint8_t *_Nullable input,
                                     size_t input_count, uint8_t *_Nonnull output, size_t output_count);
mss_zlib_step mss_zlib_inflate(mss_zlib_stream *_Nonnull stream, const uint8_t *_Nullable input, size_t input_count,
                               uint8_t *_Nonnull output, size_t output_count);

uint32_t mss_zlib_crc32(uint32_t crc, const uint8_t *_Nullable bytes, size_t count);
#endif
