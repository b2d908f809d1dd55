/* The same in C++: see test.c. */

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <volcv.hpp>

int main(int argc, char **argv) {
    std::printf("C++: volcv %s\n", volcv_version());
    const char *url = std::getenv("VOLCV_BASE_URL");
    volcv::Options options;
    options.base_url = url != nullptr ? url : "https://gateway.example";
    options.api_key = url != nullptr ? std::getenv("VOLCV_API_KEY") : "no-key";
    const auto client = volcv::Client::create(options);
    if (!client) {
        std::printf("C++: %s\n", client.message());
        return client.result() == VOLCV_E_UNSUPPORTED ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (url == nullptr || argc != 2) return EXIT_SUCCESS;

    std::ifstream file(argv[1], std::ios::binary);
    const std::string photo{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto picture = volcv::Picture::borrow(photo.data(), photo.size());
    volcv::Outpaint request(picture);
    request.left = request.right = 0.5;
    const auto job = client->run(request);
    if (!job) return std::fprintf(stderr, "%s\n", job.message()), EXIT_FAILURE;
    const auto image = job->image(0);
    if (!image) return std::fprintf(stderr, "%s\n", image.message()), EXIT_FAILURE;
    std::printf("C++: %ux%u\n", image->width, image->height);
    return EXIT_SUCCESS;
}
