/*
 * Proves that direct access works with an access key, a session token, a hook of the host, and what the machine has; that
 * a hook may fail, lie, hang and give new credentials, and is silent after volcv_client_destroy(); that a host's own HTTP
 * gets signed headers; and that no message and no line of the log has a secret.
 */
#define _GNU_SOURCE
#include "portable.h"

/* What the server knows, permanent and temporary. */
static const char *access_key, *secret_key;
#define TEMPORARY_KEY "AKTP-canary-access"
#define TEMPORARY_SECRET "SKTP-canary-secret"
#define TOKEN "STS-canary-token"
/* What nobody knows. */
#define WRONG_SECRET "SK-canary-wrong"

static void without_secrets(const char *text)
{
    CHECK(strstr(text, secret_key) == NULL && strstr(text, "canary") == NULL);
}

static void on_log(void *user, uint32_t level, volcv_job job, const char *text)
{
    (void)user, (void)level, (void)job;
    without_secrets(text);
}

static volcv_client_options direct_options(void)
{
    volcv_client_options options = local_options();
    options.api_key = NULL;
    options.log = on_log;
    options.log_level = VOLCV_LOG_DEBUG;
    return options;
}

/* How one outpainting ends. */
static volcv_error outcome(volcv_client *client)
{
    volcv_job job;
    IS(submit(client, 0, &job), VOLCV_OK);
    CHECK(next_event(client).job == job);
    const volcv_error error = error_of(client, job);
    without_secrets(error.message);
    without_secrets(error.request_id);
    IS(volcv_job_release(client, job), VOLCV_OK);
    return error;
}

static void keys_of_the_options(void)
{
    volcv_client_options options = direct_options();
    options.access_key = access_key;
    options.secret_key = secret_key;
    volcv_client *client = create(&options);
    CHECK(outcome(client).code == VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    options.secret_key = WRONG_SECRET;
    client = create(&options);
    volcv_error error = outcome(client);
    CHECK(error.code == VOLCV_E_AUTH && error.charge == VOLCV_CHARGE_NONE);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    options.secret_key = secret_key;
    options.region = "cn-beijing";
    client = create(&options);
    CHECK(outcome(client).code == VOLCV_E_AUTH);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    options.region = NULL;
    options.access_key = TEMPORARY_KEY;
    options.secret_key = TEMPORARY_SECRET;
    options.session_token = TOKEN;
    client = create(&options);
    CHECK(outcome(client).code == VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

static void keys_of_the_machine(void)
{
    volcv_client_options options = direct_options();
    volcv_client *client = NULL;
    volcv_error error = VOLCV_ERROR_INIT;
    options.flags = VOLCV_CLIENT_FIND_CREDENTIALS;
    set_variable("HOME", "/nonexistent");
    set_variable("USERPROFILE", "/nonexistent");
    set_variable("VOLC_ACCESSKEY", NULL);
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error), VOLCV_E_AUTH);
    CHECK(client == NULL && strstr(error.message, "VOLC_ACCESSKEY") != NULL);
    set_variable("VOLC_ACCESSKEY", access_key);
    set_variable("VOLC_SECRETKEY", secret_key);
    client = create(&options);
    set_variable("VOLC_ACCESSKEY", NULL);
    set_variable("VOLC_SECRETKEY", NULL);
    CHECK(outcome(client).code == VOLCV_OK);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

/* A hook, on a page that can be poisoned. It gives copies of these, and takes them back. */
typedef struct source {
    volcv_credentials given;
    volcv_result result;
    volcv_client *client;
    pthread_mutex_t hold;
    _Atomic int gets, inside, releases, refuses_token, reentrant;
} source;

static char *copy_of(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static void expect_reentrant(volcv_client *client)
{
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    const volcv_client_options options = local_options();
    volcv_client *other = client;
    volcv_job out = 1;
    IS(volcv_client_create(VOLCV_ABI_VERSION, &options, &other, NULL), VOLCV_E_REENTRANT);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_outpaint_run(client, &outpaint, NULL, &out, NULL), VOLCV_E_REENTRANT);
    IS(submit(client, 99, &out), VOLCV_OK);
    IS(volcv_job_release(client, out), VOLCV_OK);
}

static volcv_result get(void *user, volcv_credentials *out)
{
    source *const of = user;
    CHECK(out->struct_size == sizeof *out && out->flags == 0 && out->expires_unix == 0);
    CHECK(out->access_key == NULL && out->secret_key == NULL && out->session_token == NULL && out->message == NULL);
    of->gets++;
    of->inside++;
    if (of->reentrant) {
        expect_reentrant(of->client);
    }
    pthread_mutex_lock(&of->hold);
    pthread_mutex_unlock(&of->hold);
    *out = of->given;
    out->access_key = copy_of(of->given.access_key);
    out->secret_key = copy_of(of->given.secret_key);
    out->session_token = of->refuses_token-- > 0 ? copy_of("old-canary-token") : copy_of(of->given.session_token);
    out->message = copy_of(of->given.message);
    const volcv_result result = of->result;
    of->inside--;
    return result;
}

static void release(void *user, volcv_credentials *given)
{
    source *const of = user;
    free((void *)(uintptr_t)given->access_key);
    free((void *)(uintptr_t)given->secret_key);
    free((void *)(uintptr_t)given->session_token);
    free((void *)(uintptr_t)given->message);
    of->releases++;
}

static source *new_source(const char *key, const char *secret)
{
    source *const of = new_pages(sizeof(source));
    CHECK(of != NULL && pthread_mutex_init(&of->hold, NULL) == 0);
    volcv_credentials_init(&of->given);
    of->given.access_key = key;
    of->given.secret_key = secret;
    return of;
}

static volcv_client *client_of(source *of)
{
    volcv_credentials_hook hook = VOLCV_CREDENTIALS_HOOK_INIT;
    volcv_client_options options = direct_options();
    hook.user = of;
    hook.get = get;
    hook.release = release;
    options.credentials = &hook;
    return of->client = create(&options);
}

/* How many there are without a client. */
static int own_threads;

/* Nothing touches the page after this, and no thread is left. */
static void end(source *of)
{
    IS(volcv_client_destroy(of->client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    while (threads() > own_threads) {
        nap();
    }
    CHECK(of->releases == of->gets && of->inside == 0);
    close_pages(of, sizeof *of);
}

static void one_answer_is_for_all_jobs(void)
{
    enum { JOBS = 12 };
    source *const of = new_source(access_key, secret_key);
    of->reentrant = 1;
    volcv_client *const client = client_of(of);
    CHECK(of->gets == 0);
    for (int i = 0; i < JOBS; i++) {
        volcv_job job;
        IS(submit(client, 0, &job), VOLCV_OK);
    }
    for (int i = 0; i < JOBS; i++) {
        CHECK(next_event(client).result == VOLCV_OK);
    }
    /* A job that comes just behind an answer asks once more, each of those that run at once at most. */
    const int gets = of->gets;
    CHECK(gets >= 1 && gets <= 5 && of->releases == gets);
    of->reentrant = 0;
    CHECK(outcome(client).code == VOLCV_OK && of->gets == gets);
    end(of);
}

static void an_answer_may_be_a_failure_or_a_lie(void)
{
    static const struct {
        volcv_credentials given;
        volcv_result result;
        const char *text;
    } rows[] = {
        {VOLCV_CREDENTIALS_INIT, VOLCV_E_AUTH, "volcv_credentials_hook.get returned VOLCV_E_AUTH (-21)"},
        {VOLCV_CREDENTIALS_INIT, -999, "get returned VOLCV_E_? (-999)"},
        {VOLCV_CREDENTIALS_INIT, 7, "get returned VOLCV_E_? (7)"},
        {{0, 0, 0, NULL, NULL, NULL, "the\nvault is closed"}, VOLCV_E_IO, "VOLCV_E_IO (-33): the"},
        {{0, 0, 0, NULL, NULL, NULL, "\xC3\x28"}, VOLCV_E_IO, "volcv_credentials.message is bytes with"},
        {VOLCV_CREDENTIALS_INIT, VOLCV_OK, "volcv_credentials.access_key is NULL"},
        {{0, 0, 0, "AK", NULL, NULL, NULL}, VOLCV_OK, "volcv_credentials.secret_key is NULL"},
        {{0, 1, 0, "AK", WRONG_SECRET, NULL, NULL}, VOLCV_OK, "volcv_credentials.flags is 0x1"},
        {{0, 0, -1, "AK", WRONG_SECRET, NULL, NULL}, VOLCV_OK, "volcv_credentials.expires_unix is -1"},
        {{0, 0, 1, "AK", WRONG_SECRET, NULL, NULL}, VOLCV_OK, ""},
        {{0, 0, INT64_MIN, "AK", WRONG_SECRET, NULL, NULL}, VOLCV_OK, "expires_unix"},
        {{0, 0, 0, "canary\xC3\x28", WRONG_SECRET, NULL, NULL}, VOLCV_OK, "volcv_credentials.access_key is bytes with"},
        {{0, 0, 0, "AK", "canary\xC3\x28", NULL, NULL}, VOLCV_OK, "volcv_credentials.secret_key is bytes with"},
        {{0, 0, 0, "AK", WRONG_SECRET, "canary\xC3\x28", NULL}, VOLCV_OK, "volcv_credentials.session_token is bytes with"},
        {{0, 0, 0, "", WRONG_SECRET, NULL, NULL}, VOLCV_OK, "the access key is empty"},
        {{0, 0, 0, "AK", "canary\n", NULL, NULL}, VOLCV_OK, "the secret key has a character at position 6"},
        {{0, 0, 0, "AK", WRONG_SECRET, "", NULL}, VOLCV_OK, "the session token is empty"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        source *const of = new_source(NULL, NULL);
        of->given = rows[i].given;
        of->given.struct_size = sizeof of->given;
        of->result = rows[i].result;
        volcv_client *const client = client_of(of);
        const volcv_error error = outcome(client);
        if (error.code != VOLCV_E_AUTH || error.charge != VOLCV_CHARGE_NONE || error.attempts != 0 ||
            strstr(error.message, rows[i].text) == NULL || strchr(error.message, '\n') != NULL) {
            fprintf(stderr, "row %zu: %s: %s\n", i, volcv_result_name(error.code), error.message);
            _exit(1);
        }
        CHECK(of->gets == of->releases && of->gets >= 1);
        end(of);
    }
}

static void credentials_that_end_are_asked_for_again(void)
{
    source *const of = new_source(TEMPORARY_KEY, TEMPORARY_SECRET);
    of->given.session_token = TOKEN;
    /* Within a minute of their end they are used, and asked for again by the next job. */
    of->given.expires_unix = (int64_t)time(NULL) + 40;
    volcv_client *const client = client_of(of);
    for (int i = 1; i < 4; i++) {
        CHECK(outcome(client).code == VOLCV_OK && of->gets == i);
    }
    /* A failure does no harm while they last. */
    of->result = VOLCV_E_IO;
    CHECK(outcome(client).code == VOLCV_OK && of->gets == 4);
    of->result = VOLCV_OK;
    of->given.expires_unix = (int64_t)time(NULL) + 4000;
    CHECK(outcome(client).code == VOLCV_OK && of->gets == 5);
    CHECK(outcome(client).code == VOLCV_OK && of->gets == 5);
    end(of);
    /* A token that the service refuses is replaced within the job. */
    source *const refused = new_source(TEMPORARY_KEY, TEMPORARY_SECRET);
    refused->given.session_token = TOKEN;
    refused->refuses_token = 1;
    const volcv_error error = outcome(client_of(refused));
    CHECK(error.code == VOLCV_OK && error.attempts == 2 && refused->gets == 2);
    end(refused);
}

static void a_hook_that_hangs_holds_nobody_up(void)
{
    source *const of = new_source(access_key, secret_key);
    volcv_client *const client = client_of(of);
    volcv_job jobs[2];
    const volcv_picture picture = small_picture();
    const volcv_outpaint outpaint = small_outpaint(&picture);
    volcv_job_options limited = VOLCV_JOB_OPTIONS_INIT;
    limited.deadline_ms = 200;
    pthread_mutex_lock(&of->hold);
    IS(volcv_outpaint_submit(client, &outpaint, &limited, &jobs[0], NULL), VOLCV_OK);
    IS(submit(client, 0, &jobs[1]), VOLCV_OK);
    volcv_event event = next_event(client);
    CHECK(event.job == jobs[0] && event.result == VOLCV_E_TIMEOUT);
    const volcv_error error = error_of(client, jobs[0]);
    CHECK(error.charge == VOLCV_CHARGE_NONE && strstr(error.message, "credentials") != NULL);
    /* A job that waits for the hook can be cancelled. */
    IS(volcv_job_cancel(client, jobs[1]), VOLCV_OK);
    event = next_event(client);
    CHECK(event.job == jobs[1] && event.result == VOLCV_E_CANCELLED);
    CHECK(of->gets == 1 && of->inside == 1 && of->releases == 0);
    const uint64_t start = now_ns();
    IS(volcv_client_destroy(client, 100), VOLCV_E_TIMEOUT);
    CHECK((now_ns() - start) / 1000000 < 5000);
    IS(submit(client, 0, &jobs[0]), VOLCV_E_SHUTDOWN);
    /* It returns at last: its release waits for the destroy that waits on. */
    pthread_mutex_unlock(&of->hold);
    while (of->inside != 0) {
        nap();
    }
    for (int i = 0; i < 20; i++) {
        nap();
        CHECK(of->releases == 0 && of->gets == 1);
    }
    end(of);
}

/* The host's own HTTP: what it is to send. */
static _Atomic int starts;

static volcv_result start(void *user, volcv_client *client, volcv_exchange exchange, const volcv_http_request *request)
{
    (void)client, (void)exchange;
    int signed_headers = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *const name = request->headers[i].name, *const value = request->headers[i].value;
        if (strcasecmp(name, "Authorization") == 0) {
            CHECK(strncmp(value, "HMAC-SHA256 Credential=", 23) == 0 && strstr(value, access_key) == value + 23);
            CHECK(strstr(value, "/cn-north-1/cv/request, SignedHeaders=") != NULL && strstr(value, ", Signature=") != NULL);
            signed_headers++;
        }
        signed_headers += strcasecmp(name, "X-Date") == 0 && strlen(value) == 16;
        signed_headers += strcasecmp(name, "X-Content-Sha256") == 0 && strlen(value) == 64;
        CHECK(strstr(value, secret_key) == NULL);
    }
    CHECK(signed_headers == 3 && user == &starts);
    CHECK(strcmp(request->url, "https://visual.volcengineapi.com/?Action=CVProcess&Version=2022-08-31") == 0);
    starts++;
    return VOLCV_E_CONNECT;
}

static void cancel(void *user, volcv_exchange exchange)
{
    (void)user, (void)exchange;
}

static void the_hosts_http_gets_signed_headers(void)
{
    volcv_http_transport transport = VOLCV_HTTP_TRANSPORT_INIT;
    volcv_client_options options = direct_options();
    transport.user = &starts;
    transport.start = start;
    transport.cancel = cancel;
    options.base_url = NULL;
    options.access_key = access_key;
    options.secret_key = secret_key;
    options.transport = &transport;
    options.max_attempts = 1;
    volcv_client *const client = create(&options);
    CHECK(outcome(client).code == VOLCV_E_CONNECT && starts == 1);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
}

int main(void)
{
    own_threads = threads();
    access_key = strdup(getenv("VOLC_ACCESSKEY"));
    secret_key = strdup(getenv("VOLC_SECRETKEY"));
    keys_of_the_options();
    keys_of_the_machine();
    one_answer_is_for_all_jobs();
    an_answer_may_be_a_failure_or_a_lie();
    credentials_that_end_are_asked_for_again();
    a_hook_that_hangs_holds_nobody_up();
    the_hosts_http_gets_signed_headers();
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    free((void *)(uintptr_t)access_key);
    free((void *)(uintptr_t)secret_key);
    puts("ok");
    return 0;
}
