/* The part of nulls.c about whole operations: their fields, layouts of pixels, plans. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "inputs.h"

/* Each of these would be ignored without an error otherwise. */
static void fields_of_whole_operations(void)
{
#define BREAKS(change, text)                               \
    fresh();                                               \
    change;                                                \
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_ARGUMENT); \
    CHECK(strstr(out_error.message, text) != NULL)

    BREAKS(outpaint.overlap = 1, "volcv_outpaint.overlap is 1, but must be 0, but in whole operations");
    BREAKS(outpaint.soft = 1, "soft");
    BREAKS(outpaint.context = 1, "context");
    BREAKS(outpaint.feather = 1, "feather");
    BREAKS(outpaint.max_side = 1, "max_side");
    BREAKS(outpaint.flags = VOLCV_OUTPAINT_NO_PASTE, "flags");
    BREAKS(outpaint.flags = VOLCV_OUTPAINT_KEEP_RESULT, "flags");
    BREAKS(outpaint.flags = VOLCV_OUTPAINT_CROP, "VOLCV_MODE_TARGET and VOLCV_MODE_PLACED");
    BREAKS(outpaint.target_width = 9, "target_width");
    BREAKS(outpaint.x = -1, "volcv_outpaint.x is -1, but must be 0, but in VOLCV_MODE_PLACED");
    BREAKS((aspect(1.5), outpaint.anchor_x = 1), "anchor_x");
    BREAKS((outpaint.max_passes = 2, outpaint.max_width = 9), "max_width");
    BREAKS((outpaint.max_passes = 2, outpaint.picture_height = 9), "picture_height");
    BREAKS((outpaint.flags = VOLCV_OUTPAINT_PIXELS | VOLCV_OUTPAINT_NO_PASTE, outpaint.feather = 1), "feather");
    BREAKS((anchor(), outpaint.flags = VOLCV_OUTPAINT_CROP | VOLCV_OUTPAINT_SHRINK), "one of them");
    BREAKS((outpaint.left = 0, outpaint.mode = VOLCV_MODE_CANVAS, outpaint.mask = &picture, outpaint.max_passes = 2),
        "VOLCV_MODE_CANVAS, but must be another mode");
    BREAKS(outpaint.mode = VOLCV_MODE_PLACED + 1, "mode");

#define IS_INPUT(change, text)                             \
    fresh();                                               \
    change;                                                \
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_INPUT);    \
    CHECK(strstr(out_error.message, text) != NULL)

    IS_INPUT(outpaint.mode = VOLCV_MODE_PIXELS, "left is 0.25, but must be a whole number of pixels");
    IS_INPUT((outpaint.mode = VOLCV_MODE_PIXELS, outpaint.left = -1), "left is -1");
    IS_INPUT((outpaint.mode = VOLCV_MODE_PIXELS, outpaint.left = (double)NAN), "left");
    IS_INPUT((outpaint.mode = VOLCV_MODE_PIXELS, outpaint.left = 4294967296.0), "left");
    IS_INPUT((outpaint.mode = VOLCV_MODE_PIXELS, outpaint.left = 0), "0 each");
    IS_INPUT((anchor(), outpaint.target_width = 1), "target");
    IS_INPUT((anchor(), outpaint.max_side = 127), "max_side");
    IS_INPUT((anchor(), outpaint.overlap = 64), "overlap");
    IS_INPUT((anchor(), outpaint.steps = 0, outpaint.scale = 0.5), "scale");
    IS_INPUT((anchor(), outpaint.seed = -2), "seed");
    IS_INPUT((anchor(), picture.size = 9), "picture");
    IS_INPUT((outpaint.left = 1.5, outpaint.flags = VOLCV_OUTPAINT_PIXELS), "max_passes");
    fresh();
    anchor();
    picture.data = NULL;
    picture.size = 0;
    picture.link = "http://10.0.0.1/x.png";
    IS(use_outpaint(&outpaint), VOLCV_E_INVALID_INPUT);
    CHECK(strstr(out_error.message, "volcv_picture.link: ") != NULL && out_error.charge == VOLCV_CHARGE_NONE);
}

/* Layouts that cannot be, and those that just can. */
static void layouts(void)
{
#define LAYOUT(change, code)                               \
    fresh();                                               \
    change;                                                \
    IS(use_pixels(&pixels), code)

    LAYOUT(pixels.stride = 32 * 4 - 1, VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "volcv_pixels.stride is 127, but must be at least 128") != NULL);
    LAYOUT(pixels.stride = 32 * 4 + 1, VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "volcv_pixels.size is 4096") != NULL);
    LAYOUT((pixels.stride = 129, pixels.height = 31), VOLCV_OK);
    LAYOUT(pixels.stride = SIZE_MAX, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.stride = SIZE_MAX / 31, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.size = sizeof texture - 1, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.size = SIZE_MAX, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.size = 0, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.width = 0, VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "volcv_pixels.width, height is 0x32") != NULL);
    LAYOUT(pixels.height = 0, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.height = 33, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.width = UINT32_MAX, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT((pixels.width = pixels.height = UINT32_MAX, pixels.size = SIZE_MAX / 2), VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.format = VOLCV_PIXEL_GRAY8 + 1, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.flags = 16, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT(pixels.flags = VOLCV_PIXELS_OPAQUE | VOLCV_PIXELS_PREMULTIPLIED, VOLCV_E_INVALID_ARGUMENT);
    LAYOUT((pixels.format = VOLCV_PIXEL_GRAY8, pixels.size = 32 * 32), VOLCV_OK);
    LAYOUT((pixels.format = VOLCV_PIXEL_BGR8, pixels.size = 32 * 32 * 3), VOLCV_OK);
    LAYOUT(pixels.flags = VOLCV_PIXELS_BOTTOM_UP | VOLCV_PIXELS_PREMULTIPLIED, VOLCV_OK);
    /* The memory for a result must not be lent. */
    fresh();
    pixels.flags = VOLCV_PIXELS_BORROW;
    IS(volcv_job_pixels(client, done, 0, &pixels), VOLCV_E_INVALID_ARGUMENT);
}

static void plans(void)
{
#define PLAN(change, width, height, code)                  \
    fresh();                                               \
    change;                                                \
    IS(volcv_plan(&outpaint, width, height, &out_plan, &out_error), code)

    PLAN((void)0, 0, 0, VOLCV_OK);
    CHECK(out_plan.calls == 1 && out_plan.result_width == 80 && out_plan.result_height == 64);
    CHECK(out_plan.original_x == 16 && out_plan.original_width == 64 && out_plan.source_height == 64);
    CHECK(out_plan.crop_width == 64 && out_plan.crop_x == 0 && out_plan.reserved == 0);
    PLAN(outpaint.picture = NULL, 640, 480, VOLCV_OK);
    CHECK(out_plan.result_width == 800 && out_plan.source_width == 640);
    PLAN((outpaint.picture = NULL, outpaint.pixels = &pixels), 0, 0, VOLCV_OK);
    CHECK(out_plan.result_width == 40 && out_plan.source_width == 32);
    PLAN((anchor(), outpaint.anchor_x = -1, outpaint.anchor_y = 1), 0, 0, VOLCV_OK);
    CHECK(out_plan.original_x == 0 && out_plan.original_y == 32);
    PLAN((anchor(), outpaint.mode = VOLCV_MODE_PLACED, outpaint.flags = VOLCV_OUTPAINT_CROP, outpaint.x = -8), 0, 0, VOLCV_OK);
    CHECK(out_plan.crop_x == 8 && out_plan.crop_width == 56 && out_plan.original_x == 0);
    PLAN((anchor(), outpaint.target_height = 32, outpaint.flags = VOLCV_OUTPAINT_SHRINK), 0, 0, VOLCV_OK);
    CHECK(out_plan.original_width == 32 && out_plan.original_height == 32 && out_plan.crop_width == 64);
#define NO_PLAN(change, width, height, wanted)             \
    PLAN(change, width, height, wanted);                   \
    EMPTY_BEHIND_SIZE(out_plan);                           \
    IS(out_error.code, wanted)

    NO_PLAN(outpaint.picture = NULL, 0, 0, VOLCV_E_INVALID_INPUT);
    NO_PLAN(outpaint.picture = NULL, 64, 0, VOLCV_E_INVALID_INPUT);
    NO_PLAN(picture.size = 9, 0, 0, VOLCV_E_INVALID_INPUT);
    NO_PLAN(outpaint.pixels = &pixels, 0, 0, VOLCV_E_INVALID_ARGUMENT);
    NO_PLAN((void)0, 20000, 20000, VOLCV_E_INVALID_INPUT);
    NO_PLAN(outpaint.left = 0, 0, 0, VOLCV_E_INVALID_INPUT);
    NO_PLAN((outpaint.left = 0, outpaint.mode = VOLCV_MODE_CANVAS, outpaint.mask = &picture), 0, 0, VOLCV_E_INVALID_ARGUMENT);
    NO_PLAN((picture.data = NULL, picture.size = 0, picture.link = "https://example.com/x.png"), 0, 0, VOLCV_E_INVALID_INPUT);
}

#endif
