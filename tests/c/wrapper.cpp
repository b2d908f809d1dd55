/*
 * wrapper.cpp: every member of volcv.hpp, in use: what it returns in good and in bad times, what is owned by whom, and
 * that an empty or stale object is an error code. Without exceptions and RTTI.
 */

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>
#include <volcv.hpp>

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            std::fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);  \
            std::exit(EXIT_FAILURE);                                                  \
        }                                                                             \
    } while (0)

static_assert(std::is_nothrow_move_constructible_v<volcv::Client> && !std::is_copy_constructible_v<volcv::Client>);
static_assert(std::is_nothrow_move_constructible_v<volcv::Job> && !std::is_copy_constructible_v<volcv::Job>);
static_assert(std::is_nothrow_move_constructible_v<volcv::Buffer> && !std::is_copy_constructible_v<volcv::Buffer>);
static_assert(std::is_nothrow_move_assignable_v<volcv::Expected<volcv::Job>>);
static_assert(sizeof(volcv::Client) == sizeof(void*) && sizeof(volcv::Buffer) == sizeof(volcv_buffer));
static_assert(sizeof(volcv::Outpaint) == sizeof(volcv_outpaint) && sizeof(volcv::Raw) == sizeof(volcv_raw));
// A request refers to its picture, which must not be a temporary.
static_assert(std::is_constructible_v<volcv::Outpaint, const volcv::Picture&>);
static_assert(!std::is_constructible_v<volcv::Outpaint, volcv::Picture>);
static_assert(std::is_constructible_v<volcv::Outpaint, const volcv::Pixels&>);
static_assert(!std::is_constructible_v<volcv::Outpaint, volcv::Pixels>);

// And so does a task to what it is made of.
static_assert(sizeof(volcv::Inpaint) == sizeof(volcv_inpaint) && sizeof(volcv::TaskRequest) == sizeof(volcv_task_request));
static_assert(!std::is_constructible_v<volcv::Inpaint, uint32_t, volcv::Picture, const volcv::Picture&>);
static_assert(!std::is_constructible_v<volcv::Inpaint, uint32_t, const volcv::Picture&, volcv::Picture>);
static_assert(!std::is_constructible_v<volcv::TaskRequest, volcv::Outpaint>);
static_assert(!std::is_constructible_v<volcv::TaskRequest, volcv::Inpaint>);
static_assert(!std::is_constructible_v<volcv::TaskRequest, volcv::Raw>);

static unsigned char photo[1 << 20];

static volcv::Options options() {
    volcv::Options options;
    options.base_url = std::getenv("VOLCV_BASE_URL");
    options.api_key = std::getenv("VOLCV_API_KEY");
    return options;
}

static void images(const volcv::Client& client, const volcv_outpaint& request) {
    volcv::Job job = client.run(request).take();
    CHECK(job && job.id() != 0 && job.image_count() == 1);
    CHECK(job.error().code == VOLCV_OK && job.error().charge == VOLCV_CHARGE_CHARGED);
    CHECK(job.progress().phase == VOLCV_PHASE_ENDED && job.progress().result == VOLCV_OK);
    const auto reply = job.reply();
    CHECK(reply && std::strlen(reply->data) == reply->size && reply->data[0] == '{');
    const auto info = job.image(0);
    CHECK(info && info->width == 1920 && info->height == 640 && info->format == VOLCV_FORMAT_PNG);
    CHECK(job.image(1).result() == VOLCV_E_NO_RESULT && job.link(0).result() == VOLCV_E_NO_RESULT);
    CHECK(std::strcmp(job.image(1).message(), "VOLCV_E_NO_RESULT") == 0);

    const void* const bytes = info->data;
    volcv::Buffer buffer = job.take(0).take();
    CHECK(buffer.data() == bytes && buffer.size() == info->size && !buffer.empty());
    CHECK(job.take(0).result() == VOLCV_E_NO_RESULT);
    job.reset();
    CHECK(!job && buffer.data()[1] == 'P');
    volcv::Buffer other = std::move(buffer);
    CHECK(buffer.empty() && other.data() == bytes);
    buffer = std::move(other);
    CHECK(other.empty() && buffer.data() == bytes);
    other = volcv::Buffer(buffer.detach());
    CHECK(buffer.empty() && other.data() == bytes);
    other.reset();
    CHECK(other.data() == nullptr && other.size() == 0);
}

static void links(const volcv::Client& client, volcv::Outpaint request) {
    request.flags = VOLCV_OUTPAINT_RETURN_LINK;
    const volcv::Job job = client.run(request, volcv::JobOptions()).take();
    const auto link = job.link(0);
    CHECK(link && std::strncmp(*link, "http", 4) == 0);

    const volcv::Job file = client.download(*link, volcv::JobOptions(5)).take();
    uint64_t user = 0;
    CHECK(client.wait(VOLCV_WAIT_FOREVER) == VOLCV_OK);
    CHECK(client.poll([&user](const volcv_event& event) { user = event.user; }) == 1 && user == 5);
    const auto info = file.image(0);
    CHECK(file.error().code == VOLCV_OK && info && info->width == 1920 && info->height == 640);
    CHECK(file.reply().result() == VOLCV_E_NO_RESULT && file.rejected_count() == 0);
    CHECK(file.take_rejected(0).result() == VOLCV_E_NO_RESULT);
    const auto refused = client.download("no link");
    CHECK(refused.result() == VOLCV_E_DECODE && std::strstr(refused.message(), "the link") != nullptr);
}

static void events(const volcv::Client& client, const volcv_outpaint& request) {
    volcv::Job first = client.outpaint(request, volcv::JobOptions(11)).take();
    volcv::Job second = client.outpaint(request, volcv::JobOptions(22)).take();
    const volcv_job jobs[] = {first.id(), second.id()};
    CHECK(client.wait_any(jobs, 2, VOLCV_WAIT_FOREVER) == VOLCV_OK);
    CHECK(client.wait_all(jobs, 2, VOLCV_WAIT_FOREVER) == VOLCV_OK && first.wait(0) == VOLCV_OK);
    uint64_t users = 0;
    CHECK(client.poll([&users](const volcv_event& event) { users += event.user; }) == 2);
    CHECK(users == 33 && client.poll([](const volcv_event&) {}) == 0);

    // What was moved from is empty; what was moved to owns the job.
    volcv::Job moved = std::move(first);
    CHECK(!first && moved.id() == jobs[0]);
    second = std::move(moved);
    CHECK(!moved && second.id() == jobs[0]);
    const volcv::Job gone(client.get(), jobs[1]);
    CHECK(gone.error().code == VOLCV_E_STALE && gone.progress().result == VOLCV_E_STALE);
    const volcv::Job kept(client.get(), second.detach());
    CHECK(!second && kept.error().code == VOLCV_OK);

    CHECK(client.wait(0) == VOLCV_E_TIMEOUT && client.wake() == VOLCV_OK);
    CHECK(client.wait(VOLCV_WAIT_FOREVER) == VOLCV_E_INTERRUPTED);
}

static void cancelled(const volcv::Client& client, const volcv_outpaint& request) {
    const volcv::Job job = client.outpaint(request).take();
    CHECK(job.error().code == VOLCV_E_NOT_READY && job.cancel() == VOLCV_OK);
    CHECK(client.wait(VOLCV_WAIT_FOREVER) == VOLCV_OK);
    volcv_result result = VOLCV_OK;
    CHECK(client.poll([&result](const volcv_event& event) { result = event.result; }) == 1);
    CHECK(result == VOLCV_E_CANCELLED && job.image_count() == 0 && job.reply().result() == VOLCV_E_NO_RESULT);
}

static void raw(const volcv::Client& client, const volcv_picture& picture) {
    volcv::Raw request(R"({"req_key":"i2i_outpainting","top":0.1,"bottom":0.1,"left":0.1,"right":0.1})");
    request.pictures = &picture;
    request.picture_count = 1;
    const volcv::Job job = client.raw(request, volcv::JobOptions(7)).take();
    CHECK(job.wait(VOLCV_WAIT_FOREVER) == VOLCV_OK && job.error().code == VOLCV_OK && job.image_count() == 1);
    uint64_t user = 0;
    CHECK(client.poll([&user](const volcv_event& event) { user = event.user; }) == 1 && user == 7);
}

static void released(void* user, const void*, size_t) { *static_cast<bool*>(user) = true; }

static void misuse(const volcv_outpaint& good) {
    const volcv::Client none;
    CHECK(!none && none.poll([](const volcv_event&) {}) == 0 && none.outpaint(good).result() != VOLCV_OK);
    const volcv::Job job;
    CHECK(!job && job.cancel() != VOLCV_OK && job.take(0).result() != VOLCV_OK && job.image_count() == 0);

    auto failed = volcv::Client::create(volcv::Options());
    CHECK(!failed && failed.result() == failed.error().code && std::strstr(failed.message(), "base_url") != nullptr);

    volcv::Client client = volcv::Client::create(options()).take();
    const auto refused = client.outpaint(volcv::Outpaint());
    CHECK(!refused && refused.result() == VOLCV_E_INVALID_ARGUMENT && refused.message()[0] != '\0');

    // The destructor of a client cancels its jobs, gives back what they borrow, and leaves their owners harmless.
    bool was_released = false;
    const auto picture = volcv::Picture::borrow(photo, good.picture->size, released, &was_released);
    volcv::Outpaint request(picture);
    request.left = 0.5;
    volcv::Job orphan = client.outpaint(request).take();
    volcv::Client moved = std::move(client);
    CHECK(!client && moved);
    client = std::move(moved);
    client.reset();
    CHECK(was_released && orphan.cancel() == VOLCV_E_STALE);

    client = volcv::Client(volcv::Client::create(options()).take().detach());
    CHECK(client.destroy(VOLCV_WAIT_FOREVER) == VOLCV_OK && !client);
}

/** An HTTP stack that answers each request at once, with a refusal. */
struct Refusal {
    uint64_t body = 0;
    bool was_cancelled = false;

    volcv_result start(volcv::Exchange exchange, const volcv_http_request& request) noexcept {
        unsigned char buffer[4096];
        size_t size = 1;
        while (size != 0) {
            CHECK(exchange.read(buffer, sizeof buffer, size) == VOLCV_OK);
            body += size;
        }
        CHECK(body == request.body_size && exchange.id() != 0);
        const volcv_header header = {"Content-Type", "application/json"};
        const char* const reply = R"({"code":50411,"message":"the picture was refused","request_id":"r-1"})";
        CHECK(exchange.head(400, &header, 1) == VOLCV_OK);
        CHECK(exchange.data(reply, std::strlen(reply)) == VOLCV_OK);
        CHECK(exchange.complete(VOLCV_OK) == VOLCV_OK);
        CHECK(exchange.complete(VOLCV_OK) == VOLCV_E_STALE);
        return VOLCV_OK;
    }

    void cancel(volcv_exchange) noexcept { was_cancelled = true; }
};

static void own_http(const volcv_outpaint& request) {
    Refusal http;
    const volcv_http_transport hooks = volcv::transport(http);
    volcv::Options with_http = options();
    with_http.transport = &hooks;
    const volcv::Client client = volcv::Client::create(with_http).take();
    const auto job = client.run(request);
    CHECK(job.result() == VOLCV_E_REFUSED && job.error().charge == VOLCV_CHARGE_NONE && job.error().http_status == 400);
    CHECK(std::strcmp(job.error().request_id, "r-1") == 0 && http.body > 0 && !http.was_cancelled);
}

static unsigned char texture[64 * 48 * 4], grown[96 * 48 * 3];

/** Gives memory for every result. */
struct Memory {
    int acquired = 0, submitted = 0;

    volcv_result acquire(const volcv_event& of, volcv_pixels& out) noexcept {
        CHECK(of.job != 0 && of.user == 9 && out.width == 96 && out.height == 48);
        ++acquired;
        out.format = VOLCV_PIXEL_RGB8;
        out.data = grown;
        out.size = sizeof grown;
        return VOLCV_OK;
    }

    void submit(const volcv_event& of) noexcept {
        CHECK(of.job != 0 && of.user == 9 && of.result == VOLCV_OK && grown[16 * 3] == 0 && grown[17 * 3] == 1);
        ++submitted;
    }
};

static void pixels(const volcv::Client& client) {
    for (size_t i = 0; i < sizeof texture; ++i) texture[i] = i % 4 == 3 ? 255 : static_cast<unsigned char>(i / 4);
    bool was_released = false;
    auto lent = volcv::Pixels::of(VOLCV_PIXEL_RGBA8, 64, 48, texture, sizeof texture);
    lent.lend(released, &was_released);
    volcv::Outpaint request(lent);
    request.left = request.right = 0.25;
    const auto plan = volcv::plan(request);
    CHECK(plan && plan->calls == 1 && plan->result_width == 96 && plan->original_x == 16);
    CHECK(volcv::plan(volcv::Outpaint(), 9, 9).result() == VOLCV_E_INVALID_INPUT);

    const volcv::Job job = client.run(request).take();
    const auto info = job.pixels_info();
    CHECK(was_released && info && info->exact == 1 && info->width == 96 && info->height == 48);
    auto into = volcv::Pixels::of(VOLCV_PIXEL_RGB8, 96, 48, grown, sizeof grown);
    CHECK(job.pixels(into) == VOLCV_OK && grown[16 * 3] == 0 && grown[(5 * 96 + 16 + 9) * 3] == (5 * 64 + 9) % 256);
    into.width = 95;
    CHECK(job.pixels(into) == VOLCV_E_INVALID_ARGUMENT);

    Memory memory;
    const volcv_pixels_hooks hooks = volcv::pixels_hooks(memory);
    volcv::Options with_hooks = options();
    with_hooks.pixels_hooks = &hooks;
    const volcv::Client other = volcv::Client::create(with_hooks).take();
    std::memset(grown, 0, sizeof grown);
    const volcv::Job own = other.run(request, volcv::JobOptions(9)).take();
    CHECK(memory.acquired == 1 && memory.submitted == 1);
    CHECK(own.pixels(into) == VOLCV_E_NO_RESULT && own.pixels_info()->exact == 1);
}

static void end_of(const volcv::Client& client, const volcv::Job& job) {
    CHECK(job.wait(VOLCV_WAIT_FOREVER) == VOLCV_OK && job.error().code == VOLCV_OK);
    volcv_job ended = 0;
    CHECK(client.poll([&ended](const volcv_event& event) { ended = event.job; }) == 1 && ended == job.id());
}

static void tasks(const volcv::Client& client, const volcv::Outpaint& outpaint, const volcv_picture& picture) {
    volcv::Job job = client.submit_task(volcv::TaskRequest(outpaint)).take();
    end_of(client, job);
    const auto task = job.task();
    CHECK(task && std::strlen(task->data) == task->size && job.task_status().result() == VOLCV_E_NO_RESULT);
    const volcv::Job result = client.wait_task(task->data, volcv::JobOptions(3)).take();
    end_of(client, result);
    CHECK(result.image_count() == 1 && std::strcmp(result.task()->data, task->data) == 0);
    const volcv::Job status = client.task_status(task->data).take();
    end_of(client, status);
    CHECK(*status.task_status() == VOLCV_TASK_DONE);
    const volcv::Job cancelled = client.cancel_task(task->data, volcv::JobOptions()).take();
    CHECK(cancelled.wait(VOLCV_WAIT_FOREVER) == VOLCV_OK && client.poll([](const volcv_event&) {}) == 1);
    CHECK(client.wait_task("no task").result() == VOLCV_E_INVALID_INPUT);

    const volcv::Inpaint erase(VOLCV_INPAINT_ERASE, picture, picture);
    job = client.inpaint(erase).take();
    end_of(client, job);
    CHECK(job.image_count() == 1 && job.task().result() == VOLCV_E_NO_RESULT);
    job = client.submit_task(volcv::TaskRequest(erase), volcv::JobOptions()).take();
    end_of(client, job);
    const volcv::Raw raw(R"({"req_key":"i2i_outpainting"})");
    CHECK(client.submit_task(volcv::TaskRequest(raw, VOLCV_ACTIONS_PLAIN + 1)).result() == VOLCV_E_INVALID_ARGUMENT);
    CHECK(client.inpaint(volcv::Inpaint(), volcv::JobOptions()).result() == VOLCV_E_INVALID_ARGUMENT);
}

/** Credentials of the environment. */
struct Vault {
    int given = 0, released = 0;

    volcv_result get(volcv_credentials& out) noexcept {
        out.access_key = std::getenv("VOLC_ACCESSKEY");
        out.secret_key = std::getenv("VOLC_SECRETKEY");
        ++given;
        return VOLCV_OK;
    }

    void release(volcv_credentials& of) noexcept {
        CHECK(of.access_key != nullptr);
        ++released;
    }
};

/** Counts volcv's threads. */
struct Threads {
    std::atomic<int> started{0}, stopped{0};

    void on_start(const char* name) noexcept {
        CHECK(std::strncmp(name, "volcv-", 6) == 0);
        ++started;
    }

    void on_stop() noexcept { ++stopped; }
};

static void threads(const volcv_outpaint& request) {
    Threads host;
    const volcv_thread_hooks hooks = volcv::thread_hooks(host);
    volcv::Options with_hooks = options();
    with_hooks.threads = &hooks;
    with_hooks.max_in_flight = 2;
    volcv::Client client = volcv::Client::create(with_hooks).take();
    CHECK(client.run(request));
    CHECK(client.destroy(VOLCV_WAIT_FOREVER) == VOLCV_OK && host.started == 3 && host.stopped == 3);
}

static void direct(const volcv_outpaint& request) {
    Vault vault;
    const volcv_credentials_hook hook = volcv::credentials_hook(vault);
    volcv::Options with_hook;
    with_hook.base_url = std::getenv("VOLCV_BASE_URL");
    with_hook.credentials = &hook;
    const volcv::Client client = volcv::Client::create(with_hook).take();
    CHECK(client.run(request) && vault.given == 1 && vault.released == 1);
}

int main(int, char** argv) {
    std::FILE* file = std::fopen(argv[1], "rb");
    CHECK(file != nullptr);
    const size_t size = std::fread(photo, 1, sizeof photo, file);
    std::fclose(file);

    const volcv::Client client = volcv::Client::create(options()).take();
    const auto picture = volcv::Picture::copy(photo, size);
    volcv::Outpaint request(picture);
    request.left = request.right = 0.5;
    images(client, request);
    links(client, request);
    events(client, request);
    cancelled(client, request);
    raw(client, picture);
    misuse(request);
    own_http(request);
    pixels(client);
    tasks(client, request, picture);
    direct(request);
    threads(request);
    const auto linked = volcv::Picture::at("https://example.com/photo.jpg");
    CHECK(linked.link != nullptr && linked.data == nullptr);
    std::puts("ok");
    return EXIT_SUCCESS;
}
