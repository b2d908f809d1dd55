/*
 * inpaint.cpp: paints what a text says where a mask is white, or removes what is there.
 *
 *     c++ -std=c++17 inpaint.cpp -lvolcv -o inpaint
 *     export VOLCV_BASE_URL=https://... VOLCV_API_KEY=...
 *     ./inpaint photo.jpg mask.png edited.png "a red kite"
 *     ./inpaint photo.jpg mask.png erased.png
 */

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <volcv.hpp>

static std::string read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int main(int argc, char** argv) {
    if (argc != 4 && argc != 5) return std::fprintf(stderr, "usage: inpaint PHOTO MASK RESULT [PROMPT]\n"), EXIT_FAILURE;
    const std::string photo = read(argv[1]), white = read(argv[2]);

    volcv::Options options;
    options.base_url = std::getenv("VOLCV_BASE_URL");
    options.api_key = std::getenv("VOLCV_API_KEY");
    const auto client = volcv::Client::create(options);
    if (!client) return std::fprintf(stderr, "%s\n", client.message()), EXIT_FAILURE;

    const auto picture = volcv::Picture::borrow(photo.data(), photo.size());
    const auto mask = volcv::Picture::borrow(white.data(), white.size());
    volcv::Inpaint request(argc == 5 ? VOLCV_INPAINT_EDIT : VOLCV_INPAINT_ERASE, picture, mask);
    if (argc == 5) request.prompt = argv[4];
    const auto job = client->inpaint(request);
    if (!job) return std::fprintf(stderr, "%s\n", job.message()), EXIT_FAILURE;
    (void)job->wait(VOLCV_WAIT_FOREVER);

    const auto image = job->image(0);
    if (!image) return std::fprintf(stderr, "%s\n", job->error().message), EXIT_FAILURE;
    std::ofstream out(argv[3], std::ios::binary);
    out.write(static_cast<const char*>(image->data), static_cast<std::streamsize>(image->size));
    std::printf("%s: %ux%u\n", argv[3], image->width, image->height);
    return out.flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}
