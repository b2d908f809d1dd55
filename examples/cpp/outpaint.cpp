/*
 * outpaint.cpp: the shortest blocking program in C++. It makes a picture twice as wide.
 *
 *     c++ -std=c++17 outpaint.cpp -lvolcv -o outpaint
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./outpaint photo.jpg wide.png
 */

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <volcv.hpp>

int main(int argc, char** argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: outpaint PHOTO RESULT\n"), EXIT_FAILURE;
    std::ifstream file(argv[1], std::ios::binary);
    const std::string photo{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};

    volcv::Options options;
    options.base_url = std::getenv("VOLCV_BASE_URL");
    options.api_key = std::getenv("VOLCV_API_KEY");
    const auto client = volcv::Client::create(options);
    if (!client) return std::fprintf(stderr, "%s\n", client.message()), EXIT_FAILURE;

    const auto picture = volcv::Picture::borrow(photo.data(), photo.size());
    volcv::Outpaint request(picture);
    request.left = request.right = 0.5;
    request.prompt = "a lake between mountains at dawn";
    const auto job = client->run(request);
    if (!job) return std::fprintf(stderr, "%s\n", job.message()), EXIT_FAILURE;

    const auto image = job->image(0);
    if (!image) return std::fprintf(stderr, "%s\n", image.message()), EXIT_FAILURE;
    std::ofstream out(argv[2], std::ios::binary);
    out.write(static_cast<const char*>(image->data), static_cast<std::streamsize>(image->size));
    std::printf("%s: %ux%u\n", argv[2], image->width, image->height);
    return out.flush() ? EXIT_SUCCESS : EXIT_FAILURE;
}
