/*
 * outpainter.cpp: a GDNative library for Godot 3.2 and later 3.x. GDScript sees a class Outpainter, see main.gd:
 *
 *     outpaint(pixels: PoolByteArray, width: int, height: int, left: int, right: int, prompt: String) -> int
 *         Makes a picture of RGBA8 wider by whole pixels. Gives the job's number, or 0 if volcv refused it: see error().
 *     poll() -> Array     the jobs that have ended since the last poll, each a Dictionary: job, and either width, height
 *                         and pixels or error. It never blocks: call it in _process.
 *     cancel(job: int)
 *     error() -> String   why the last outpaint() gave 0.
 *
 *     c++ -std=c++17 -shared -fPIC -I godot_headers outpainter.cpp -lvolcv -o bin/libvolcv_godot.so
 *
 * Godot's headers for C are the repository godot-headers, and lie in the crate gdnative-sys too. No thread of volcv ever calls
 * Godot: volcv copies the pixels of a photo, and poll() copies those of a result.
 */

#include <cstdlib>
#include <string>

#include <gdnative_api_struct.gen.h>
#include <volcv.hpp>

namespace {

const godot_gdnative_core_api_struct *api;
const godot_gdnative_ext_nativescript_api_struct *script_api;

struct Outpainter {
    volcv::Client client;
    std::string error;
};

godot_variant nothing() {
    godot_variant value;
    api->godot_variant_new_nil(&value);
    return value;
}

godot_variant number(int64_t from) {
    godot_variant value;
    api->godot_variant_new_int(&value, from);
    return value;
}

godot_variant text(const char *from) {
    godot_string string;
    godot_variant value;
    api->godot_string_new(&string);
    api->godot_string_parse_utf8(&string, from);
    api->godot_variant_new_string(&value, &string);
    api->godot_string_destroy(&string);
    return value;
}

/** Moves a value into a Dictionary. */
void set(godot_dictionary &dictionary, const char *name, godot_variant value) {
    godot_variant key = text(name);
    api->godot_dictionary_set(&dictionary, &key, &value);
    api->godot_variant_destroy(&key);
    api->godot_variant_destroy(&value);
}

/** The finished pixels of a job, as RGBA8. */
godot_variant pixels_of(const volcv::Job &job, const volcv_pixels_info &info) {
    const size_t size = static_cast<size_t>(info.width) * info.height * 4;
    godot_pool_byte_array bytes;
    godot_variant value;
    api->godot_pool_byte_array_new(&bytes);
    api->godot_pool_byte_array_resize(&bytes, static_cast<godot_int>(size));
    godot_pool_byte_array_write_access *access = api->godot_pool_byte_array_write(&bytes);
    uint8_t *memory = api->godot_pool_byte_array_write_access_ptr(access);
    // The memory has the size that volcv told, so that this cannot fail.
    (void)job.pixels(volcv::Pixels::of(VOLCV_PIXEL_RGBA8, info.width, info.height, memory, size));
    api->godot_pool_byte_array_write_access_destroy(access);
    api->godot_variant_new_pool_byte_array(&value, &bytes);
    api->godot_pool_byte_array_destroy(&bytes);
    return value;
}

bool connect_client(Outpainter &self) {
    if (self.client) return true;
    volcv::Options options;
    options.base_url = std::getenv("VOLCV_BASE_URL");
    options.api_key = std::getenv("VOLCV_API_KEY");
    auto made = volcv::Client::create(options);
    if (!made) {
        self.error = made.message();
        return false;
    }
    self.client = made.take();
    return true;
}

/** Submits and gives the job's number, or 0. */
int64_t submit(Outpainter &self, godot_pool_byte_array *bytes, godot_variant **arguments, const char *prompt) {
    godot_pool_byte_array_read_access *access = api->godot_pool_byte_array_read(bytes);
    const uint8_t *memory = api->godot_pool_byte_array_read_access_ptr(access);
    const auto size = static_cast<size_t>(api->godot_pool_byte_array_size(bytes));
    const auto width = static_cast<uint32_t>(api->godot_variant_as_uint(arguments[1]));
    const auto height = static_cast<uint32_t>(api->godot_variant_as_uint(arguments[2]));
    // volcv reads these pixels only.
    const auto pixels = volcv::Pixels::of(VOLCV_PIXEL_RGBA8, width, height, const_cast<uint8_t *>(memory), size);
    volcv::Outpaint request(pixels);
    request.mode = VOLCV_MODE_PIXELS;
    request.left = api->godot_variant_as_real(arguments[3]);
    request.right = api->godot_variant_as_real(arguments[4]);
    request.prompt = prompt;
    auto job = self.client.outpaint(request);
    api->godot_pool_byte_array_read_access_destroy(access);
    if (!job) {
        self.error = job.message();
        return 0;
    }
    return static_cast<int64_t>(job->detach());
}

godot_variant outpaint(godot_object *, void *, void *data, int count, godot_variant **arguments) {
    auto &self = *static_cast<Outpainter *>(data);
    if (count != 6) {
        self.error = "outpaint() takes six arguments";
        return number(0);
    }
    if (!connect_client(self)) return number(0);
    godot_pool_byte_array bytes = api->godot_variant_as_pool_byte_array(arguments[0]);
    godot_string string = api->godot_variant_as_string(arguments[5]);
    godot_char_string prompt = api->godot_string_utf8(&string);
    const int64_t job = submit(self, &bytes, arguments, api->godot_char_string_get_data(&prompt));
    api->godot_char_string_destroy(&prompt);
    api->godot_string_destroy(&string);
    api->godot_pool_byte_array_destroy(&bytes);
    return number(job);
}

godot_variant poll(godot_object *, void *, void *data, int, godot_variant **) {
    const auto &self = *static_cast<Outpainter *>(data);
    godot_array ended;
    godot_variant result;
    api->godot_array_new(&ended);
    self.client.poll([&](const volcv_event &event) {
        // Released at the end of this function.
        const volcv::Job job(self.client.get(), event.job);
        godot_dictionary entry;
        godot_variant value;
        api->godot_dictionary_new(&entry);
        set(entry, "job", number(static_cast<int64_t>(event.job)));
        if (const auto info = job.pixels_info()) {
            set(entry, "width", number(info->width));
            set(entry, "height", number(info->height));
            set(entry, "pixels", pixels_of(job, *info));
        } else {
            set(entry, "error", text(job.error().message));
        }
        api->godot_variant_new_dictionary(&value, &entry);
        api->godot_array_push_back(&ended, &value);
        api->godot_variant_destroy(&value);
        api->godot_dictionary_destroy(&entry);
    });
    api->godot_variant_new_array(&result, &ended);
    api->godot_array_destroy(&ended);
    return result;
}

godot_variant cancel(godot_object *, void *, void *data, int count, godot_variant **arguments) {
    const auto &self = *static_cast<Outpainter *>(data);
    if (count == 1) volcv_job_cancel(self.client.get(), api->godot_variant_as_uint(arguments[0]));
    return nothing();
}

godot_variant error(godot_object *, void *, void *data, int, godot_variant **) {
    return text(static_cast<Outpainter *>(data)->error.c_str());
}

void *create(godot_object *, void *) { return new Outpainter(); }

/** Ends the client: its jobs are cancelled and its threads joined. */
void destroy(godot_object *, void *, void *data) { delete static_cast<Outpainter *>(data); }

}  // namespace

extern "C" {

void GDN_EXPORT godot_gdnative_init(godot_gdnative_init_options *options) {
    api = options->api_struct;
    for (unsigned int i = 0; i < api->num_extensions; i++) {
        if (api->extensions[i]->type == GDNATIVE_EXT_NATIVESCRIPT) {
            script_api = reinterpret_cast<const godot_gdnative_ext_nativescript_api_struct *>(api->extensions[i]);
        }
    }
}

void GDN_EXPORT godot_gdnative_terminate(godot_gdnative_terminate_options *) {
    // Nothing of volcv runs when the library is unloaded.
    (void)volcv_shutdown(2000);
}

void GDN_EXPORT godot_nativescript_init(void *handle) {
    script_api->godot_nativescript_register_class(handle, "Outpainter", "Reference", {create, nullptr, nullptr},
                                                  {destroy, nullptr, nullptr});
    const auto add = [handle](const char *name, godot_variant (*method)(godot_object *, void *, void *, int, godot_variant **)) {
        script_api->godot_nativescript_register_method(handle, "Outpainter", name, {GODOT_METHOD_RPC_MODE_DISABLED},
                                                       {method, nullptr, nullptr});
    };
    add("outpaint", outpaint);
    add("poll", poll);
    add("cancel", cancel);
    add("error", error);
}

}
