/*
 * Proves what volcv_pixels_hooks promises: the pixels are in the host's memory before the event; each answer of acquire has
 * its one consequence; each acquire that gave memory is followed by one submit on its thread, whenever jobs are cancelled or
 * released and the client is destroyed; and after a destroy that returned VOLCV_OK neither is called.
 */
#define _GNU_SOURCE
#include "portable.h"
#include "texture.h"

/* What acquire answers, by volcv_job_options::user. */
enum { GOOD, NOT_HERE, BUSY, SHORT_STRIDE, BORROWED, NO_MEMORY, OTHER_SIZE, TOO_SMALL, NO_FORMAT, SQUARE_FLAGS, RESERVED, ANSWERS };

/* What hooks are given: pages that can be poisoned. */
typedef struct page {
    volcv_client *client;
    _Atomic int acquires, gifts, submits, holding;
    _Atomic volcv_result last;
    pthread_mutex_t hold;
    int checks;
    room rooms[ANSWERS];
} page;

static unsigned char texture_memory[STRIDE * HEIGHT];

static page *new_page(int checks)
{
    page *const user = new_pages(sizeof(page));
    CHECK(user != NULL);
    user->checks = checks;
    CHECK(pthread_mutex_init(&user->hold, NULL) == 0);
    return user;
}

static void poison(page *user)
{
    close_pages(user, sizeof(page));
    nap();
    free_pages(user, sizeof(page));
}

static _Thread_local int gifts_of_this_thread;

/* Hooks may call what the header says. */
static void call_back(const page *user, volcv_job job)
{
    volcv_progress progress = VOLCV_PROGRESS_INIT;
    volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
    IS(volcv_client_destroy(user->client, VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_wait(user->client, &job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_E_REENTRANT);
    IS(volcv_job_progress(user->client, job, &progress), VOLCV_OK);
    CHECK(progress.result == VOLCV_E_NOT_READY);
    IS(volcv_job_pixels_info(user->client, job, 0, &info), VOLCV_E_NOT_READY);
}

static volcv_result acquire(
    void *of, volcv_job job, uint64_t job_user, uint32_t index, uint32_t width, uint32_t height, volcv_pixels *out)
{
    page *const user = of;
    user->acquires++;
    CHECK(index == 0 && width == GROWN && height == HEIGHT);
    CHECK(out->struct_size == sizeof *out && out->width == width && out->height == height && out->data == NULL);
    if (user->checks) {
        call_back(user, job);
    }
    user->holding++;
    pthread_mutex_lock(&user->hold);
    pthread_mutex_unlock(&user->hold);
    user->holding--;
    room *const to = &user->rooms[job_user % ANSWERS];
    if (job_user % ANSWERS == NOT_HERE) {
        return VOLCV_E_NOT_READY;
    }
    if (job_user % ANSWERS == BUSY) {
        return VOLCV_E_BUSY;
    }
    make_room(to, VOLCV_PIXEL_BGRA8, VOLCV_PIXELS_BOTTOM_UP);
    *out = to->pixels;
    switch (job_user % ANSWERS) {
    case SHORT_STRIDE: out->stride = GROWN * 4 - 1; break;
    case BORROWED: out->flags |= VOLCV_PIXELS_BORROW; break;
    case NO_MEMORY: out->data = NULL; break;
    case OTHER_SIZE: out->height = HEIGHT - 1; break;
    case TOO_SMALL: out->size -= 1; break;
    case NO_FORMAT: out->format = 5; break;
    case SQUARE_FLAGS: out->flags |= VOLCV_PIXELS_PREMULTIPLIED | VOLCV_PIXELS_OPAQUE; break;
    case RESERVED: out->reserved = 1; break;
    default: break;
    }
    gifts_of_this_thread++;
    user->gifts++;
    return VOLCV_OK;
}

static void submitted(void *of, volcv_job job, uint64_t job_user, uint32_t index, volcv_result result)
{
    page *const user = of;
    (void)job;
    CHECK(index == 0);
    user->submits++;
    user->last = result;
    if (user->checks) {
        CHECK(--gifts_of_this_thread == 0);
        call_back(user, job);
    }
    room *const to = &user->rooms[job_user % ANSWERS];
    if (result == VOLCV_OK) {
        CHECK(job_user % ANSWERS == GOOD);
        has_texture(to);
    } else {
        CHECK(result == VOLCV_E_INVALID_ARGUMENT);
        is_untouched(to);
    }
}

static volcv_client *hooked(page *user, uint32_t in_flight)
{
    volcv_pixels_hooks hooks = VOLCV_PIXELS_HOOKS_INIT;
    hooks.user = user;
    hooks.acquire = acquire;
    hooks.submit = submitted;
    volcv_client_options options = local_options();
    options.max_in_flight = in_flight;
    options.pixels_hooks = &hooks;
    return user->client = create(&options);
}

static volcv_result grow(volcv_client *client, uint64_t number, volcv_job *job)
{
    volcv_pixels texture = texture_of(texture_memory);
    texture.flags |= VOLCV_PIXELS_BORROW;
    const volcv_outpaint outpaint = wider(&texture);
    volcv_job_options options = VOLCV_JOB_OPTIONS_INIT;
    options.user = number;
    return volcv_outpaint_submit(client, &outpaint, &options, job, NULL);
}

static room copy;

static void each_answer_has_its_consequence(void)
{
    page *const user = new_page(1);
    volcv_client *const client = hooked(user, 4);
    int gifts = 0;
    for (uint64_t answer = 0; answer < ANSWERS; answer++) {
        volcv_job job;
        volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
        IS(grow(client, answer, &job), VOLCV_OK);
        IS(next_event(client).result, VOLCV_OK);
        gifts += answer != NOT_HERE && answer != BUSY;
        CHECK(user->acquires == (int)answer + 1 && user->gifts == gifts && user->submits == gifts);
        IS(user->last, answer == GOOD || answer == NOT_HERE || answer == BUSY ? VOLCV_OK : VOLCV_E_INVALID_ARGUMENT);
        IS(volcv_job_pixels_info(client, job, 0, &info), VOLCV_OK);
        CHECK(info.exact == 1);
        make_room(&copy, VOLCV_PIXEL_RGB8, 0);
        if (answer == GOOD) {
            IS(volcv_job_pixels(client, job, 0, &copy.pixels), VOLCV_E_NO_RESULT);
            is_untouched(&copy);
        } else {
            IS(volcv_job_pixels(client, job, 0, &copy.pixels), VOLCV_OK);
            has_texture(&copy);
        }
        IS(volcv_job_release(client, job), VOLCV_OK);
    }
    /* A job that is no whole operation has no pixels. */
    volcv_job job;
    IS(submit(client, 0, &job), VOLCV_OK);
    IS(next_event(client).result, VOLCV_OK);
    CHECK(user->acquires == ANSWERS);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    poison(user);
}

/* As an engine does that leaves in the middle of everything. */
static void *disturb(void *of)
{
    page *const user = of;
    uint64_t state = 88172645463325252u;
    for (;;) {
        volcv_job job = 0;
        volcv_event event;
        const volcv_result result = grow(user->client, roll(&state) % ANSWERS == 1 ? 1 : 0, &job);
        if (result == VOLCV_E_SHUTDOWN || result == VOLCV_E_STALE) {
            return NULL;
        }
        for (uint64_t i = roll(&state) % 8; i > 0; i--) {
            nap();
        }
        switch (roll(&state) % 3) {
        case 0: (void)volcv_job_cancel(user->client, job); break;
        case 1: (void)volcv_job_release(user->client, job); break;
        default: break;
        }
        (void)volcv_poll(user->client, &event, 1);
    }
}

static void every_gift_is_submitted_whenever_the_host_leaves(void)
{
    const uint32_t rounds = number("VOLCV_ROUNDS", 40);
    int gifts = 0;
    for (uint32_t round = 0; round < rounds; round++) {
        page *const user = new_page(0);
        pthread_t thread;
        volcv_job job;
        /* One worker, so that no two jobs share a room. */
        volcv_client *const client = hooked(user, 1);
        for (int i = 0; i < 3; i++) {
            IS(grow(client, 0, &job), VOLCV_OK);
        }
        CHECK(pthread_create(&thread, NULL, disturb, user) == 0);
        /* Early, or in the middle of the pixels. */
        while (round % 2 == 0 && user->acquires == 0) {
            nap();
        }
        for (uint32_t i = 0; i < round / 2; i++) {
            nap();
        }
        IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
        CHECK(user->gifts == user->submits && user->holding == 0);
        gifts += user->gifts;
        CHECK(pthread_join(thread, NULL) == 0);
        poison(user);
    }
    CHECK(gifts > 0);
}

static void a_stuck_acquire_does_not_hold_destroy_up_and_is_submitted_later(void)
{
    page *const user = new_page(0);
    volcv_job job;
    volcv_event event;
    volcv_client *const client = hooked(user, 1);
    pthread_mutex_lock(&user->hold);
    IS(grow(client, GOOD, &job), VOLCV_OK);
    while (user->holding == 0) {
        nap();
    }
    const uint64_t start = now_ns();
    IS(volcv_client_destroy(client, 100), VOLCV_E_TIMEOUT);
    CHECK(now_ns() - start < UINT64_C(5000000000));
    pthread_mutex_unlock(&user->hold);
    IS(volcv_wait(client, &job, 1, 1, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(volcv_poll(client, &event, 1) == 1 && event.result == VOLCV_OK && user->submits == 0);
    IS(volcv_client_destroy(client, VOLCV_WAIT_FOREVER), VOLCV_OK);
    CHECK(user->submits == 1 && user->last == VOLCV_OK);
    poison(user);
}

int main(void)
{
    paint(texture_memory);
    each_answer_has_its_consequence();
    every_gift_is_submitted_whenever_the_host_leaves();
    a_stuck_acquire_does_not_hold_destroy_up_and_is_submitted_later();
    IS(volcv_shutdown(VOLCV_WAIT_FOREVER), VOLCV_OK);
    puts("ok");
    return 0;
}
