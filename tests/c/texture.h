/* A texture that grows: what texture.c and pixel_hooks.c have in common. */
#ifndef TEXTURE_H
#define TEXTURE_H

#include "check.h"

enum { WIDTH = 160, HEIGHT = 120, STRIDE = WIDTH * 4 + 12, LEFT = 40, RIGHT = 24, GROWN = LEFT + WIDTH + RIGHT };

/* One channel of one pixel, without repetition, so that a shift by one pixel shows. */
static inline unsigned char value_at(uint32_t x, uint32_t y, uint32_t channel)
{
    return (unsigned char)(128 + (x * x * (channel + 1) / 97 + y * x / 13 + y * y / (channel + 31)) % 100);
}

/* BGRA, the bottom row first, 12 bytes between the rows. */
static inline void paint(unsigned char *pixels)
{
    memset(pixels, 0xAA, STRIDE * HEIGHT);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            unsigned char *const at = pixels + (HEIGHT - 1 - y) * STRIDE + x * 4;
            at[0] = value_at(x, y, 2);
            at[1] = value_at(x, y, 1);
            at[2] = value_at(x, y, 0);
            at[3] = 255;
        }
    }
}

static inline volcv_pixels texture_of(unsigned char *pixels)
{
    volcv_pixels texture = VOLCV_PIXELS_INIT;
    texture.flags = VOLCV_PIXELS_BOTTOM_UP;
    texture.format = VOLCV_PIXEL_BGRA8;
    texture.width = WIDTH;
    texture.height = HEIGHT;
    texture.stride = STRIDE;
    texture.data = pixels;
    texture.size = STRIDE * HEIGHT;
    return texture;
}

/* Grows the texture to the left and to the right. */
static inline volcv_outpaint wider(const volcv_pixels *texture)
{
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    outpaint.mode = VOLCV_MODE_PIXELS;
    outpaint.pixels = texture;
    outpaint.left = LEFT;
    outpaint.right = RIGHT;
    return outpaint;
}

/* Memory of a format for the grown texture, with a gap between the rows and a number in every byte. */
typedef struct room {
    volcv_pixels pixels;
    uint32_t bytes;
    unsigned char data[HEIGHT][GROWN * 4 + 64];
} room;

static inline void make_room(room *to, uint32_t format, uint32_t flags)
{
    memset(to->data, 0x55, sizeof to->data);
    volcv_pixels_init(&to->pixels);
    to->bytes = format == VOLCV_PIXEL_GRAY8 ? 1 : format == VOLCV_PIXEL_RGB8 || format == VOLCV_PIXEL_BGR8 ? 3 : 4;
    to->pixels.format = format;
    to->pixels.flags = flags;
    to->pixels.width = GROWN;
    to->pixels.height = HEIGHT;
    to->pixels.stride = GROWN * to->bytes + 64;
    to->pixels.data = to->data;
    to->pixels.size = to->pixels.stride * (HEIGHT - 1) + GROWN * to->bytes;
}

static inline const unsigned char *pixel_of(const room *of, uint32_t x, uint32_t y)
{
    const uint32_t row = of->pixels.flags & VOLCV_PIXELS_BOTTOM_UP ? HEIGHT - 1 - y : y;
    return (const unsigned char *)of->data + row * of->pixels.stride + x * of->bytes;
}

/* The texture lies in its place, bit for bit, what is new is opaque, and nothing else was written. */
static inline void has_texture(const room *grown)
{
    const uint32_t format = grown->pixels.format, bytes = grown->bytes;
    const uint32_t red = format == VOLCV_PIXEL_BGRA8 || format == VOLCV_PIXEL_BGR8 ? 2 : 0;
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH && bytes > 1; x++) {
            const unsigned char *const at = pixel_of(grown, LEFT + x, y);
            CHECK(at[red] == value_at(x, y, 0) && at[1] == value_at(x, y, 1) && at[2 - red] == value_at(x, y, 2));
        }
        for (uint32_t x = 0; x < GROWN && bytes == 4; x++) {
            CHECK(pixel_of(grown, x, y)[3] == 255);
        }
    }
    const unsigned char *const end = (const unsigned char *)grown->data + sizeof grown->data;
    for (uint32_t row = 0; row < HEIGHT; row++) {
        const unsigned char *const gap = (const unsigned char *)grown->data + row * grown->pixels.stride + GROWN * bytes;
        for (const unsigned char *at = gap; at < gap + 64 && at < end; at++) {
            CHECK(*at == 0x55);
        }
    }
}

/* No byte was written. */
static inline void is_untouched(const room *of)
{
    const unsigned char *const bytes = (const unsigned char *)of->data;
    for (size_t i = 0; i < sizeof of->data; i++) {
        CHECK(bytes[i] == 0x55);
    }
}

#endif
