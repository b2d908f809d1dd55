/*
 * Proves that tasks can be submitted, stored, waited for by another client, asked for, and cancelled, whatever ability they
 * are of; that inpaintings and whole operations that are tasks tell theirs while they run; and what a task that is unknown,
 * expired or failed comes to. With VOLCV_DIRECT the access is direct. The server finds a task in the queue once, at work
 * once, and then done; "expired TASK" is the second run, for a task that is expired. The first prints such a task.
 */
#include "check.h"

static volcv_client *open_client(void)
{
    volcv_client_options options = local_options();
    options.poll_interval_ms = 50;
    if (getenv("VOLCV_DIRECT") != NULL) {
        options.api_key = NULL;
        options.access_key = getenv("VOLC_ACCESSKEY");
        options.secret_key = getenv("VOLC_SECRETKEY");
    }
    return create(&options);
}

static volcv_client *client;

/* The job ends like this. */
static void ends(volcv_job job, volcv_result result)
{
    const volcv_event event = next_event(client);
    if (event.result != result) {
        fprintf(stderr, "%s\n", error_of(client, event.job).message);
    }
    CHECK(event.job == job);
    IS(event.result, result);
}

static volcv_inpaint small_inpaint(uint32_t ability, const volcv_picture *picture)
{
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    inpaint.ability = ability;
    inpaint.picture = inpaint.mask = picture;
    if (ability != VOLCV_INPAINT_ERASE) {
        inpaint.prompt = "a red kite";
    }
    return inpaint;
}

static const char *task_of(volcv_job job)
{
    const char *task = NULL;
    size_t size = 0;
    IS(volcv_job_task(client, job, &task, &size), VOLCV_OK);
    CHECK(strlen(task) == size && strchr(task, '\n') == NULL);
    return task;
}

/* A task that was accepted, as a text that outlives the job. */
static char *submitted(const volcv_task_request *request)
{
    volcv_job job;
    const char *reply;
    uint32_t count;
    IS(volcv_task_submit(client, request, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_OK);
    const volcv_error error = error_of(client, job);
    CHECK(error.attempts == 1 && error.charge == VOLCV_CHARGE_UNKNOWN && error.http_status == 200);
    CHECK(error.request_id[0] != 0);
    IS(volcv_job_reply(client, job, &reply, NULL), VOLCV_OK);
    CHECK(strstr(reply, "task_id") != NULL);
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    CHECK(count == 0);
    IS(volcv_job_task_status(client, job, &count), VOLCV_E_NO_RESULT);
    char *const task = strdup(task_of(job));
    IS(volcv_job_release(client, job), VOLCV_OK);
    return task;
}

static uint32_t status_of(const char *task)
{
    volcv_job job;
    uint32_t status, count;
    IS(volcv_task_status(client, task, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_OK);
    IS(volcv_job_task_status(client, job, &status), VOLCV_OK);
    IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
    CHECK(count == (status == VOLCV_TASK_DONE));
    const volcv_error error = error_of(client, job);
    CHECK(error.attempts == 1 && error.delivery == VOLCV_DELIVERY_FULL);
    CHECK(strcmp(task_of(job), task) == 0);
    IS(volcv_job_release(client, job), VOLCV_OK);
    return status;
}

/* Waits for the result of a task, a picture or a link. */
static void result_of(const char *task, uint32_t flags, int is_link)
{
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    const char *link;
    volcv_job job;
    options.flags = flags;
    IS(volcv_task_wait(client, task, &options, &job, NULL), VOLCV_OK);
    CHECK(strcmp(task_of(job), task) == 0);
    ends(job, VOLCV_OK);
    IS(volcv_job_image_link(client, job, 0, &link), is_link ? VOLCV_OK : VOLCV_E_NO_RESULT);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
    CHECK((info.data != NULL && info.format == VOLCV_FORMAT_PNG && info.width >= 64) == !is_link);
    IS(volcv_job_release(client, job), VOLCV_OK);
}

static void tasks_of_every_kind(void)
{
    const volcv_picture picture = small_picture();
    volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_task_request request = VOLCV_TASK_REQUEST_INIT;
    request.outpaint = &outpaint;
    char *task = submitted(&request);
    CHECK(strstr(task, "\"req_key\":\"i2i_outpainting\"") != NULL && strstr(task, "req_json") == NULL);
    CHECK(status_of(task) == VOLCV_TASK_IN_QUEUE);
    CHECK(status_of(task) == VOLCV_TASK_GENERATING);
    CHECK(status_of(task) == VOLCV_TASK_DONE);
    result_of(task, 0, 0);
    /* Another client, as after a restart. */
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    client = open_client();
    result_of(task, VOLCV_JOB_DOWNLOAD, 0);
    free(task);
    /* Links, and what downloads them. */
    outpaint.flags = VOLCV_OUTPAINT_RETURN_LINK;
    task = submitted(&request);
    CHECK(strstr(task, "return_url") != NULL);
    result_of(task, 0, 1);
    result_of(task, VOLCV_JOB_DOWNLOAD, 0);
    free(task);
    request.outpaint = NULL;
    for (uint32_t ability = VOLCV_INPAINT_EDIT; ability <= VOLCV_PAINTING_EDIT; ability++) {
        const volcv_inpaint inpaint = small_inpaint(ability, &picture);
        request.inpaint = &inpaint;
        task = submitted(&request);
        result_of(task, 0, 0);
        free(task);
    }
    request.inpaint = NULL;
    volcv_raw raw = VOLCV_RAW_INIT;
    raw.json = "{\"req_key\":\"i2i_outpainting\",\"left\":0.5}";
    raw.pictures = &picture;
    raw.picture_count = 1;
    request.raw = &raw;
    request.actions = VOLCV_ACTIONS_PLAIN;
    task = submitted(&request);
    CHECK(strstr(task, "\"actions\":\"plain\"") != NULL);
    result_of(task, 0, 0);
    free(task);
}

/* The task of a job that runs: a game stores it before anything can go wrong. */
static void a_job_tells_its_task_while_it_runs(volcv_job job, const char *req_key)
{
    const char *task;
    volcv_result result;
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    int was_at_work = 0;
    while ((result = volcv_job_task(client, job, &task, NULL)) == VOLCV_E_NOT_READY) {
        nap();
    }
    IS(result, VOLCV_OK);
    CHECK(strstr(task, req_key) != NULL);
    do {
        IS(volcv_job_progress(client, job, &progress), VOLCV_OK);
        was_at_work |= progress.phase == VOLCV_PHASE_TASK;
        nap();
    } while (progress.phase != VOLCV_PHASE_ENDED);
    CHECK(was_at_work);
    ends(job, VOLCV_OK);
    CHECK(task_of(job) == task);
}

static void inpaintings_and_operations(void)
{
    const volcv_picture picture = small_picture();
    volcv_job job;
    uint32_t count;
    const char *task;
    for (uint32_t ability = VOLCV_INPAINT_EDIT; ability <= VOLCV_PAINTING_EDIT; ability++) {
        const volcv_inpaint inpaint = small_inpaint(ability, &picture);
        IS(volcv_inpaint_submit(client, &inpaint, NULL, &job, NULL), VOLCV_OK);
        if (ability == VOLCV_PAINTING_EDIT) {
            a_job_tells_its_task_while_it_runs(job, "jimeng_img2img_seed3_painting_edit");
        } else {
            ends(job, VOLCV_OK);
            IS(volcv_job_task(client, job, &task, NULL), VOLCV_E_NO_RESULT);
        }
        IS(volcv_job_image_count(client, job, &count), VOLCV_OK);
        CHECK(count == 1);
        IS(volcv_job_release(client, job), VOLCV_OK);
    }
    volcv_inpaint inpaint = small_inpaint(VOLCV_PAINTING_EDIT, &picture);
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    inpaint.flags = VOLCV_INPAINT_RETURN_LINK | VOLCV_INPAINT_DOWNLOAD;
    IS(volcv_inpaint_submit(client, &inpaint, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_OK);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_OK);
    CHECK(info.data != NULL);
    volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_pixels_info pixels = VOLCV_PIXELS_INFO_INIT;
    outpaint.ability = VOLCV_ABILITY_PAINTING_EDIT;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    a_job_tells_its_task_while_it_runs(job, "jimeng_img2img_seed3_painting_edit");
    IS(volcv_job_pixels_info(client, job, 0, &pixels), VOLCV_OK);
    CHECK(pixels.width == 80 && pixels.height == 64 && pixels.exact == 1);
    /* Two passes are two tasks. */
    outpaint.left = 1.5;
    outpaint.max_passes = 2;
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), VOLCV_OK);
    while (volcv_job_task(client, job, &task, NULL) == VOLCV_E_NOT_READY) {
        nap();
    }
    char *const first = strdup(task);
    ends(job, VOLCV_OK);
    CHECK(strcmp(task, first) == 0 && strcmp(task_of(job), first) != 0);
    free(first);
}

static void tasks_that_are_given_up_or_unknown(void)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    const char *reply;
    uint32_t status;
    volcv_task_request request = VOLCV_TASK_REQUEST_INIT;
    volcv_job job;
    request.outpaint = &outpaint;
    char *const task = submitted(&request);
    IS(volcv_task_cancel(client, task, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_OK);
    const volcv_error error = error_of(client, job);
    CHECK(error.attempts == 1 && error.charge == VOLCV_CHARGE_NONE);
    IS(volcv_job_reply(client, job, &reply, NULL), VOLCV_E_NO_RESULT);
    IS(volcv_job_task_status(client, job, &status), VOLCV_E_NO_RESULT);
    CHECK(strcmp(task_of(job), task) == 0);
    CHECK(status_of(task) == VOLCV_TASK_NOT_FOUND);
    IS(volcv_task_wait(client, task, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_E_SERVICE);
    CHECK(strstr(error_of(client, job).message, "does not know the task") != NULL);
    CHECK(strcmp(task_of(job), task) == 0);
    free(task);
    IS(volcv_task_cancel(client, "{\"task_id\":\"404\",\"req_key\":\"i2i_outpainting\"}", NULL, &job, NULL), VOLCV_OK);
    CHECK(next_event(client).result != VOLCV_OK);
}

/* A wait that ends early leaves the task as it is. */
static void a_wait_may_be_given_up(void)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_task_request request = VOLCV_TASK_REQUEST_INIT;
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    volcv_job job;
    request.outpaint = &outpaint;
    char *const task = submitted(&request);
    options.deadline_ms = 1;
    IS(volcv_task_wait(client, task, &options, &job, NULL), VOLCV_OK);
    const volcv_event event = next_event(client);
    CHECK(event.job == job && event.result != VOLCV_OK && strcmp(task_of(job), task) == 0);
    IS(volcv_task_wait(client, task, NULL, &job, NULL), VOLCV_OK);
    IS(volcv_job_cancel(client, job), VOLCV_OK);
    CHECK(next_event(client).job == job);
    result_of(task, 0, 0);
    free(task);
}

static void expired(const char *task)
{
    volcv_job job;
    CHECK(status_of(task) == VOLCV_TASK_EXPIRED);
    IS(volcv_task_wait(client, task, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_E_SERVICE);
    CHECK(strstr(error_of(client, job).message, "has been deleted") != NULL);
    CHECK(error_of(client, job).flags == VOLCV_ERROR_TASK_ENDED);
}

/* The task fails at its end: the job has both the error and the task. */
static void refused(void)
{
    const volcv_picture picture = small_picture();
    volcv_inpaint inpaint = small_inpaint(VOLCV_PAINTING_EDIT, &picture);
    volcv_job job;
    inpaint.prompt = "[refuse:50511]";
    IS(volcv_inpaint_submit(client, &inpaint, NULL, &job, NULL), VOLCV_OK);
    ends(job, VOLCV_E_REFUSED);
    CHECK(error_of(client, job).flags == VOLCV_ERROR_TASK_ENDED);
    volcv_job again;
    IS(volcv_task_status(client, task_of(job), NULL, &again, NULL), VOLCV_OK);
    ends(again, VOLCV_E_REFUSED);
}

int main(int argc, char **argv)
{
    client = open_client();
    if (argc == 3) {
        expired(argv[2]);
    } else {
        tasks_of_every_kind();
        inpaintings_and_operations();
        tasks_that_are_given_up_or_unknown();
        a_wait_may_be_given_up();
        refused();
        const volcv_picture picture = small_picture();
        const volcv_outpaint outpaint = small_outpaint(&picture);
        volcv_task_request request = VOLCV_TASK_REQUEST_INIT;
        request.outpaint = &outpaint;
        char *const task = submitted(&request);
        puts(task);
        free(task);
    }
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    return 0;
}
