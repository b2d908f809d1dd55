/*
 * engine_loop.cpp: outpainting in a game's frame loop. An SDL window draws at 60 Hz while four seeds are painted: the
 * photo stands in the middle of each tile with a progress bar, until the result takes its place.
 *
 *     c++ -std=c++17 engine_loop.cpp -lvolcv $(pkg-config --cflags --libs sdl2 SDL2_image) -pthread -o engine_loop
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./engine_loop photo.jpg [screenshot.png]
 *
 * Only submit() and collect() call volcv. The program measures their time and prints the longest time in one frame. The
 * host decodes PNG and JPEG on other threads, because decoding takes milliseconds. If a screenshot is named, the program
 * saves it and ends when all tiles are there.
 */

#include <SDL.h>
#include <SDL_image.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>
#include <volcv.hpp>

namespace {

constexpr int columns = 2, rows = 2, gap = 8, tile_width = 630, tile_height = 420;
constexpr int window_width = columns * (tile_width + gap) + gap, window_height = rows * (tile_height + gap) + gap;
constexpr uint32_t frame_ms = 1000 / 60;
/** The fraction of the photo's size that is added on each side. */
constexpr double margin = 0.25;

/** Measures the time that volcv takes in each frame. */
class FrameTimer {
public:
    /** Runs code that calls volcv. */
    template <class Code>
    void measure(Code&& code) {
        const uint64_t begin = SDL_GetPerformanceCounter();
        code();
        ticks_ += SDL_GetPerformanceCounter() - begin;
    }

    void end_frame() {
        if (ticks_ > longest_) longest_ = ticks_;
        ticks_ = 0;
        ++frames_;
    }

    void print() const {
        const double seconds = static_cast<double>(longest_) / static_cast<double>(SDL_GetPerformanceFrequency());
        std::printf("volcv took at most %.1f us out of a frame, %u frames\n", 1e6 * seconds, frames_);
    }

private:
    uint64_t ticks_ = 0, longest_ = 0;
    unsigned frames_ = 0;
};

/** One seed, from its job to its texture. */
class Tile {
public:
    ~Tile() {
        if (decoder_.joinable()) decoder_.join();
        SDL_FreeSurface(surface_);
        SDL_DestroyTexture(texture_);
    }

    void submit(const volcv::Client& client, volcv::Outpaint request, uint64_t index) {
        request.seed = static_cast<int64_t>(index) + 1;
        auto job = client.outpaint(request, volcv::JobOptions(index));
        if (job) {
            job_ = job.take();
        } else {
            fail(job.message());
        }
    }

    /** The job has ended: moves the encoded picture out of it. */
    void finish() {
        auto bytes = job_.take(0);
        if (bytes) {
            bytes_ = bytes.take();
        } else {
            fail(job_.error().message);
        }
        job_.reset();
    }

    void observe() {
        const volcv_progress progress = job_.progress();
        const auto part = [](uint64_t done, uint64_t all) {
            return all == 0 ? 0.0 : static_cast<double>(done) / static_cast<double>(all);
        };
        switch (progress.phase) {
            case VOLCV_PHASE_UPLOADING: bar_ = 0.3 * part(progress.sent, progress.send_total); break;
            case VOLCV_PHASE_WAITING: bar_ = 0.3; break;
            case VOLCV_PHASE_DOWNLOADING: bar_ = 0.3 + 0.7 * part(progress.received, progress.receive_total); break;
            case VOLCV_PHASE_ENDED: bar_ = 1; break;
            default: bar_ = 0; break;
        }
    }

    /** Decodes on a new thread and makes the texture on this thread. */
    void decode(SDL_Renderer* renderer) {
        if (!bytes_.empty()) {
            // The thread owns the bytes and frees them, because freeing megabytes takes too long for a frame.
            decoder_ = std::thread([this, bytes = std::move(bytes_)] {
                surface_ = IMG_Load_RW(SDL_RWFromConstMem(bytes.data(), static_cast<int>(bytes.size())), 1);
                is_decoded_ = true;
            });
        }
        if (!is_decoded_ || is_over()) return;
        decoder_.join();
        texture_ = surface_ != nullptr ? SDL_CreateTextureFromSurface(renderer, surface_) : nullptr;
        if (texture_ == nullptr) fail(SDL_GetError());
    }

    void draw(SDL_Renderer* renderer, SDL_Texture* photo, SDL_Rect area) const {
        if (texture_ != nullptr) {
            SDL_RenderCopy(renderer, texture_, nullptr, &area);
            return;
        }
        fill(renderer, area, {32, 35, 42, 255});
        const double share = 1 / (1 + 2 * margin);
        SDL_Rect inner{0, 0, static_cast<int>(area.w * share), static_cast<int>(area.h * share)};
        inner.x = area.x + (area.w - inner.w) / 2;
        inner.y = area.y + (area.h - inner.h) / 2;
        SDL_RenderCopy(renderer, photo, nullptr, &inner);
        SDL_Rect bar{inner.x, area.y + area.h - 36, inner.w, 6};
        fill(renderer, bar, {60, 65, 76, 255});
        if (!failed_) bar.w = static_cast<int>(bar.w * bar_);
        fill(renderer, bar, failed_ ? SDL_Color{214, 84, 72, 255} : SDL_Color{242, 178, 92, 255});
    }

    bool is_over() const { return texture_ != nullptr || failed_; }
    bool has_failed() const { return failed_; }

private:
    static void fill(SDL_Renderer* renderer, SDL_Rect area, SDL_Color color) {
        SDL_SetRenderDrawColor(renderer, color.r, color.g, color.b, color.a);
        SDL_RenderFillRect(renderer, &area);
    }

    void fail(const char* why) {
        std::fprintf(stderr, "%s\n", why);
        failed_ = true;
    }

    volcv::Job job_;
    volcv::Buffer bytes_;
    double bar_ = 0;
    bool failed_ = false;
    std::thread decoder_;
    std::atomic<bool> is_decoded_{false};
    SDL_Surface* surface_ = nullptr;
    SDL_Texture* texture_ = nullptr;
};

using Tiles = std::array<Tile, columns * rows>;

void submit(const volcv::Client& client, const void* photo, size_t size, Tiles& tiles) {
    // All jobs borrow the same bytes, which live until the client is destroyed. volcv copies nothing.
    const auto picture = volcv::Picture::borrow(photo, size);
    volcv::Outpaint request(picture);
    request.left = request.right = request.top = request.bottom = margin;
    request.prompt = "a lake between mountains at dawn";
    for (size_t i = 0; i < tiles.size(); ++i) tiles[i].submit(client, request, i);
}

void collect(const volcv::Client& client, Tiles& tiles) {
    client.poll([&](const volcv_event& event) {
        if (event.type == VOLCV_EVENT_DONE) tiles[event.user].finish();
    });
    for (Tile& tile : tiles) tile.observe();
}

void draw(SDL_Renderer* renderer, SDL_Texture* photo, Tiles& tiles) {
    SDL_SetRenderDrawColor(renderer, 18, 20, 24, 255);
    SDL_RenderClear(renderer);
    for (size_t i = 0; i < tiles.size(); ++i) {
        const int column = static_cast<int>(i) % columns, row = static_cast<int>(i) / columns;
        tiles[i].decode(renderer);
        tiles[i].draw(renderer, photo,
                      {gap + column * (tile_width + gap), gap + row * (tile_height + gap), tile_width, tile_height});
    }
}

bool save(SDL_Renderer* renderer, const char* path) {
    SDL_Surface* pixels = SDL_CreateRGBSurfaceWithFormat(0, window_width, window_height, 24, SDL_PIXELFORMAT_RGB24);
    const bool saved =
        pixels != nullptr &&
        SDL_RenderReadPixels(renderer, nullptr, SDL_PIXELFORMAT_RGB24, pixels->pixels, pixels->pitch) == 0 &&
        IMG_SavePNG(pixels, path) == 0;
    SDL_FreeSurface(pixels);
    return saved;
}

/** Waits for the next frame. Returns false when the user closes the window. */
bool next_frame(uint32_t deadline) {
    for (;;) {
        const auto left = static_cast<int32_t>(deadline - SDL_GetTicks());
        SDL_Event event;
        if (SDL_WaitEventTimeout(&event, left > 0 ? left : 0) == 0) return true;
        if (event.type == SDL_QUIT) return false;
    }
}

bool loop(const volcv::Client& client, SDL_Renderer* renderer, const void* bytes, size_t size, const char* screenshot) {
    SDL_Texture* photo = IMG_LoadTexture_RW(renderer, SDL_RWFromConstMem(bytes, static_cast<int>(size)), 1);
    Tiles tiles;
    FrameTimer timer;
    bool saved = screenshot == nullptr;

    timer.measure([&] { submit(client, bytes, size, tiles); });
    for (uint32_t deadline = SDL_GetTicks() + frame_ms;; deadline += frame_ms) {
        timer.measure([&] { collect(client, tiles); });
        draw(renderer, photo, tiles);
        bool is_over = true, has_failed = false;
        for (const Tile& tile : tiles) {
            is_over = is_over && tile.is_over();
            has_failed = has_failed || tile.has_failed();
        }
        if (is_over && screenshot != nullptr) saved = save(renderer, screenshot);
        SDL_RenderPresent(renderer);
        timer.end_frame();
        if ((is_over && screenshot != nullptr) || !next_frame(deadline)) {
            timer.print();
            SDL_DestroyTexture(photo);
            return saved && !has_failed;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: engine_loop PHOTO [SCREENSHOT]\n"), EXIT_FAILURE;
    size_t size = 0;
    void* photo = SDL_LoadFile(argv[1], &size);
    volcv::Options options;
    options.base_url = SDL_getenv("VOLCV_BASE_URL");
    options.api_key = SDL_getenv("VOLCV_API_KEY");
    auto client = volcv::Client::create(options);
    if (!client) return std::fprintf(stderr, "%s\n", client.message()), EXIT_FAILURE;

    SDL_Window* window = nullptr;
    SDL_Renderer* renderer = nullptr;
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "best");
    if (SDL_Init(SDL_INIT_VIDEO) != 0 ||
        SDL_CreateWindowAndRenderer(window_width, window_height, 0, &window, &renderer) != 0) {
        return std::fprintf(stderr, "%s\n", SDL_GetError()), EXIT_FAILURE;
    }
    SDL_SetWindowTitle(window, "volcv");
    const bool success = loop(*client, renderer, photo, size, argc > 2 ? argv[2] : nullptr);
    client->reset();  // The jobs borrow the photo, so the client ends first.
    SDL_free(photo);
    SDL_DestroyRenderer(renderer);
    SDL_DestroyWindow(window);
    SDL_Quit();
    return success ? EXIT_SUCCESS : EXIT_FAILURE;
}
