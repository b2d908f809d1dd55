/*
 * Proves that a child that was forked beside clients gets VOLCV_E_FORKED from every function, and no hang, while the
 * parent goes on; that its own children get it as well; and that a child that was forked when there was no client can
 * use the library.
 */
#include "check.h"

#include <sys/wait.h>

static volcv_client *client;
static volcv_job job;

static int start_child(void (*life)(void))
{
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        /* Ends a child that hangs. */
        alarm(20);
        life();
        exit(0);
    }
    return child;
}

static void end_child(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What the header asks for; the clients' memory has no owner now. */
static void leave(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
}

static void forked_by_a_forked_child(void)
{
    const volcv_client_options options = local_options();
    volcv_client *other = client;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &other, NULL), VOLCV_E_FORKED);
    IS(volcv_wake(client), VOLCV_E_FORKED);
    leave();
}

static void forked_beside_a_client(void)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    const volcv_client_options options = local_options();
    volcv_raw raw = VOLCV_RAW_INIT;
    volcv_client *other = client;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_image_info info = VOLCV_IMAGE_INFO_INIT;
    volcv_buffer buffer = {1, PNG, 1};
    volcv_plan_info plan = VOLCV_PLAN_INFO_INIT;
    volcv_pixels_info pixels_info = VOLCV_PIXELS_INFO_INIT;
    volcv_pixels pixels = VOLCV_PIXELS_INIT;
    volcv_api api = VOLCV_API_INIT;
    volcv_event event;
    volcv_job out = 1;
    const char *text = "";
    size_t size = 1;
    uint32_t count = 1;
    char room[8];
    volcv_inpaint inpaint = VOLCV_INPAINT_INIT;
    volcv_task_request task = VOLCV_TASK_REQUEST_INIT;
    const char *const line = "{\"task_id\":\"1\",\"req_key\":\"x\"}";
    raw.json = "{}";
    inpaint.picture = inpaint.mask = &picture;
    task.outpaint = &outpaint;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &other, &error), VOLCV_E_FORKED);
    CHECK(other == NULL && error.code == VOLCV_E_FORKED && error.message[0] != 0);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_E_FORKED);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_E_FORKED);
    CHECK(volcv_poll(client, &event, 1) == 0);
    IS(volcv_wait(client, &job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_E_FORKED);
    IS(volcv_wake(client), VOLCV_E_FORKED);
    IS(volcv_outpaint_submit(client, &outpaint, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_outpaint_run(client, &outpaint, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_raw_submit(client, &raw, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_download_submit(client, "https://example.com/x.png", NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_inpaint_submit(client, &inpaint, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_task_submit(client, &task, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_task_wait(client, line, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_task_status(client, line, NULL, &out, &error), VOLCV_E_FORKED);
    IS(volcv_task_cancel(client, line, NULL, &out, &error), VOLCV_E_FORKED);
    CHECK(out == 0);
    IS(volcv_job_cancel(client, job), VOLCV_E_FORKED);
    IS(volcv_job_progress(client, job, &progress), VOLCV_E_FORKED);
    IS(volcv_job_error(client, job, &error), VOLCV_E_FORKED);
    IS(volcv_job_release(client, job), VOLCV_E_FORKED);
    IS(volcv_job_reply(client, job, &text, &size), VOLCV_E_FORKED);
    IS(volcv_job_image_count(client, job, &count), VOLCV_E_FORKED);
    IS(volcv_job_image_info(client, job, 0, &info), VOLCV_E_FORKED);
    IS(volcv_job_image_link(client, job, 0, &text), VOLCV_E_FORKED);
    CHECK(text == NULL && size == 0 && count == 0);
    text = "";
    size = count = 1;
    IS(volcv_job_task(client, job, &text, &size), VOLCV_E_FORKED);
    IS(volcv_job_task_status(client, job, &count), VOLCV_E_FORKED);
    CHECK(text == NULL && size == 0 && count == 0);
    IS(volcv_job_pixels_info(client, job, 0, &pixels_info), VOLCV_E_FORKED);
    IS(volcv_job_pixels(client, job, 0, &pixels), VOLCV_E_FORKED);
    count = 1;
    IS(volcv_job_rejected_count(client, job, &count), VOLCV_E_FORKED);
    IS(volcv_job_rejected_take(client, job, 0, &buffer), VOLCV_E_FORKED);
    CHECK(count == 0 && buffer.id == 0);
    IS(volcv_job_image_take(client, job, 0, &buffer), VOLCV_E_FORKED);
    buffer.id = 1;
    IS(volcv_buffer_release(&buffer), VOLCV_E_FORKED);
    IS(volcv_encode(&pixels, NULL, VOLCV_FORMAT_PNG, 0, &buffer, &error), VOLCV_E_FORKED);
    CHECK(buffer.id == 0);
    buffer.id = 1;
    IS(volcv_decode(&picture, &pixels, &buffer, &error), VOLCV_E_FORKED);
    CHECK(buffer.id == 0 && pixels.data == NULL);
    IS(volcv_http_body_read(client, 1, room, sizeof room, &size), VOLCV_E_FORKED);
    IS(volcv_http_on_head(client, 1, 200, NULL, 0), VOLCV_E_FORKED);
    IS(volcv_http_on_data(client, 1, room, 1), VOLCV_E_FORKED);
    IS(volcv_http_complete(client, 1, VOLCV_OK, NULL), VOLCV_E_FORKED);
    /* These need no client. */
    CHECK(volcv_abi_version() == VOLCV_ABI_VERSION);
    CHECK(strncmp(volcv_version(), VOLCV_VERSION " ", sizeof VOLCV_VERSION) == 0);
    CHECK(strcmp(volcv_result_name(VOLCV_E_FORKED), "VOLCV_E_FORKED") == 0);
    CHECK(volcv_result_is_retryable(VOLCV_E_BUSY) == 1);
    IS(volcv_get_api(VOLCV_ABI_VERSION, &api), VOLCV_OK);
    IS(api.wake(client), VOLCV_E_FORKED);
    IS(volcv_plan(&outpaint, 0, 0, &plan, &error), VOLCV_OK);
    CHECK(plan.result_width == 80 && plan.calls == 1);
    end_child(start_child(forked_by_a_forked_child));
    leave();
}

static void one_job(void)
{
    volcv_client *const own = local_client();
    volcv_job out;
    IS(submit(own, 3, &out), VOLCV_OK);
    const volcv_event event = next_event(own);
    CHECK(event.job == out && event.result == VOLCV_OK);
    IS(volcv_client_destroy(own, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

int main(void)
{
    enum { JOBS = 50 };
    volcv_job jobs[JOBS];
    end_child(start_child(one_job));
    one_job();
    end_child(start_child(one_job));

    volcv_client_options options = local_options();
    client = create(&options);
    for (uint64_t i = 0; i < JOBS; i++) {
        IS(submit(client, i, &jobs[i]), VOLCV_OK);
    }
    job = jobs[0];
    pid_t children[8];
    for (int i = 0; i < 8; i++) {
        children[i] = start_child(forked_beside_a_client);
    }
    for (int i = 0; i < JOBS; i++) {
        CHECK(next_event(client).result == VOLCV_OK);
    }
    for (int i = 0; i < 8; i++) {
        end_child(children[i]);
    }
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    end_child(start_child(one_job));
    puts("ok");
    return 0;
}
