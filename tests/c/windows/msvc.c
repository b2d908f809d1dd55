/* A program with Microsoft's ABI and without Microsoft's headers: a picture grows, and the program says how it ended. */
#include <volcv.h>

/* Of msvcrt.dll. */
void exit(int code);
char *getenv(const char *name);
int printf(const char *format, ...);

/* Compilers ask for it where floating-point numbers are. */
int _fltused;

/* 64 x 64 pixels, as in check.h. */
static const unsigned char PNG[] = {
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 64, 0, 0, 0, 64, 8, 2, 0, 0, 0, 37, 11,
    230, 137, 0, 0, 0, 79, 73, 68, 65, 84, 120, 218, 237, 207, 65, 9, 0, 0, 8, 4, 176, 139, 99, 28, 227, 24, 223, 8,
    190, 133, 193, 10, 44, 213, 243, 90, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 46, 11, 101, 80, 0, 226, 44, 222, 51, 187, 0, 0, 0,
    0, 73, 69, 78, 68, 174, 66, 96, 130,
};

void start(void);

void start(void)
{
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    volcv_client *client;
    volcv_job job;
    volcv_result result;
    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    picture.data = PNG;
    picture.size = sizeof PNG;
    outpaint.picture = &picture;
    outpaint.left = 0.5;
    outpaint.right = 0.5;
    result = volcv_client_create(VOLCV_ABI_VERSION, &options, &client, NULL);
    if (result == VOLCV_OK) {
        result = volcv_outpaint_run(client, &outpaint, NULL, &job, NULL);
        if (result == VOLCV_OK) result = volcv_job_image_info(client, job, 0, &info);
        volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    }
    printf("%s, %ux%u\n", volcv_result_name(result), info.width, info.height);
    exit(result == VOLCV_OK ? 0 : 1);
}
