/* libspng as the judge of volcv's PNG decoder: `spng OUT FILE...` writes OUT/N.rgba for the file number N, counted from 0:
 * width and height as 32-bit little-endian numbers, then the pixels as RGBA. It prints a line for each file:
 * `ok WIDTH HEIGHT` or `refused REASON`. */
#include <stdio.h>
#include <stdlib.h>

#include <spng.h>

static void fatal(const char *what)
{
    perror(what);
    exit(1);
}

static void put_u32(FILE *file, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        fputc((int)(value >> shift & 255), file);
}

static void decode(const char *path, const char *folder, int number)
{
    char name[4096];
    struct spng_ihdr header;
    size_t size = 0;
    unsigned char *pixels = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fatal(path);
    spng_ctx *png = spng_ctx_new(0);
    int error = spng_set_png_file(png, file);
    if (error == 0)
        error = spng_get_ihdr(png, &header);
    if (error == 0)
        error = spng_decoded_image_size(png, SPNG_FMT_RGBA8, &size);
    if (error == 0) {
        pixels = malloc(size);
        if (pixels == NULL)
            fatal("malloc");
        error = spng_decode_image(png, pixels, size, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
    }
    if (error == 0) {
        snprintf(name, sizeof name, "%s/%d.rgba", folder, number);
        FILE *out = fopen(name, "wb");
        if (out == NULL)
            fatal(name);
        put_u32(out, header.width);
        put_u32(out, header.height);
        if (fwrite(pixels, 1, size, out) != size || fclose(out) != 0)
            fatal(name);
        printf("ok %u %u\n", header.width, header.height);
    } else {
        printf("refused %s\n", spng_strerror(error));
    }
    free(pixels);
    spng_ctx_free(png);
    fclose(file);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        decode(argv[i], argv[1], i - 2);
    return 0;
}
