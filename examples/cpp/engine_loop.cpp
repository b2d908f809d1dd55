/*
 * engine_loop.cpp: outpainting in a game's frame loop. An SDL window draws at 60 Hz while four seeds are painted: the
 * photo stands in the middle of each tile with a progress bar, until the result takes its place.
 *
 *     c++ -std=c++17 engine_loop.cpp -lvolcv $(pkg-config --cflags --libs sdl2 SDL2_image) -pthread -o engine_loop
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./engine_loop photo.jpg [screenshot.png]
 *
 * Textures go in and come out: the pixels of the photo are lent to volcv, and threads of volcv write those of the
 * results into memory that acquire() gives. The frame loop only uploads them. Only submit() and collect() call volcv; the
 * program measures their time and prints the longest time in one frame. If a screenshot is named, the program saves it
 * and ends when all tiles are there.
 */

#include <SDL.h>
#include <SDL_image.h>

#include <array>
#include <cstdio>
#include <memory>
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

    /** On a thread of volcv: memory for the result. */
    volcv_result acquire(volcv_pixels& out) {
        const int width = static_cast<int>(out.width), height = static_cast<int>(out.height);
        surface_ = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_RGBA32);
        if (surface_ == nullptr) return VOLCV_E_OUT_OF_MEMORY;
        out.format = VOLCV_PIXEL_RGBA8;
        out.stride = static_cast<size_t>(surface_->pitch);
        out.data = surface_->pixels;
        out.size = out.stride * out.height;
        return VOLCV_OK;
    }

    /** The job has ended; after a success, the surface has its pixels. */
    void finish(volcv_result result) {
        if (result != VOLCV_OK || surface_ == nullptr) fail(job_.error().message);
        job_.reset();
        is_painted_ = true;
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

    void upload(SDL_Renderer* renderer) {
        if (!is_painted_ || is_over()) return;
        texture_ = SDL_CreateTextureFromSurface(renderer, surface_);
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
    double bar_ = 0;
    bool failed_ = false, is_painted_ = false;
    SDL_Surface* surface_ = nullptr;
    SDL_Texture* texture_ = nullptr;
};

/** All seeds, and the hooks of the client: each job has the index of its tile. */
struct Tiles : std::array<Tile, columns * rows> {
    volcv_result acquire(const volcv_event& of, volcv_pixels& out) noexcept { return (*this)[of.user].acquire(out); }
    void submit(const volcv_event&) noexcept {}
};

void submit(const volcv::Client& client, SDL_Surface* photo, Tiles& tiles) {
    auto pixels = volcv::Pixels::of(VOLCV_PIXEL_RGBA8, static_cast<uint32_t>(photo->w), static_cast<uint32_t>(photo->h),
                                    photo->pixels, static_cast<size_t>(photo->pitch) * static_cast<size_t>(photo->h));
    pixels.stride = static_cast<size_t>(photo->pitch);
    // All jobs borrow the same pixels, which live until the client is destroyed.
    pixels.lend();
    volcv::Outpaint request(pixels);
    request.left = request.right = request.top = request.bottom = margin;
    request.prompt = "a lake between mountains at dawn";
    for (size_t i = 0; i < tiles.size(); ++i) tiles[i].submit(client, request, i);
}

void collect(const volcv::Client& client, Tiles& tiles) {
    client.poll([&](const volcv_event& event) {
        if (event.type == VOLCV_EVENT_DONE) tiles[event.user].finish(event.result);
    });
    for (Tile& tile : tiles) tile.observe();
}

void draw(SDL_Renderer* renderer, SDL_Texture* photo, Tiles& tiles) {
    SDL_SetRenderDrawColor(renderer, 18, 20, 24, 255);
    SDL_RenderClear(renderer);
    for (size_t i = 0; i < tiles.size(); ++i) {
        const int column = static_cast<int>(i) % columns, row = static_cast<int>(i) / columns;
        tiles[i].upload(renderer);
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

bool loop(const volcv::Client& client, SDL_Renderer* renderer, SDL_Surface* pixels, Tiles& tiles,
          const char* screenshot) {
    SDL_Texture* photo = SDL_CreateTextureFromSurface(renderer, pixels);
    FrameTimer timer;
    bool saved = screenshot == nullptr;

    timer.measure([&] { submit(client, pixels, tiles); });
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
    SDL_Surface* const file = IMG_Load(argv[1]);
    SDL_Surface* const photo = file != nullptr ? SDL_ConvertSurfaceFormat(file, SDL_PIXELFORMAT_RGBA32, 0) : nullptr;
    if (photo == nullptr) return std::fprintf(stderr, "%s\n", SDL_GetError()), EXIT_FAILURE;
    auto tiles = std::make_unique<Tiles>();
    const volcv_pixels_hooks hooks = volcv::pixels_hooks(*tiles);
    volcv::Options options;
    options.pixels_hooks = &hooks;
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
    const bool success = loop(*client, renderer, photo, *tiles, argc > 2 ? argv[2] : nullptr);
    client->reset();  // The jobs borrow the photo and write into the tiles, so the client ends first.
    tiles.reset();
    SDL_FreeSurface(photo);
    SDL_FreeSurface(file);
    SDL_DestroyRenderer(renderer);
    SDL_DestroyWindow(window);
    SDL_Quit();
    return success ? EXIT_SUCCESS : EXIT_FAILURE;
}
