// outpainter.h: a node that outpaints images and reports results by signals.
#pragma once

#include <map>
#include <memory>

#include <godot_cpp/classes/image.hpp>
#include <godot_cpp/classes/node.hpp>
#include <godot_cpp/classes/os.hpp>
#include <godot_cpp/core/class_db.hpp>
#include <volcv.hpp>

class Outpainter : public godot::Node {
    GDCLASS(Outpainter, godot::Node)

public:
    /** Makes a photo, which is RGBA8, wider by whole pixels. Returns the job's number, or 0 if volcv refused the request. */
    int64_t outpaint(const godot::Ref<godot::Image> &photo, int left, int right, const godot::String &prompt) {
        if (!client && !connect_client()) {
            return 0;
        }
        const godot::CharString text = prompt.utf8();
        // The bytes are shared with the image. Godot copies them only when one of the two is written to.
        auto lent = std::make_unique<godot::PackedByteArray>(photo->get_data());
        auto result = std::make_unique<godot::PackedByteArray>();
        auto pixels = volcv::Pixels::of(VOLCV_PIXEL_RGBA8, static_cast<uint32_t>(photo->get_width()),
                                        static_cast<uint32_t>(photo->get_height()), const_cast<uint8_t *>(lent->ptr()),
                                        static_cast<size_t>(lent->size()));
        pixels.lend(delete_photo, lent.get());
        volcv::Outpaint request(pixels);
        request.mode = VOLCV_MODE_PIXELS;
        request.left = left;
        request.right = right;
        request.prompt = text.get_data();
        auto job = client.outpaint(request, volcv::JobOptions(reinterpret_cast<uint64_t>(result.get())));
        if (!job) {
            ERR_PRINT(job.message());
            return 0;
        }
        (void)lent.release(); // delete_photo deletes the photo of an accepted job.
        results[job->id()] = std::move(result);
        return static_cast<int64_t>(job->detach());
    }

    void cancel(int64_t job) { volcv_job_cancel(client.get(), static_cast<volcv_job>(job)); }

    void _process(double) override {
        client.poll([this](const volcv_event &event) {
            const volcv::Job job(client.get(), event.job);
            const auto number = static_cast<int64_t>(event.job);
            const auto bytes = std::move(results[event.job]);
            results.erase(event.job);
            const auto info = job.pixels_info();
            if (!info) {
                emit_signal("failed", number, godot::String::utf8(job.error().message));
                return;
            }
            emit_signal("outpainted", number,
                        godot::Image::create_from_data(static_cast<int>(info->width), static_cast<int>(info->height), false,
                                                       godot::Image::FORMAT_RGBA8, *bytes));
        });
    }

    void _exit_tree() override {
        // The client writes into results until it is destroyed.
        client.reset();
        results.clear();
    }

    /** Runs on a thread of volcv: memory for a result, which is the user of its job. */
    volcv_result acquire(const volcv_event &job, volcv_pixels &out) noexcept {
        auto *bytes = reinterpret_cast<godot::PackedByteArray *>(job.user);
        bytes->resize(static_cast<int64_t>(out.width) * out.height * 4);
        out = volcv::Pixels::of(VOLCV_PIXEL_RGBA8, out.width, out.height, bytes->ptrw(), static_cast<size_t>(bytes->size()));
        return VOLCV_OK;
    }

    void submit(const volcv_event &) noexcept {}

protected:
    static void _bind_methods() {
        using godot::D_METHOD;
        using godot::MethodInfo;
        using godot::PropertyInfo;
        using godot::Variant;
        godot::ClassDB::bind_method(D_METHOD("outpaint", "photo", "left", "right", "prompt"), &Outpainter::outpaint);
        godot::ClassDB::bind_method(D_METHOD("cancel", "job"), &Outpainter::cancel);
        ADD_SIGNAL(MethodInfo("outpainted", PropertyInfo(Variant::INT, "job"), PropertyInfo(Variant::OBJECT, "picture")));
        ADD_SIGNAL(MethodInfo("failed", PropertyInfo(Variant::INT, "job"), PropertyInfo(Variant::STRING, "message")));
    }

private:
    /** Runs on a thread of volcv, when volcv no longer needs a photo. */
    static void VOLCV_CALL delete_photo(void *photo, const void *, size_t) {
        delete static_cast<godot::PackedByteArray *>(photo);
    }

    bool connect_client() {
        godot::OS *os = godot::OS::get_singleton();
        const godot::CharString url = os->get_environment("VOLCV_BASE_URL").utf8();
        const godot::CharString key = os->get_environment("VOLCV_API_KEY").utf8();
        const volcv_pixels_hooks hooks = volcv::pixels_hooks(*this);
        volcv::Options options;
        options.base_url = url.get_data();
        options.api_key = key.get_data();
        options.pixels_hooks = &hooks;
        auto made = volcv::Client::create(options);
        if (!made) {
            ERR_PRINT(made.message());
            return false;
        }
        client = made.take();
        return true;
    }

    volcv::Client client;
    std::map<volcv_job, std::unique_ptr<godot::PackedByteArray>> results;
};
