#include "CZlibShim.h"
#include <stdlib.h>
#include <zlib.h>

struct mss_zlib_stream {
    z_stream z;
    int inflates;
};

static mss_zlib_stream *make(int inflates, int level) {
    mss_zlib_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return NULL;
    stream->inflates = inflates;
    // Negative window bits: a raw deflate stream, without zlib header or Adler-32.
    int status = inflates ? inflateInit2(&stream->z, -MAX_WBITS)
                          : deflateInit2(&stream->z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    if (status != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

mss_zlib_stream *mss_zlib_deflate_new(int level) { return make(0, level); }
mss_zlib_stream *mss_zlib_inflate_new(void) { return make(1, 0); }

void mss_zlib_free(mss_zlib_stream *stream) {
    if (stream->inflates)
        inflateEnd(&stream->z);
    else
        deflateEnd(&stream->z);
    free(stream);
}

static uInt clamp(size_t count) { return count > 1u << 30 ? 1u << 30 : (uInt)count; }

static mss_zlib_step step(mss_zlib_stream *stream, const uint8_t *input, size_t input_count, uint8_t *output,
                          size_t output_count, int flush) {
    z_stream *z = &stream->z;
    // zlib reads `next_in` only; its type lacks const in this configuration.
    z->next_in = (Bytef *)input;
    uInt in = z->avail_in = clamp(input_count);
    z->next_out = output;
    uInt out = z->avail_out = clamp(output_count);
    int status = stream->inflates ? inflate(z, flush) : deflate(z, flush);
    mss_zlib_step result = {in - z->avail_in, out - z->avail_out, mss_zlib_more};
    if (status == Z_STREAM_END)
        result.status = mss_zlib_end;
    else if (status == Z_MEM_ERROR)
        result.status = mss_zlib_no_memory;
    else if (status != Z_OK && status != Z_BUF_ERROR)  // Z_BUF_ERROR: no progress was possible, not an error
        result.status = mss_zlib_bad_data;
    z->next_in = NULL;
    z->next_out = NULL;
    return result;
}

mss_zlib_step mss_zlib_deflate(mss_zlib_stream *stream, const uint8_t *input, size_t input_count, uint8_t *output,
                               size_t output_count, int finish) {
    return step(stream, input, input_count, output, output_count, finish ? Z_FINISH : Z_NO_FLUSH);
}

mss_zlib_step mss_zlib_deflate_flush(mss_zlib_stream *stream, const uint8_t *input, size_t input_count,
                                     uint8_t *output, size_t output_count) {
    return step(stream, input, input_count, output, output_count, Z_SYNC_FLUSH);
}

mss_zlib_step mss_zlib_inflate(mss_zlib_stream *stream, const uint8_t *input, size_t input_count, uint8_t *output,
                               size_t output_count) {
    return step(stream, input, input_count, output, output_count, Z_NO_FLUSH);
}

uint32_t mss_zlib_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
    return bytes ? (uint32_t)crc32_z(crc, bytes, count) : crc;
}
