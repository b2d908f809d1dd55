/*
 * Proves that a host's HTTP stack may behave in any way that the header allows, and in most that it does not: replies
 * inside of start or from other threads, one byte at a time, twice, late, never; and that what a failure costs
 * follows from how much of the body the host had read.
 */
#include "check.h"

typedef enum body { UNREAD, HALF, WHOLE, WHOLE_BY_BYTES } body;
typedef enum reply { NO_HEAD, HEAD_ONLY, HALF_REPLY, REPLY, REPLY_BY_BYTES, DAMAGED, THROTTLED } reply;

/* What the host does with one exchange. */
typedef struct script {
    const char *name;
    body body;
    reply reply;
    volcv_result start, complete;
    int in_start, never, rude;
    /* What comes of it, where every script gets one attempt. */
    volcv_result result;
    uint32_t charge, delivery;
} script;

#define OK VOLCV_OK
#define FREE VOLCV_CHARGE_NONE
#define MAYBE VOLCV_CHARGE_UNKNOWN
#define PAID VOLCV_CHARGE_CHARGED
#define NOTHING VOLCV_DELIVERY_NONE
#define PART VOLCV_DELIVERY_PARTIAL
#define ALL VOLCV_DELIVERY_FULL

static const script SCRIPTS[] = {
    {"inside of start", WHOLE, REPLY, OK, OK, 1, 0, 0, OK, PAID, ALL},
    {"from a thread", WHOLE, REPLY, OK, OK, 0, 0, 0, OK, PAID, ALL},
    {"byte by byte", WHOLE_BY_BYTES, REPLY_BY_BYTES, OK, OK, 0, 0, 0, OK, PAID, ALL},
    {"byte by byte inside of start", WHOLE_BY_BYTES, REPLY_BY_BYTES, OK, OK, 1, 0, 0, OK, PAID, ALL},
    {"rude in every way", WHOLE, REPLY, OK, OK, 0, 0, 1, OK, PAID, ALL},
    {"rude inside of start", WHOLE, REPLY, OK, OK, 1, 0, 1, OK, PAID, ALL},
    {"start fails", UNREAD, NO_HEAD, VOLCV_E_CONNECT, OK, 0, 1, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"start fails over TLS", UNREAD, NO_HEAD, VOLCV_E_TLS, OK, 0, 1, 0, VOLCV_E_TLS, FREE, NOTHING},
    {"start fails oddly", UNREAD, NO_HEAD, -12345, OK, 0, 1, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"start is no code", UNREAD, NO_HEAD, 77, OK, 0, 1, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"start fails after the end", WHOLE, REPLY, VOLCV_E_IO, OK, 1, 0, 0, OK, PAID, ALL},
    {"start fails after the body", WHOLE, NO_HEAD, VOLCV_E_IO, OK, 1, 1, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"no connection", UNREAD, NO_HEAD, OK, VOLCV_E_CONNECT, 0, 0, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"no certificate", UNREAD, NO_HEAD, OK, VOLCV_E_TLS, 0, 0, 0, VOLCV_E_TLS, FREE, NOTHING},
    {"broken before", UNREAD, NO_HEAD, OK, VOLCV_E_IO, 0, 0, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"broken half-way", HALF, NO_HEAD, OK, VOLCV_E_IO, 0, 0, 0, VOLCV_E_CONNECT, FREE, PART},
    {"broken after", WHOLE, NO_HEAD, OK, VOLCV_E_IO, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"timeout before", UNREAD, NO_HEAD, OK, VOLCV_E_TIMEOUT, 0, 0, 0, VOLCV_E_TIMEOUT, FREE, NOTHING},
    {"timeout after", WHOLE, NO_HEAD, OK, VOLCV_E_TIMEOUT, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"certificate after the body", WHOLE, NO_HEAD, OK, VOLCV_E_TLS, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"no HTTP", WHOLE, NO_HEAD, OK, VOLCV_E_PROTOCOL, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"unknown code", WHOLE, NO_HEAD, OK, -12345, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"done without a head", WHOLE, NO_HEAD, OK, OK, 0, 0, 0, VOLCV_E_OUTCOME_UNKNOWN, MAYBE, ALL},
    {"done without anything", UNREAD, NO_HEAD, OK, OK, 0, 0, 0, VOLCV_E_CONNECT, FREE, NOTHING},
    {"only a head", WHOLE, HEAD_ONLY, OK, OK, 0, 0, 0, VOLCV_E_DECODE, PAID, ALL},
    {"broken in the reply", WHOLE, HALF_REPLY, OK, VOLCV_E_IO, 0, 0, 0, VOLCV_E_DECODE, PAID, ALL},
    {"half of the reply", WHOLE, HALF_REPLY, OK, OK, 0, 0, 0, VOLCV_E_DECODE, PAID, ALL},
    {"a picture without its end", WHOLE, DAMAGED, OK, OK, 0, 0, 0, VOLCV_E_DECODE, PAID, ALL},
    {"throttled", WHOLE, THROTTLED, OK, OK, 0, 0, 0, VOLCV_E_THROTTLED, FREE, ALL},
};

static const char JSON[] =
    "{\"code\":10000,\"message\":\"Success\",\"request_id\":\"r\",\"data\":{\"binary_data_base64\":[\""
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\"]}}";

static const char DAMAGED_JSON[] =
    "{\"code\":10000,\"data\":{\"binary_data_base64\":[\"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\"]}}";

/* The host: one script for all exchanges, or one for the first and another for later ones. */
static const script *first, *later;
static _Atomic int starts, cancels, destroys, workers;
static _Atomic uint64_t last_exchange;
/* The body, where one call at a time is made. */
static char *sent;
static volcv_client *client;

typedef struct exchange {
    volcv_exchange id;
    uint64_t body_size;
    const script *script;
} exchange;

static void read_body(const exchange *of)
{
    static const size_t room = 4096;
    char buffer[4096];
    const uint64_t parts[] = {0, of->body_size / 2, of->body_size, of->body_size};
    const uint64_t wanted = parts[of->script->body];
    uint64_t total = 0;
    while (total < wanted) {
        size_t size = 77;
        const uint64_t left = of->script->body == WHOLE_BY_BYTES ? 1 : wanted - total;
        IS(volcv_http_body_read(client, of->id, buffer, left < room ? (size_t)left : room, &size), OK);
        CHECK(size > 0 && size <= left);
        if (sent != NULL) {
            memcpy(sent + total, buffer, size);
            sent[total + size] = 0;
        }
        total += size;
    }
    if (wanted == of->body_size) {
        size_t size = 77;
        IS(volcv_http_body_read(client, of->id, buffer, 1, &size), OK);
        CHECK(size == 0);
    }
}

/* More headers than servers send, and some that are none. */
static void push_head(const exchange *of, int32_t status)
{
    static const volcv_header odd[] = {
        {"Content-Type", "application/json"}, {"X-Odd \xFF name", "x"}, {"X", "\xFF\x01"}, {"", "x"}, {"a b", "x"},
        {NULL, "x"}, {"X", NULL}, {NULL, NULL}, {" X", "x"}, {"X", "a\r\nb"},
    };
    static const volcv_header padding = {"X-Padding", "a few bytes"};
    const size_t count = of->script->rude ? 65536 : 2000;
    volcv_header *const headers = malloc(count * sizeof *headers);
    for (size_t i = 0; i < count; i++) {
        headers[i] = i < sizeof odd / sizeof odd[0] ? odd[i] : padding;
    }
    IS(volcv_http_on_head(client, of->id, status, headers, count), OK);
    free(headers);
}

static void push_reply(const exchange *of)
{
    const int32_t status = of->script->reply == THROTTLED ? 429 : 200;
    const reply kind = of->script->reply;
    const char *const text = kind == DAMAGED ? DAMAGED_JSON : JSON;
    size_t size = kind == REPLY || kind == REPLY_BY_BYTES ? sizeof JSON - 1 : kind == HALF_REPLY ? sizeof JSON / 2 : 0;
    size = kind == DAMAGED ? sizeof DAMAGED_JSON - 1 : size;
    if (kind == NO_HEAD) {
        return;
    }
    if (of->script->rude) {
        IS(volcv_http_on_data(client, of->id, JSON, 5), VOLCV_E_INVALID_ARGUMENT);
        IS(volcv_http_on_head(client, of->id, 100, NULL, 0), OK);
        IS(volcv_http_on_data(client, of->id, JSON, 5), VOLCV_E_INVALID_ARGUMENT);
    }
    push_head(of, status);
    if (of->script->rude) {
        IS(volcv_http_on_head(client, of->id, 500, NULL, 0), VOLCV_E_INVALID_ARGUMENT);
        IS(volcv_http_on_data(client, of->id, NULL, 0), OK);
        IS(volcv_http_complete(client, of->id, 3, NULL), VOLCV_E_INVALID_ARGUMENT);
        IS(volcv_http_complete(client, of->id, OK, "\xC3\x28"), VOLCV_E_INVALID_ARGUMENT);
    }
    for (size_t at = 0; at < size && kind == REPLY_BY_BYTES; at++) {
        IS(volcv_http_on_data(client, of->id, JSON + at, 1), OK);
    }
    if (kind != REPLY_BY_BYTES) {
        IS(volcv_http_on_data(client, of->id, text, size), OK);
    }
}

static void over(volcv_exchange id)
{
    char buffer[8];
    size_t size = 77;
    IS(volcv_http_complete(client, id, OK, NULL), VOLCV_E_STALE);
    IS(volcv_http_on_data(client, id, "x", 1), VOLCV_E_STALE);
    IS(volcv_http_on_head(client, id, 200, NULL, 0), VOLCV_E_STALE);
    IS(volcv_http_body_read(client, id, buffer, sizeof buffer, &size), VOLCV_E_STALE);
    CHECK(size == 0);
}

static void act(const exchange *of)
{
    read_body(of);
    push_reply(of);
    if (of->script->never) {
        return;
    }
    IS(volcv_http_complete(client, of->id, of->script->complete, "the host says why"), OK);
    if (of->script->rude) {
        over(of->id);
    }
}

static void *act_apart(void *of)
{
    act(of);
    free(of);
    workers--;
    return NULL;
}

static volcv_result on_start(void *user, volcv_client *of, volcv_exchange id, const volcv_http_request *request)
{
    CHECK(user == &starts && of == client);
    CHECK(strcmp(request->method, "POST") == 0 && strncmp(request->url, "https://host.invalid/", 21) == 0);
    uint64_t length = 0;
    int keys = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "content-length") == 0) {
            length = strtoull(request->headers[i].value, NULL, 10);
        }
        keys += strcasecmp(request->headers[i].name, "authorization") == 0 &&
                strcmp(request->headers[i].value, "Bearer secret") == 0;
    }
    CHECK(length == request->body_size && keys == 1);
    exchange *const now = malloc(sizeof *now);
    last_exchange = id;
    now->id = id;
    now->body_size = request->body_size;
    now->script = starts++ == 0 ? first : later;
    const volcv_result result = now->script->start;
    if (now->script->in_start) {
        act(now);
        free(now);
    } else if (result != OK) {
        free(now);
    } else {
        pthread_t thread;
        workers++;
        CHECK(pthread_create(&thread, NULL, act_apart, now) == 0 && pthread_detach(thread) == 0);
    }
    return result;
}

static void on_cancel(void *user, volcv_exchange id)
{
    CHECK(user == &starts);
    cancels++;
    over(id);
}

static void on_destroy(void *user)
{
    CHECK(user == &starts && destroys++ == 0);
}

static void host(const script *one, const script *other, uint32_t attempts, uint32_t limit_ms)
{
    volcv_http_transport transport = VOLCV_HTTP_TRANSPORT_INIT;
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    transport.user = &starts;
    transport.start = on_start;
    transport.cancel = on_cancel;
    transport.destroy = on_destroy;
    options.base_url = "https://host.invalid";
    options.api_key = "secret";
    options.transport = &transport;
    options.max_attempts = attempts;
    options.attempt_limit_ms = limit_ms;
    first = one;
    later = other;
    starts = cancels = destroys = 0;
    client = create(&options);
}

static void leave(void)
{
    while (workers > 0) {
        nap();
    }
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), OK);
    CHECK(destroys == 1);
}

static void expect(const script *of, volcv_job job, uint32_t attempts)
{
    const volcv_error error = error_of(client, job);
    if (error.code != of->result || error.charge != of->charge || error.delivery != of->delivery ||
        error.attempts != attempts) {
        fprintf(stderr, "%s: %s, charge %u, delivery %u, %u attempts: %s\n", of->name, volcv_result_name(error.code),
                error.charge, error.delivery, error.attempts, error.message);
        _exit(1);
    }
    CHECK(strstr(error.message, "secret") == NULL);
}

static void every_script_once(void)
{
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        volcv_job job;
        host(&SCRIPTS[i], &SCRIPTS[i], 1, 0);
        IS(submit(client, i, &job), OK);
        const volcv_event event = next_event(client);
        CHECK(event.job == job && event.user == i && starts == 1);
        expect(&SCRIPTS[i], job, 1);
        /* A start that failed has ended by that; every other exchange was completed. */
        CHECK(cancels == 0);
        while (workers > 0) {
            nap();
        }
        over(last_exchange);
        leave();
    }
}

/* What cost nothing is tried again, what may have cost something is not. */
static void retries_follow_the_body(void)
{
    const script *const good = &SCRIPTS[1];
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof SCRIPTS[0]; i++) {
        const script *const bad = &SCRIPTS[i];
        const int again = bad->charge == FREE && bad->result != VOLCV_E_TLS;
        volcv_job job;
        if (bad->result == OK || bad->reply == THROTTLED) {
            continue;
        }
        host(bad, good, 2, 0);
        IS(submit(client, 0, &job), OK);
        (void)next_event(client);
        CHECK(starts == (again ? 2 : 1));
        expect(again ? good : bad, job, again ? 2 : 1);
        leave();
    }
}

static void a_host_that_never_completes_can_be_left(void)
{
    static const struct {
        script script;
        uint32_t charge, delivery;
    } cases[] = {
        {{"left unread", UNREAD, NO_HEAD, OK, OK, 0, 1, 0, OK, 0, 0}, FREE, NOTHING},
        {{"left half-way", HALF, NO_HEAD, OK, OK, 0, 1, 0, OK, 0, 0}, FREE, PART},
        {{"left waiting", WHOLE, NO_HEAD, OK, OK, 0, 1, 0, OK, 0, 0}, MAYBE, ALL},
        {{"left in the reply", WHOLE, HALF_REPLY, OK, OK, 1, 1, 0, OK, 0, 0}, PAID, ALL},
    };
    for (size_t i = 0; i < 3 * sizeof cases / sizeof cases[0]; i++) {
        const size_t at = i / 3, way = i % 3;
        volcv_job job;
        host(&cases[at].script, &cases[at].script, 1, way == 2 ? 100 : 0);
        IS(submit(client, 0, &job), OK);
        while (starts == 0 || workers > 0) {
            nap();
        }
        script wanted = cases[at].script;
        wanted.charge = cases[at].charge;
        wanted.delivery = cases[at].delivery;
        if (way == 0) {
            IS(volcv_job_cancel(client, job), OK);
            wanted.result = VOLCV_E_CANCELLED;
        } else if (way == 1) {
            /* Destroy is as good, but the event is lost. */
            leave();
            CHECK(cancels == 1);
            continue;
        } else {
            wanted.result = wanted.charge == FREE ? VOLCV_E_TIMEOUT : VOLCV_E_OUTCOME_UNKNOWN;
            wanted.result = wanted.charge == PAID ? VOLCV_E_DECODE : wanted.result;
        }
        CHECK(next_event(client).job == job);
        expect(&wanted, job, 1);
        CHECK(cancels == 1);
        over(last_exchange);
        leave();
    }
}

static _Atomic int wins;

static void *complete_too(void *id)
{
    const volcv_result result = volcv_http_complete(client, *(volcv_exchange *)id, VOLCV_E_CONNECT, NULL);
    CHECK(result == OK || result == VOLCV_E_STALE);
    wins += result == OK;
    return NULL;
}

static void of_many_that_complete_one_wins(void)
{
    static const script patient = {"raced for", UNREAD, NO_HEAD, OK, OK, 0, 1, 0, VOLCV_E_CONNECT, FREE, NOTHING};
    for (int round = 0; round < 40; round++) {
        pthread_t threads[4];
        volcv_job job;
        wins = 0;
        host(&patient, &patient, 1, 0);
        IS(submit(client, 0, &job), OK);
        while (starts == 0 || workers > 0) {
            nap();
        }
        volcv_exchange id = last_exchange;
        for (int i = 0; i < 4; i++) {
            CHECK(pthread_create(&threads[i], NULL, complete_too, &id) == 0);
        }
        if (round % 2 == 0) {
            IS(volcv_job_cancel(client, job), OK);
        }
        for (int i = 0; i < 4; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        const volcv_event event = next_event(client);
        CHECK(event.result == VOLCV_E_CANCELLED || event.result == VOLCV_E_CONNECT);
        CHECK(wins <= 1 && wins + cancels == 1);
        leave();
    }
}

static void exchanges_of_other_clients_are_stale(void)
{
    static const script patient = {"left", UNREAD, NO_HEAD, OK, OK, 0, 1, 0, OK, 0, 0};
    volcv_job job;
    host(&patient, &patient, 1, 0);
    volcv_client *const mine = client;
    IS(submit(mine, 0, &job), OK);
    while (starts == 0 || workers > 0) {
        nap();
    }
    const volcv_exchange id = last_exchange;
    host(&patient, &patient, 1, 0);
    over(id);
    over(id + 1);
    over(0);
    over(UINT64_MAX);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), OK);
    client = mine;
    destroys = 0;
    IS(volcv_http_complete(mine, id, VOLCV_E_CONNECT, NULL), OK);
    CHECK(next_event(mine).result == VOLCV_E_CONNECT);
    leave();
}

/* The reply as it came, with the picture if it can be used. */
static void raw_succeeds_with_a_picture_that_cannot_be_used(void)
{
    static const script good = {"raw", WHOLE, REPLY, OK, OK, 0, 0, 0, OK, PAID, ALL};
    static const script bad = {"raw, without its end", WHOLE, DAMAGED, OK, OK, 0, 0, 0, OK, PAID, ALL};
    const script *const scripts[] = {&bad, &good};
    for (uint32_t i = 0; i < 2; i++) {
        volcv_raw raw = VOLCV_RAW_INIT;
        volcv_job job;
        uint32_t images = 7;
        const char *json = NULL;
        raw.json = "{\"req_key\":\"x\"}";
        host(scripts[i], scripts[i], 1, 0);
        IS(volcv_raw_submit(client, &raw, NULL, &job, NULL), OK);
        CHECK(next_event(client).result == OK);
        expect(scripts[i], job, 1);
        CHECK(error_of(client, job).service_code == 0);
        IS(volcv_job_image_count(client, job, &images), OK);
        CHECK(images == i);
        IS(volcv_job_reply(client, job, &json, NULL), OK);
        CHECK(strcmp(json, i == 0 ? DAMAGED_JSON : JSON) == 0);
        leave();
    }
}

static void numbers_go_out_as_they_are_written(void)
{
    static const script good = {"numbers", WHOLE, REPLY, OK, OK, 0, 0, 0, OK, PAID, ALL};
    static const char numbers[] = "\"id\":9007199254740993,\"more\":[18446744073709551617,1.10, -0,1e400]";
    static char json[200], room[4096];
    volcv_raw raw = VOLCV_RAW_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    volcv_job job;
    snprintf(json, sizeof json, "{%s}", numbers);
    raw.json = outpaint.extra_json = json;
    picture.data = PNG;
    picture.size = sizeof PNG;
    outpaint.picture = &picture;
    outpaint.left = 1;
    sent = room;
    for (int i = 0; i < 2; i++) {
        host(&good, &good, 1, 0);
        IS(i == 0 ? volcv_raw_submit(client, &raw, NULL, &job, NULL)
                  : volcv_outpaint_submit(client, &outpaint, NULL, &job, NULL), OK);
        CHECK(next_event(client).result == OK);
        leave();
        CHECK(i == 0 ? strcmp(room, json) == 0 : strstr(room, numbers) != NULL);
    }
    sent = NULL;
}

/* A build without the feature image has the same functions. */
static void whole_operations_are_there_or_say_that_they_are_not(void)
{
    const int has_image = strstr(volcv_version(), "image") != NULL;
    volcv_outpaint outpaint = VOLCV_OUTPAINT_INIT;
    volcv_plan_info plan = VOLCV_PLAN_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    outpaint.mode = VOLCV_MODE_PIXELS;
    outpaint.left = 16;
    const volcv_result planned = volcv_plan(&outpaint, 64, 64, &plan, &error);
    CHECK(planned == (has_image ? OK : VOLCV_E_UNSUPPORTED) && plan.calls == (has_image ? 1 : 0));
    CHECK((strstr(error.message, "image") == NULL) == has_image);
}

int main(void)
{
    every_script_once();
    numbers_go_out_as_they_are_written();
    raw_succeeds_with_a_picture_that_cannot_be_used();
    retries_follow_the_body();
    a_host_that_never_completes_can_be_left();
    of_many_that_complete_one_wins();
    exchanges_of_other_clients_are_stale();
    /* What a host need not bring, a build without HTTP does not have. */
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    options.base_url = "https://host.invalid";
    options.api_key = "secret";
    const volcv_result result = volcv_client_create(VOLCV_ABI_VERSION, &options, &client, NULL);
    CHECK((result == OK) == (strstr(volcv_version(), "ureq") != NULL));
    CHECK(result == OK || result == VOLCV_E_UNSUPPORTED);
    whole_operations_are_there_or_say_that_they_are_not();
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), OK);
    puts("ok");
    return 0;
}
