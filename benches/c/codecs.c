/* The peers of the bench of pictures: libspng and libjpeg-turbo. It reads one command from each line of standard input and
 * answers with the nanoseconds of CPU time that the codec took; files are read and written outside of that time.
 *
 *   png-decode PNG                              to RGBA, into memory that was touched before
 *   png-encode PIXELS SIDE LEVEL OUT            a square of RGBA or RGB; OUT may be - for none
 *   jpeg-decode JPEG                            to RGBA, into memory that was touched before
 *   jpeg-decode-new JPEG                        to RGB, into new memory, which counts
 *   jpeg-encode RGBA SIDE KIND OUT              KIND is 420, 444 or progressive (4:2:0); quality 92
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spng.h>
#include <turbojpeg.h>

static void check(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "codecs: %s\n", what);
        exit(1);
    }
}

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    check(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*size);
    check(bytes != NULL && fread(bytes, 1, *size, file) == *size, path);
    fclose(file);
    return bytes;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    if (strcmp(path, "-") == 0)
        return;
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, path);
}

/* Memory of this size that is there already. It is kept for the next call. */
static unsigned char *target(size_t size)
{
    static unsigned char *memory;
    static size_t length;
    if (size > length) {
        free(memory);
        memory = malloc(size);
        check(memory != NULL, "no memory");
        length = size;
    }
    memset(memory, 1, size);
    return memory;
}

static long long png_decode(const char *path)
{
    size_t size, length;
    struct spng_ihdr header;
    unsigned char *file = read_file(path, &size);
    spng_ctx *probe = spng_ctx_new(0);
    check(spng_set_png_buffer(probe, file, size) == 0 && spng_get_ihdr(probe, &header) == 0, path);
    spng_ctx_free(probe);
    length = (size_t)header.width * header.height * 4;
    unsigned char *pixels = target(length);
    long long start = now();
    spng_ctx *png = spng_ctx_new(0);
    check(spng_set_png_buffer(png, file, size) == 0, path);
    check(spng_decode_image(png, pixels, length, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS) == 0, path);
    spng_ctx_free(png);
    long long time = now() - start;
    free(file);
    return time;
}

static long long png_encode(const char *path, unsigned side, int level, const char *out)
{
    size_t size, length = 0;
    int error = 0;
    struct spng_ihdr header = {0};
    unsigned char *pixels = read_file(path, &size);
    int rgb = size == (size_t)side * side * 3;
    check(rgb || size == (size_t)side * side * 4, "a square of RGBA or RGB");
    header.width = header.height = side;
    header.bit_depth = 8;
    header.color_type = rgb ? SPNG_COLOR_TYPE_TRUECOLOR : SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
    long long start = now();
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    check(spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1) == 0, "option");
    check(spng_set_option(png, SPNG_IMG_COMPRESSION_LEVEL, level) == 0, "level");
    check(spng_set_ihdr(png, &header) == 0, "header");
    check(spng_encode_image(png, pixels, size, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE) == 0, "encoding");
    void *file = spng_get_png_buffer(png, &length, &error);
    check(file != NULL && error == 0, "encoding");
    spng_ctx_free(png);
    long long time = now() - start;
    write_file(out, file, length);
    free(file);
    free(pixels);
    return time;
}

static long long jpeg_decode(const char *path, int is_new)
{
    size_t size;
    int width, height, sampling, space;
    unsigned char *file = read_file(path, &size);
    tjhandle probe = tjInitDecompress();
    check(tjDecompressHeader3(probe, file, size, &width, &height, &sampling, &space) == 0, path);
    tjDestroy(probe);
    size_t length = (size_t)width * (size_t)height;
    unsigned char *pixels = is_new ? NULL : target(length * 4);
    long long start = now();
    if (is_new)
        pixels = malloc(length * 3);
    check(pixels != NULL, "no memory");
    tjhandle jpeg = tjInitDecompress();
    check(tjDecompress2(jpeg, file, size, pixels, width, 0, height, is_new ? TJPF_RGB : TJPF_RGBA, 0) == 0, path);
    tjDestroy(jpeg);
    if (is_new)
        free(pixels);
    long long time = now() - start;
    free(file);
    return time;
}

static long long jpeg_encode(const char *path, int side, const char *kind, const char *out)
{
    size_t size;
    unsigned long length = 0;
    unsigned char *file = NULL, *pixels = read_file(path, &size);
    int sampling = strcmp(kind, "444") == 0 ? TJSAMP_444 : TJSAMP_420;
    int flags = strcmp(kind, "progressive") == 0 ? TJFLAG_PROGRESSIVE : 0;
    check(size == (size_t)side * (size_t)side * 4, "a square of RGBA");
    long long start = now();
    tjhandle jpeg = tjInitCompress();
    check(tjCompress2(jpeg, pixels, side, 0, side, TJPF_RGBA, &file, &length, sampling, 92, flags) == 0, "encoding");
    tjDestroy(jpeg);
    long long time = now() - start;
    write_file(out, file, length);
    tjFree(file);
    free(pixels);
    return time;
}

int main(void)
{
    char line[4096], path[2000], kind[16], out[2000];
    int side, level;
    while (fgets(line, sizeof line, stdin) != NULL) {
        long long time = -1;
        if (sscanf(line, "png-decode %1999s", path) == 1)
            time = png_decode(path);
        else if (sscanf(line, "png-encode %1999s %d %d %1999s", path, &side, &level, out) == 4)
            time = png_encode(path, (unsigned)side, level, out);
        else if (sscanf(line, "jpeg-decode-new %1999s", path) == 1)
            time = jpeg_decode(path, 1);
        else if (sscanf(line, "jpeg-decode %1999s", path) == 1)
            time = jpeg_decode(path, 0);
        else if (sscanf(line, "jpeg-encode %1999s %d %15s %1999s", path, &side, kind, out) == 4)
            time = jpeg_encode(path, side, kind, out);
        check(time >= 0, "an unknown command");
        printf("%lld\n", time);
        fflush(stdout);
    }
    return 0;
}
