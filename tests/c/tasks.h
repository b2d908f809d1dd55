/* The part of nulls.c about inpaintings and tasks: fields of other abilities, requests that are none, texts of tasks. */
#ifndef TASKS_H
#define TASKS_H

#include "inputs.h"

/* Each of these would be ignored without an error otherwise. */
static void fields_of_inpaintings(void)
{
#define INPAINT(of, change, wanted, text)                  \
    fresh();                                               \
    inpaint.ability = of;                                  \
    change;                                                \
    IS(use_inpaint(&inpaint), wanted);                     \
    CHECK(wanted == VOLCV_OK || strstr(out_error.message, text) != NULL)
#define FOREIGN(of, change, text) INPAINT(of, change, VOLCV_E_INVALID_ARGUMENT, "volcv_inpaint." text)

    INPAINT(VOLCV_INPAINT_EDIT, (inpaint.prompt = "a kite", inpaint.scale = 5, inpaint.steps = 25), VOLCV_OK, "");
    INPAINT(VOLCV_INPAINT_ERASE, (inpaint.quality = VOLCV_QUALITY_LOW, inpaint.dilate_size = 15), VOLCV_OK, "");
    INPAINT(VOLCV_PAINTING_EDIT, (inpaint.prompt = "a sea", inpaint.seed = -1), VOLCV_OK, "");
    FOREIGN(0, (void)0, "ability is 0, but must be VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE or VOLCV_PAINTING_EDIT");
    FOREIGN(VOLCV_PAINTING_EDIT + 1, (void)0, "ability is 4");
    FOREIGN(VOLCV_INPAINT_EDIT, inpaint.strength = 0.5, "strength is 0.5, but must be 0, but in VOLCV_INPAINT_ERASE");
    FOREIGN(VOLCV_INPAINT_EDIT, inpaint.dilate_size = 1, "dilate_size");
    FOREIGN(VOLCV_INPAINT_EDIT, inpaint.quality = VOLCV_QUALITY_HIGH, "quality");
    FOREIGN(VOLCV_INPAINT_ERASE, inpaint.prompt = "a kite", "prompt is a text, but must be NULL, but in");
    FOREIGN(VOLCV_INPAINT_ERASE, inpaint.quality = VOLCV_QUALITY_LOW + 1, "quality is 4");
    FOREIGN(VOLCV_PAINTING_EDIT, inpaint.scale = 5, "scale is 5, but must be 0, but in VOLCV_INPAINT_EDIT and");
    FOREIGN(VOLCV_PAINTING_EDIT, inpaint.steps = 5, "steps");
    FOREIGN(VOLCV_PAINTING_EDIT, inpaint.strength = 0.5, "strength");
    FOREIGN(VOLCV_PAINTING_EDIT, inpaint.dilate_size = 5, "dilate_size");
    FOREIGN(VOLCV_INPAINT_EDIT, inpaint.flags = 8, "flags is 0x8");
    FOREIGN(VOLCV_INPAINT_EDIT, inpaint.prompt = "\xC3\x28", "prompt is bytes with");
    INPAINT(VOLCV_INPAINT_EDIT, inpaint.picture = NULL, VOLCV_E_INVALID_ARGUMENT, "volcv_inpaint.picture is NULL");
    INPAINT(VOLCV_INPAINT_EDIT, inpaint.mask = NULL, VOLCV_E_INVALID_ARGUMENT, "volcv_inpaint.mask is NULL");
    INPAINT(VOLCV_INPAINT_EDIT, inpaint.extra_json = "[", VOLCV_E_INVALID_INPUT, "volcv_inpaint.extra_json");
    INPAINT(VOLCV_INPAINT_EDIT, inpaint.flags = VOLCV_INPAINT_STRICT, VOLCV_E_INVALID_INPUT, "picture is 64x64");
    INPAINT(VOLCV_INPAINT_ERASE, inpaint.dilate_size = 4097, VOLCV_E_INVALID_INPUT, "dilate_size is 4097");
    INPAINT(VOLCV_PAINTING_EDIT, picture.size = 4, VOLCV_E_INVALID_INPUT, "picture");
    /* The successor as a whole operation. */
#define SUCCESSOR(change, wanted, text)                    \
    fresh();                                               \
    outpaint.ability = VOLCV_ABILITY_PAINTING_EDIT;        \
    change;                                                \
    IS(use_outpaint(&outpaint), wanted);                   \
    CHECK(wanted == VOLCV_OK || strstr(out_error.message, text) != NULL)

    SUCCESSOR((void)0, VOLCV_OK, "");
    SUCCESSOR(outpaint.overlap = 4, VOLCV_OK, "");
    SUCCESSOR(outpaint.ability = 2, VOLCV_E_INVALID_ARGUMENT, "volcv_outpaint.ability is 2");
    SUCCESSOR(outpaint.scale = 5, VOLCV_E_INVALID_INPUT, "scale is 5, but must be left out");
    SUCCESSOR(outpaint.strength = 0.5, VOLCV_E_INVALID_INPUT, "strength");
    SUCCESSOR(outpaint.steps = 9, VOLCV_E_INVALID_INPUT, "steps");
    SUCCESSOR((outpaint.left = 0, outpaint.mode = VOLCV_MODE_CANVAS, outpaint.mask = &picture),
        VOLCV_E_INVALID_ARGUMENT, "which makes canvas and mask itself");
}

static void requests_of_tasks(void)
{
#define TASK(change, wanted, text)                         \
    fresh();                                               \
    change;                                                \
    IS(use_task_request(&task_request), wanted);           \
    CHECK(wanted == VOLCV_OK || strstr(out_error.message, text) != NULL)
#define NO_TASK(change, text) TASK(change, VOLCV_E_INVALID_ARGUMENT, text)
#define RAW (task_request.outpaint = NULL, task_request.raw = &raw)
#define INPAINTING (task_request.outpaint = NULL, task_request.inpaint = &inpaint)

    TASK((void)0, VOLCV_OK, "");
    TASK(RAW, VOLCV_OK, "");
    TASK((RAW, task_request.actions = VOLCV_ACTIONS_PLAIN), VOLCV_OK, "");
    TASK(INPAINTING, VOLCV_OK, "");
    NO_TASK(task_request.outpaint = NULL, "inpaint and raw is 0 of them, but must be exactly one");
    NO_TASK(task_request.raw = &raw, "inpaint and raw is 2 of them");
    NO_TASK((task_request.raw = &raw, task_request.inpaint = &inpaint), "3 of them");
    NO_TASK(task_request.actions = VOLCV_ACTIONS_PLAIN + 1, "volcv_task_request.actions is 2");
    NO_TASK(task_request.reserved_pointer = room, "reserved_pointer");
    NO_TASK(outpaint.flags = VOLCV_OUTPAINT_PIXELS, "volcv_task_request.outpaint is a whole operation, but must be one call");
    NO_TASK(outpaint.flags = VOLCV_OUTPAINT_DOWNLOAD, "volcv_outpaint.flags is 0x100, but must be without this bit");
    NO_TASK(outpaint.overlap = 1, "overlap");
    NO_TASK(outpaint.struct_size = 4, "volcv_outpaint.struct_size");
    NO_TASK((INPAINTING, inpaint.flags = VOLCV_INPAINT_DOWNLOAD), "volcv_inpaint.flags is 0x100");
    NO_TASK((INPAINTING, inpaint.ability = 9), "volcv_inpaint.ability");
    NO_TASK((RAW, raw.action = "CVProcess"), "volcv_raw.action is given, but must be NULL in a task");
    NO_TASK((RAW, raw.version = "2022-08-31"), "volcv_raw.version");
    NO_TASK((RAW, raw.picture_count = 65), "volcv_raw.picture_count");
    TASK(outpaint.left = 2, VOLCV_E_INVALID_INPUT, "left");
    TASK((RAW, raw.json = "{}"), VOLCV_E_INVALID_INPUT, "req_key is empty");
    TASK((RAW, raw.json = "{\"req_key\":7}"), VOLCV_E_INVALID_INPUT, "req_key");
    TASK((RAW, raw.json = "{\"req_key\":\"x\",\"req_json\":\"no\"}"), VOLCV_E_INVALID_INPUT, "req_json");
    /* The bit is for those that have a result of a task. */
    fresh();
    job_options.flags = VOLCV_JOB_DOWNLOAD;
    IS(took(volcv_task_wait(client, UNKNOWN_TASK, &job_options, &out_job, &out_error)), VOLCV_OK);
    IS(took(volcv_task_status(client, UNKNOWN_TASK, &job_options, &out_job, &out_error)), VOLCV_OK);
    IS(took(volcv_task_cancel(client, UNKNOWN_TASK, &job_options, &out_job, &out_error)), VOLCV_E_INVALID_ARGUMENT);
    IS(took(volcv_task_submit(client, &task_request, &job_options, &out_job, &out_error)), VOLCV_E_INVALID_ARGUMENT);
    IS(use_job_options(&job_options), VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "volcv_job_options.flags is VOLCV_JOB_DOWNLOAD, but must be without") != NULL);
}

static void texts_of_tasks(void)
{
    static const char *const bad[] = {
        "", "no task", "[]", "7", "{}", "{\"task_id\":\"1\"}", "{\"req_key\":\"x\"}", "{\"task_id\":1,\"req_key\":\"x\"}",
        "{\"task_id\":\"a b\",\"req_key\":\"x\"}", "{\"task_id\":\"\",\"req_key\":\"x\"}",
        "{\"task_id\":\"1\",\"req_key\":\"x\",\"actions\":\"none\"}",
        "{\"task_id\":\"1\",\"req_key\":\"x\",\"req_json\":\"[\"}", "{\"task_id\":\"1\",\"req_key\":\"x\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fresh();
        IS(use_task(bad[i]), VOLCV_E_INVALID_INPUT);
        EMPTY(out_job);
        CHECK(out_error.charge == VOLCV_CHARGE_NONE && out_error.message[0] != 0);
    }
    fresh();
    IS(use_task("\xC3\x28"), VOLCV_E_INVALID_ARGUMENT);
    CHECK(strstr(out_error.message, "task is bytes with") != NULL);
    fresh();
    IS(use_task(UNKNOWN_TASK), VOLCV_OK);
    IS(use_task("\n {\"task_id\":\"1\",\"req_key\":\"x\",\"actions\":\"plain\",\"later\":1} \n"), VOLCV_OK);
}

#endif
