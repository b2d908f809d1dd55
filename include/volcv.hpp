/*
 * volcv.hpp: libvolcv for C++17 and later. Header-only, without exceptions, RTTI, allocation or standard containers.
 *
 *     volcv::Options options;
 *     options.base_url = "https://gateway.example";
 *     options.api_key = key;
 *     volcv::Client client = volcv::Client::create(options).take();
 *
 *     const auto texture = volcv::Pixels::of(VOLCV_PIXEL_BGRA8, width, height, memory, size);
 *     volcv::Outpaint request(texture);
 *     request.left = request.right = 0.5;
 *     volcv::Job job = client.outpaint(request).take();
 *     // in every frame:
 *     client.poll([&](const volcv_event& event) {
 *         if (event.job == job.id() && event.result == VOLCV_OK) check(job.pixels(larger_texture));
 *     });
 *
 *  - It adds ownership and types to volcv.h, and nothing else: what a function does, what it can return, whether it
 *    blocks and which thread may call it is said there, under the name in each comment here.
 *  - Client, Job and Buffer are move-only and give back what they own. Members that read or use what is owned are
 *    const; as in C, any thread may call them, many at once. Moving, reset() and destroy() are for one thread.
 *  - Options, Outpaint and the like are the structs of C with struct_size already set. Texts are const char*, UTF-8.
 *  - Define VOLCV_ASSERT before the #include to have misuse of Expected reported in your own way.
 *
 * License: MIT OR Apache-2.0.
 */

#ifndef VOLCV_HPP
#define VOLCV_HPP

#include "volcv.h"

#if !(defined(_MSVC_LANG) ? _MSVC_LANG >= 201703L : __cplusplus >= 201703L)
#error "volcv.hpp needs C++17; volcv.h works with C++98"
#endif

#ifndef VOLCV_ASSERT
#include <assert.h>
#define VOLCV_ASSERT(condition) assert(condition)
#endif

// GCC would keep these few as functions of their own in each object file.
#ifdef __GNUC__
#define VOLCV_ALWAYS_INLINE __attribute__((always_inline))
#else
#define VOLCV_ALWAYS_INLINE
#endif

namespace volcv {
// The ABI number: programs whose parts were compiled against different headers do not mix them up.
inline namespace v1 {

static_assert(VOLCV_ABI_VERSION == 1, "the inline namespace carries the ABI number");

/** How long the destructor of Client waits for the host's own hooks; volcv itself needs a few milliseconds. */
inline constexpr uint32_t destroy_timeout_ms = 2000;

/** A T, or why there is none. */
template <class T>
class [[nodiscard]] Expected {
public:
    /** A value if error.code is VOLCV_OK, otherwise that error. */
    Expected(T&& value, const volcv_error& error) noexcept : value_(static_cast<T&&>(value)), error_(error) {}

    /** A value if result is VOLCV_OK, otherwise an error without details. */
    Expected(T&& value, volcv_result result) noexcept : value_(static_cast<T&&>(value)) { error_.code = result; }

    Expected(Expected&& other) noexcept = default;
    Expected& operator=(Expected&& other) noexcept = default;
    VOLCV_ALWAYS_INLINE ~Expected() = default;

    /** Whether there is a value. */
    [[nodiscard]] explicit operator bool() const noexcept { return error_.code == VOLCV_OK; }

    /** VOLCV_OK or a VOLCV_E_ code. */
    [[nodiscard]] volcv_result result() const noexcept { return error_.code; }

    /** Why there is no value. */
    [[nodiscard]] const volcv_error& error() const noexcept { return error_; }

    /** One line that says why there is no value, never empty. */
    [[nodiscard]] const char* message() const noexcept {
        return error_.message[0] != '\0' ? error_.message : volcv_result_name(error_.code);
    }

    // The value, asserted to be there; where assertions are off it is an empty T, whose use is an error code again.

    /** Moves the value out. */
    [[nodiscard]] VOLCV_ALWAYS_INLINE T take() noexcept {
        assert_value();
        return static_cast<T&&>(value_);
    }

    [[nodiscard]] VOLCV_ALWAYS_INLINE T& operator*() noexcept {
        assert_value();
        return value_;
    }

    [[nodiscard]] VOLCV_ALWAYS_INLINE const T& operator*() const noexcept {
        assert_value();
        return value_;
    }

    [[nodiscard]] VOLCV_ALWAYS_INLINE T* operator->() noexcept {
        assert_value();
        return &value_;
    }

    [[nodiscard]] VOLCV_ALWAYS_INLINE const T* operator->() const noexcept {
        assert_value();
        return &value_;
    }

private:
    VOLCV_ALWAYS_INLINE void assert_value() const noexcept { VOLCV_ASSERT(error_.code == VOLCV_OK); }

    T value_;
    volcv_error error_ = VOLCV_ERROR_INIT;
};

/** volcv_client_options. */
struct Options : volcv_client_options {
    Options() noexcept : volcv_client_options() { struct_size = sizeof(volcv_client_options); }
};

/** volcv_job_options. */
struct JobOptions : volcv_job_options {
    JobOptions() noexcept : volcv_job_options() { struct_size = sizeof(volcv_job_options); }

    /** value comes back in volcv_event::user. */
    explicit JobOptions(uint64_t value) noexcept : JobOptions() { user = value; }
};

/** volcv_picture: made by one of its functions. */
struct Picture : volcv_picture {
    Picture() noexcept : volcv_picture() { struct_size = sizeof(volcv_picture); }

    /** The bytes of a file, copied when the job is submitted. */
    [[nodiscard]] static Picture copy(const void* bytes, size_t count) noexcept {
        Picture picture;
        picture.data = bytes;
        picture.size = count;
        return picture;
    }

    /** The bytes of a file, not copied: they stay untouched until then() was called or, without it, the job ended. */
    [[nodiscard]] static Picture borrow(
        const void* bytes, size_t count, volcv_release_fn then = nullptr, void* user = nullptr) noexcept {
        Picture picture = copy(bytes, count);
        picture.flags = VOLCV_PICTURE_BORROW;
        picture.release = then;
        picture.release_user = user;
        return picture;
    }

    /** A link that the service fetches. */
    [[nodiscard]] static Picture at(const char* url) noexcept {
        Picture picture;
        picture.link = url;
        return picture;
    }
};

/** volcv_pixels: a texture that grows, or room for the result. Set flags and stride where they are not 0. */
struct Pixels : volcv_pixels {
    Pixels() noexcept : volcv_pixels() { struct_size = sizeof(volcv_pixels); }

    /** Rows without gaps, the top row first. As input they are copied when the job is submitted. */
    [[nodiscard]] static Pixels of(
        uint32_t pixel_format, uint32_t columns, uint32_t rows, void* memory, size_t count) noexcept {
        Pixels pixels;
        pixels.format = pixel_format;
        pixels.width = columns;
        pixels.height = rows;
        pixels.data = memory;
        pixels.size = count;
        return pixels;
    }

    /** Input that is not copied: it stays untouched until then() was called or, without it, the job ended. */
    void lend(volcv_release_fn then = nullptr, void* user = nullptr) noexcept {
        flags |= VOLCV_PIXELS_BORROW;
        release = then;
        release_user = user;
    }
};

/** volcv_outpaint. It refers to its picture or pixels: they have to live until the request is submitted. */
struct Outpaint : volcv_outpaint {
    Outpaint() noexcept : volcv_outpaint() { struct_size = sizeof(volcv_outpaint); }

    /** Set left, right, top, bottom; or mode and what belongs to it. */
    explicit Outpaint(const volcv_picture& photo) noexcept : Outpaint() { picture = &photo; }
    explicit Outpaint(const volcv_picture&&) = delete;

    /** A whole operation, whose result are pixels. */
    explicit Outpaint(const volcv_pixels& texture) noexcept : Outpaint() { pixels = &texture; }
    explicit Outpaint(const volcv_pixels&&) = delete;
};

/** volcv_raw. */
struct Raw : volcv_raw {
    Raw() noexcept : volcv_raw() { struct_size = sizeof(volcv_raw); }

    /** body is the text of a JSON object. */
    explicit Raw(const char* body) noexcept : Raw() { json = body; }
};

/** volcv_inpaint. It refers to its picture and mask: they have to live until the request is submitted. */
struct Inpaint : volcv_inpaint {
    Inpaint() noexcept : volcv_inpaint() { struct_size = sizeof(volcv_inpaint); }

    /** kind is VOLCV_INPAINT_EDIT, VOLCV_INPAINT_ERASE or VOLCV_PAINTING_EDIT. */
    Inpaint(uint32_t kind, const volcv_picture& photo, const volcv_picture& where) noexcept : Inpaint() {
        ability = kind;
        picture = &photo;
        mask = &where;
    }
    Inpaint(uint32_t, const volcv_picture&&, const volcv_picture&) = delete;
    Inpaint(uint32_t, const volcv_picture&, const volcv_picture&&) = delete;
    Inpaint(uint32_t, const volcv_picture&&, const volcv_picture&&) = delete;
};

/** volcv_task_request. It refers to its request, which has to live until the task is submitted. */
struct TaskRequest : volcv_task_request {
    TaskRequest() noexcept : volcv_task_request() { struct_size = sizeof(volcv_task_request); }

    explicit TaskRequest(const volcv_outpaint& request) noexcept : TaskRequest() { outpaint = &request; }
    explicit TaskRequest(const volcv_outpaint&&) = delete;
    explicit TaskRequest(const volcv_inpaint& request) noexcept : TaskRequest() { inpaint = &request; }
    explicit TaskRequest(const volcv_inpaint&&) = delete;

    /** Any ability, by VOLCV_ACTIONS_*. */
    explicit TaskRequest(const volcv_raw& request, uint32_t pair = VOLCV_ACTIONS_SYNC2ASYNC) noexcept : TaskRequest() {
        actions = pair;
        raw = &request;
    }
    explicit TaskRequest(const volcv_raw&&, uint32_t = VOLCV_ACTIONS_SYNC2ASYNC) = delete;
};

/** volcv_plan(): what a whole operation would do; with 0 for the size, for the picture or pixels of the request. */
[[nodiscard]] inline Expected<volcv_plan_info> plan(
    const volcv_outpaint& request, uint32_t width = 0, uint32_t height = 0) noexcept {
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_plan_info info = VOLCV_PLAN_INFO_INIT;
    error.code = volcv_plan(&request, width, height, &info, &error);
    return {static_cast<volcv_plan_info&&>(info), error};
}

/** A text of known length, ended by NUL. It belongs to the job that it was read from. */
struct Text {
    const char* data = nullptr;
    size_t size = 0;
};

/** volcv_buffer: bytes that are freed with it. They outlive job and client. */
class Buffer {
public:
    Buffer() noexcept = default;

    /** Takes a buffer of C into ownership. */
    explicit Buffer(const volcv_buffer& buffer) noexcept : buffer_(buffer) {}

    Buffer(Buffer&& other) noexcept : buffer_(other.detach()) {}

    Buffer& operator=(Buffer&& other) noexcept {
        if (this != &other) {
            reset();
            buffer_ = other.detach();
        }
        return *this;
    }

    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    VOLCV_ALWAYS_INLINE ~Buffer() { reset(); }

    [[nodiscard]] const uint8_t* data() const noexcept { return static_cast<const uint8_t*>(buffer_.data); }
    [[nodiscard]] size_t size() const noexcept { return buffer_.size; }
    [[nodiscard]] bool empty() const noexcept { return buffer_.size == 0; }

    /** Frees the bytes. */
    VOLCV_ALWAYS_INLINE void reset() noexcept {
        // An empty one is spared the call, which moved-from buffers make often.
        if (buffer_.id != 0) (void)volcv_buffer_release(&buffer_);
        buffer_ = {};
    }

    /** Gives the buffer of C away, for code that calls volcv_buffer_release() itself. */
    [[nodiscard]] volcv_buffer detach() noexcept {
        const volcv_buffer buffer = buffer_;
        buffer_ = {};
        return buffer;
    }

private:
    volcv_buffer buffer_ = {};
};

/** volcv_encode(): a file of pixels, with the marks of origin of another file, if one is given. */
[[nodiscard]] inline Expected<Buffer> encode(const volcv_pixels& pixels, const volcv_picture* marks = nullptr,
    uint32_t format = VOLCV_FORMAT_PNG, uint32_t quality = 0) noexcept {
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_buffer file = {};
    error.code = volcv_encode(&pixels, marks, format, quality, &file, &error);
    return {Buffer(file), error};
}

/** volcv_decode(): the pixels of a file; they lie in the buffer that is filled. */
[[nodiscard]] inline Expected<volcv_pixels> decode(const volcv_picture& file, Buffer& memory) noexcept {
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_pixels pixels = VOLCV_PIXELS_INIT;
    volcv_buffer buffer = {};
    error.code = volcv_decode(&file, &pixels, &buffer, &error);
    memory = Buffer(buffer);
    return {static_cast<volcv_pixels&&>(pixels), error};
}

/**
 * volcv_job: keep it until its event was polled and its results were read. The destructor is volcv_job_release(), which
 * cancels a job that still runs. A Job may outlive its Client: its functions then return VOLCV_E_STALE.
 */
class Job {
public:
    Job() noexcept = default;

    /** Takes a job of C into ownership. */
    Job(volcv_client* client, volcv_job id) noexcept : client_(client), id_(id) {}

    Job(Job&& other) noexcept : client_(other.client_), id_(other.detach()) {}

    Job& operator=(Job&& other) noexcept {
        if (this != &other) {
            reset();
            client_ = other.client_;
            id_ = other.detach();
        }
        return *this;
    }

    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    VOLCV_ALWAYS_INLINE ~Job() { reset(); }

    /** Whether there is a job. */
    [[nodiscard]] explicit operator bool() const noexcept { return id_ != 0; }

    /** The id, as in volcv_event::job; 0 if there is none. */
    [[nodiscard]] volcv_job id() const noexcept { return id_; }

    /** volcv_job_cancel(): the event comes as for every other job. */
    volcv_result cancel() const noexcept { return volcv_job_cancel(client_, id_); }

    /** volcv_wait() for this job. For tools and loading screens. */
    [[nodiscard]] volcv_result wait(uint32_t timeout_ms) const noexcept {
        return volcv_wait(client_, &id_, 1, 1, timeout_ms);
    }

    /** volcv_job_progress(), lock-free. A job that is gone has VOLCV_PHASE_ENDED and VOLCV_E_STALE. */
    [[nodiscard]] volcv_progress progress() const noexcept {
        volcv_progress progress = VOLCV_PROGRESS_INIT;
        const volcv_result result = volcv_job_progress(client_, id_, &progress);
        if (result != VOLCV_OK) {
            progress.phase = VOLCV_PHASE_ENDED;
            progress.result = result;
        }
        return progress;
    }

    /** volcv_job_error(); its code is VOLCV_E_NOT_READY while the job runs. */
    [[nodiscard]] volcv_error error() const noexcept {
        volcv_error error = VOLCV_ERROR_INIT;
        const volcv_result result = volcv_job_error(client_, id_, &error);
        if (result != VOLCV_OK) error.code = result;
        return error;
    }

    /** volcv_job_reply(). */
    Expected<Text> reply() const noexcept {
        Text text;
        const volcv_result result = volcv_job_reply(client_, id_, &text.data, &text.size);
        return {static_cast<Text&&>(text), result};
    }

    /** volcv_job_task(): the task as one line of JSON, from the moment the service accepted it. */
    Expected<Text> task() const noexcept {
        Text text;
        const volcv_result result = volcv_job_task(client_, id_, &text.data, &text.size);
        return {static_cast<Text&&>(text), result};
    }

    /** volcv_job_task_status(): a VOLCV_TASK_ number, for a job of Client::task_status(). */
    Expected<uint32_t> task_status() const noexcept {
        uint32_t status = 0;
        const volcv_result result = volcv_job_task_status(client_, id_, &status);
        return {static_cast<uint32_t&&>(status), result};
    }

    /** volcv_job_image_count(); 0 as well while the job runs. */
    [[nodiscard]] uint32_t image_count() const noexcept {
        uint32_t count = 0;
        (void)volcv_job_image_count(client_, id_, &count);
        return count;
    }

    /** volcv_job_image_info(): the bytes stay with the job. */
    Expected<volcv_image_info> image(uint32_t index) const noexcept {
        volcv_image_info info = {};
        info.struct_size = sizeof info;
        const volcv_result result = volcv_job_image_info(client_, id_, index, &info);
        return {static_cast<volcv_image_info&&>(info), result};
    }

    /** volcv_job_image_link(). */
    Expected<const char*> link(uint32_t index) const noexcept {
        const char* link = nullptr;
        const volcv_result result = volcv_job_image_link(client_, id_, index, &link);
        return {static_cast<const char*&&>(link), result};
    }

    /** volcv_job_image_take(): the bytes leave the job, without a copy. */
    Expected<Buffer> take(uint32_t index) const noexcept {
        volcv_buffer buffer = {};
        const volcv_result result = volcv_job_image_take(client_, id_, index, &buffer);
        return {Buffer(buffer), result};
    }

    /** volcv_job_pixels_info(): the size of the finished pixels, and how well they fit. */
    Expected<volcv_pixels_info> pixels_info() const noexcept {
        volcv_pixels_info info = VOLCV_PIXELS_INFO_INIT;
        const volcv_result result = volcv_job_pixels_info(client_, id_, 0, &info);
        return {static_cast<volcv_pixels_info&&>(info), result};
    }

    /** volcv_job_pixels(): copies the finished pixels. */
    [[nodiscard]] volcv_result pixels(const volcv_pixels& into) const noexcept {
        return volcv_job_pixels(client_, id_, 0, &into);
    }

    /** volcv_job_rejected_count(); 0 as well while the job runs. */
    [[nodiscard]] uint32_t rejected_count() const noexcept {
        uint32_t count = 0;
        (void)volcv_job_rejected_count(client_, id_, &count);
        return count;
    }

    /** volcv_job_rejected_take(): a picture that failed a check leaves the job, without a copy. */
    Expected<Buffer> take_rejected(uint32_t index) const noexcept {
        volcv_buffer buffer = {};
        const volcv_result result = volcv_job_rejected_take(client_, id_, index, &buffer);
        return {Buffer(buffer), result};
    }

    /** volcv_job_release(). */
    VOLCV_ALWAYS_INLINE void reset() noexcept {
        if (id_ != 0) (void)volcv_job_release(client_, id_);
        id_ = 0;
    }

    /** Gives the id away, for code that calls volcv_job_release() itself. */
    [[nodiscard]] volcv_job detach() noexcept {
        const volcv_job id = id_;
        id_ = 0;
        return id;
    }

private:
    volcv_client* client_ = nullptr;
    volcv_job id_ = 0;
};

/** volcv_client. The destructor destroys it with all its jobs and waits destroy_timeout_ms at most. */
class Client {
public:
    /** No client: everything but poll(), which finds nothing, is an error code. */
    Client() noexcept = default;

    /** volcv_client_create(), with the check that header and library belong together. */
    static Expected<Client> create(const volcv_client_options& options) noexcept {
        volcv_error error = VOLCV_ERROR_INIT;
        volcv_client* client = nullptr;
        error.code = volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error);
        return {Client(client), error};
    }

    /** Takes a client of C into ownership. */
    explicit Client(volcv_client* client) noexcept : client_(client) {}

    Client(Client&& other) noexcept : client_(other.detach()) {}

    Client& operator=(Client&& other) noexcept {
        if (this != &other) {
            reset();
            client_ = other.detach();
        }
        return *this;
    }

    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    VOLCV_ALWAYS_INLINE ~Client() { reset(); }

    /** Whether there is a client. */
    [[nodiscard]] explicit operator bool() const noexcept { return client_ != nullptr; }

    /** For what this header does not have. */
    [[nodiscard]] volcv_client* get() const noexcept { return client_; }

    /** volcv_outpaint_submit(): queues the request and returns at once. */
    Expected<Job> outpaint(const volcv_outpaint& request, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_outpaint_submit, &request, options);
    }

    Expected<Job> outpaint(const volcv_outpaint& request, const volcv_job_options& options) const noexcept {
        return job(volcv_outpaint_submit, &request, &options);
    }

    /** volcv_outpaint_run(): waits for the result. */
    Expected<Job> run(const volcv_outpaint& request, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_outpaint_run, &request, options);
    }

    Expected<Job> run(const volcv_outpaint& request, const volcv_job_options& options) const noexcept {
        return job(volcv_outpaint_run, &request, &options);
    }

    /** volcv_inpaint_submit(). */
    Expected<Job> inpaint(const volcv_inpaint& request, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_inpaint_submit, &request, options);
    }

    Expected<Job> inpaint(const volcv_inpaint& request, const volcv_job_options& options) const noexcept {
        return job(volcv_inpaint_submit, &request, &options);
    }

    /** volcv_task_submit(): the job ends as soon as the service has accepted the task, see Job::task(). */
    Expected<Job> submit_task(
        const volcv_task_request& request, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_task_submit, &request, options);
    }

    Expected<Job> submit_task(const volcv_task_request& request, const volcv_job_options& options) const noexcept {
        return job(volcv_task_submit, &request, &options);
    }

    /** volcv_task_wait(): the result of a task that this or another process has submitted. */
    Expected<Job> wait_task(const char* task, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_task_wait, task, options);
    }

    Expected<Job> wait_task(const char* task, const volcv_job_options& options) const noexcept {
        return job(volcv_task_wait, task, &options);
    }

    /** volcv_task_status(): asks once, see Job::task_status(). */
    Expected<Job> task_status(const char* task, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_task_status, task, options);
    }

    Expected<Job> task_status(const char* task, const volcv_job_options& options) const noexcept {
        return job(volcv_task_status, task, &options);
    }

    /** volcv_task_cancel(). */
    Expected<Job> cancel_task(const char* task, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_task_cancel, task, options);
    }

    Expected<Job> cancel_task(const char* task, const volcv_job_options& options) const noexcept {
        return job(volcv_task_cancel, task, &options);
    }

    /** volcv_raw_submit(): any action of the service. */
    Expected<Job> raw(const volcv_raw& request, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_raw_submit, &request, options);
    }

    Expected<Job> raw(const volcv_raw& request, const volcv_job_options& options) const noexcept {
        return job(volcv_raw_submit, &request, &options);
    }

    /** volcv_download_submit(): fetches the picture behind a link that Job::link() gave. */
    Expected<Job> download(const char* link, const volcv_job_options* options = nullptr) const noexcept {
        return job(volcv_download_submit, link, options);
    }

    Expected<Job> download(const char* link, const volcv_job_options& options) const noexcept {
        return job(volcv_download_submit, link, &options);
    }

    /**
     * volcv_poll() until there is nothing left: calls function(const volcv_event&) for each event and says how many
     * there were. It may submit, cancel and release jobs, and must not throw.
     */
    template <class Function>
    VOLCV_ALWAYS_INLINE uint32_t poll(Function&& function) const noexcept {
        constexpr uint32_t capacity = 32;
        volcv_event events[capacity];
        for (uint32_t total = 0;;) {
            const uint32_t count = volcv_poll(client_, events, capacity);
            for (uint32_t i = 0; i < count; ++i) function(static_cast<const volcv_event&>(events[i]));
            total += count;
            if (count < capacity) return total;
        }
    }

    /** volcv_wait() until there is an event to poll. */
    [[nodiscard]] volcv_result wait(uint32_t timeout_ms) const noexcept {
        return volcv_wait(client_, nullptr, 0, 0, timeout_ms);
    }

    /** volcv_wait() until all of the jobs have ended. */
    [[nodiscard]] volcv_result wait_all(const volcv_job* jobs, uint32_t count, uint32_t timeout_ms) const noexcept {
        return volcv_wait(client_, jobs, count, 1, timeout_ms);
    }

    /** volcv_wait() until one of the jobs has ended. */
    [[nodiscard]] volcv_result wait_any(const volcv_job* jobs, uint32_t count, uint32_t timeout_ms) const noexcept {
        return volcv_wait(client_, jobs, count, 0, timeout_ms);
    }

    /** volcv_wake(): ends one wait early. */
    volcv_result wake() const noexcept { return volcv_wake(client_); }

    /** volcv_client_destroy(). After VOLCV_E_TIMEOUT the client is still here: its events can be polled. */
    [[nodiscard]] volcv_result destroy(uint32_t timeout_ms) noexcept {
        const volcv_result result = volcv_client_destroy(client_, timeout_ms);
        if (result == VOLCV_OK) client_ = nullptr;
        return result;
    }

    /** As the destructor. */
    VOLCV_ALWAYS_INLINE void reset() noexcept {
        if (client_ != nullptr) (void)volcv_client_destroy(client_, destroy_timeout_ms);
        client_ = nullptr;
    }

    /** Gives the client of C away, for code that calls volcv_client_destroy() itself. */
    [[nodiscard]] volcv_client* detach() noexcept {
        volcv_client* const client = client_;
        client_ = nullptr;
        return client;
    }

private:
    template <class Submit, class Request>
    Expected<Job> job(Submit submit, const Request* request, const volcv_job_options* options) const noexcept {
        volcv_error error = VOLCV_ERROR_INIT;
        volcv_job id = 0;
        error.code = submit(client_, request, options, &id, &error);
        return {Job(client_, id), error};
    }

    volcv_client* client_ = nullptr;
};

/** volcv_exchange: one HTTP exchange of a host that brings its own HTTP. A name, not an owner: copy it freely. */
class Exchange {
public:
    Exchange() noexcept = default;
    Exchange(volcv_client* client, volcv_exchange id) noexcept : client_(client), id_(id) {}

    /** The id, as in volcv_http_transport::cancel. */
    [[nodiscard]] volcv_exchange id() const noexcept { return id_; }

    /** volcv_http_body_read(): out_size of 0 with VOLCV_OK is the end of the body. */
    [[nodiscard]] volcv_result read(void* buffer, size_t capacity, size_t& out_size) const noexcept {
        return volcv_http_body_read(client_, id_, buffer, capacity, &out_size);
    }

    /** volcv_http_on_head(). */
    [[nodiscard]] volcv_result head(int32_t status, const volcv_header* headers, size_t count) const noexcept {
        return volcv_http_on_head(client_, id_, status, headers, count);
    }

    /** volcv_http_on_data(). */
    [[nodiscard]] volcv_result data(const void* bytes, size_t count) const noexcept {
        return volcv_http_on_data(client_, id_, bytes, count);
    }

    /** volcv_http_complete(): exactly once. */
    volcv_result complete(volcv_result result, const char* reason = nullptr) const noexcept {
        return volcv_http_complete(client_, id_, result, reason);
    }

private:
    volcv_client* client_ = nullptr;
    volcv_exchange id_ = 0;
};

/**
 * volcv_http_transport on an object of the host, which has to outlive the client, and has
 *
 *     volcv_result start(volcv::Exchange exchange, const volcv_http_request& request) noexcept;
 *     void cancel(volcv_exchange exchange) noexcept;
 *
 * Any thread may call them, many at once.
 */
template <class Http>
[[nodiscard]] volcv_http_transport transport(Http& http) noexcept {
    volcv_http_transport hooks = {};
    hooks.struct_size = sizeof hooks;
    hooks.user = &http;
    hooks.start = [](void* user, volcv_client* client, volcv_exchange id, const volcv_http_request* request) noexcept {
        return static_cast<Http*>(user)->start(Exchange(client, id), *request);
    };
    hooks.cancel = [](void* user, volcv_exchange id) noexcept { static_cast<Http*>(user)->cancel(id); };
    return hooks;
}

/**
 * volcv_pixels_hooks on an object of the host, which has to outlive the client, and has
 *
 *     volcv_result acquire(const volcv_event& of, volcv_pixels& out) noexcept;
 *     void submit(const volcv_event& of) noexcept;
 *
 * of has the job, its user and, for submit, the result. Any thread may call them, many at once.
 */
template <class Host>
[[nodiscard]] volcv_pixels_hooks pixels_hooks(Host& host) noexcept {
    volcv_pixels_hooks hooks = {};
    hooks.struct_size = sizeof hooks;
    hooks.user = &host;
    hooks.acquire = [](void* user, volcv_job job, uint64_t job_user, uint32_t, uint32_t, uint32_t,
                       volcv_pixels* out) noexcept {
        return static_cast<Host*>(user)->acquire(volcv_event{0, VOLCV_OK, job, job_user}, *out);
    };
    hooks.submit = [](void* user, volcv_job job, uint64_t job_user, uint32_t, volcv_result result) noexcept {
        static_cast<Host*>(user)->submit(volcv_event{0, result, job, job_user});
    };
    return hooks;
}

/**
 * volcv_credentials_hook on an object of the host, which has to outlive the client, and has
 *
 *     volcv_result get(volcv_credentials& out) noexcept;
 *     void release(volcv_credentials& given) noexcept;
 *
 * A thread of volcv calls both, one after the other; get() may block.
 */
template <class Host>
[[nodiscard]] volcv_credentials_hook credentials_hook(Host& host) noexcept {
    volcv_credentials_hook hook = {};
    hook.struct_size = sizeof hook;
    hook.user = &host;
    hook.get = [](void* user, volcv_credentials* out) noexcept { return static_cast<Host*>(user)->get(*out); };
    hook.release = [](void* user, volcv_credentials* given) noexcept { static_cast<Host*>(user)->release(*given); };
    return hook;
}

/**
 * volcv_thread_hooks on an object of the host, which has to outlive the client, and has
 *
 *     void on_start(const char* name) noexcept;
 *     void on_stop() noexcept;
 *
 * Each thread that volcv keeps for the client calls both, first and last.
 */
template <class Host>
[[nodiscard]] volcv_thread_hooks thread_hooks(Host& host) noexcept {
    volcv_thread_hooks hooks = {};
    hooks.struct_size = sizeof hooks;
    hooks.user = &host;
    hooks.on_start = [](void* user, const char* name) noexcept { static_cast<Host*>(user)->on_start(name); };
    hooks.on_stop = [](void* user) noexcept { static_cast<Host*>(user)->on_stop(); };
    return hooks;
}

}  // namespace v1
}  // namespace volcv

#undef VOLCV_ALWAYS_INLINE

#endif  /* VOLCV_HPP */
