/*
 * host_http_curl.c: volcv on the host's own HTTP, here libcurl's multi interface. The library may then be built without
 * HTTP and TLS of its own. volcv still decides when to send again and what was charged.
 *
 *     cc -std=c99 host_http_curl.c -lvolcv -lcurl -pthread -o host_http_curl
 *     VOLCV_BASE_URL=https://... VOLCV_API_KEY=... ./host_http_curl photo.jpg wide.png
 *
 * Copy everything above "The program". One thread runs one curl multi handle for all exchanges; the hooks only change
 * the list of transfers and wake that thread. The code needs libcurl 7.68 or later.
 */

#define _POSIX_C_SOURCE 200809L

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <volcv.h>

/* ---- The transport ---- */

enum { HEADERS_MAX = 100, HEAD_BYTES_MAX = 16384 };

struct transfer {
    struct transfer *next;
    volcv_client *client;
    volcv_exchange exchange;
    CURL *easy;
    struct curl_slist *request_headers;
    CURLcode code;
    int is_added, is_over;
    /* The head of the reply. libcurl gives it line by line, volcv wants it whole. */
    int head_pushed;
    size_t header_count, head_bytes;
    volcv_header headers[HEADERS_MAX];
    char head[HEAD_BYTES_MAX];
};

struct curl_http {
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock;       /* Guards the next two fields. No function of volcv is called while it is held. */
    struct transfer *transfers; /* All transfers. Hooks add and mark them; only the thread removes them. */
    int is_stopping;
};

static size_t on_body_wanted(char *buffer, size_t size, size_t count, void *user)
{
    const struct transfer *transfer = user;
    size_t given;
    /* The read fails after volcv has ended the exchange. */
    if (volcv_http_body_read(transfer->client, transfer->exchange, buffer, size * count, &given) != VOLCV_OK)
        return CURL_READFUNC_ABORT;
    return given;
}

/* Keeps name and value of one header in transfer->head. A line without a colon is skipped. */
static int keep_header(struct transfer *transfer, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL) return 1;
    if (transfer->header_count == HEADERS_MAX || HEAD_BYTES_MAX - transfer->head_bytes <= size) return 0;

    char *name = transfer->head + transfer->head_bytes;
    memcpy(name, line, size);
    name[size] = '\0';
    transfer->head_bytes += size + 1;

    char *value = name + (colon - line);
    *value++ = '\0';
    value += strspn(value, " \t");
    value[strcspn(value, "\r\n")] = '\0';
    transfer->headers[transfer->header_count].name = name;
    transfer->headers[transfer->header_count++].value = value;
    return 1;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    long status = 0;
    size *= count;
    if (transfer->head_pushed) return size; /* A trailer. */
    if (size > 5 && memcmp(line, "HTTP/", 5) == 0) {
        transfer->header_count = transfer->head_bytes = 0; /* The head before was informational (1xx). */
        return size;
    }
    if (size > 2 || (size > 0 && line[0] != '\r' && line[0] != '\n'))
        return keep_header(transfer, line, size) ? size : 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) return size;
    transfer->head_pushed = 1;
    const volcv_result result = volcv_http_on_head(transfer->client, transfer->exchange, (int32_t)status,
                                                   transfer->headers, transfer->header_count);
    return result == VOLCV_OK ? size : 0;
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    const struct transfer *transfer = user;
    size *= count;
    return volcv_http_on_data(transfer->client, transfer->exchange, data, size) == VOLCV_OK ? size : 0;
}

/* The reason of a failure. volcv decides what follows, because volcv knows how much of the body was read. */
static volcv_result result_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK: return VOLCV_OK;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: return VOLCV_E_CONNECT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return VOLCV_E_TLS;
    case CURLE_OPERATION_TIMEDOUT: return VOLCV_E_TIMEOUT;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY: return VOLCV_E_PROTOCOL;
    case CURLE_OUT_OF_MEMORY: return VOLCV_E_OUT_OF_MEMORY;
    default: return VOLCV_E_IO;
    }
}

static void free_transfer(struct transfer *transfer)
{
    if (transfer == NULL) return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->request_headers);
    free(transfer);
}

static int add_header(struct transfer *transfer, const char *text)
{
    struct curl_slist *longer = text != NULL ? curl_slist_append(transfer->request_headers, text) : NULL;
    if (longer != NULL) transfer->request_headers = longer;
    return longer != NULL;
}

static int add_headers(struct transfer *transfer, const volcv_http_request *request)
{
    for (size_t i = 0; i < request->header_count; ++i) {
        const volcv_header *header = &request->headers[i];
        const size_t size = strlen(header->name) + strlen(header->value) + sizeof ": ";
        char *text = malloc(size);
        if (text != NULL) snprintf(text, size, "%s: %s", header->name, header->value);
        const int added = add_header(transfer, text);
        free(text);
        if (!added) return 0;
    }
    /* curl would wait a second for a "100 Continue" that the service does not send. */
    return add_header(transfer, "Expect:");
}

/* Sets all options of the curl handle. Returns 0 if there is no memory. */
static int set_up(struct transfer *transfer, const volcv_http_request *request)
{
    CURL *easy = transfer->easy = curl_easy_init();
    if (easy == NULL || !add_headers(transfer, request)) return 0;

    if (strcmp(request->method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_body_wanted);
        curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    }
    /*
     * curl must not send a request twice. Without a CURLOPT_SEEKFUNCTION curl cannot rewind the body. Each exchange
     * has its own connection, because curl sends again by itself when the server has closed an idle connection. A call
     * takes seconds, so the time of a handshake does not matter.
     */
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_limit_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->attempt_limit_ms);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->request_headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static volcv_result VOLCV_CALL http_start(void *user, volcv_client *client, volcv_exchange exchange,
                                          const volcv_http_request *request)
{
    struct curl_http *http = user;
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL || !set_up(transfer, request)) {
        free_transfer(transfer);
        return VOLCV_E_OUT_OF_MEMORY;
    }
    transfer->client = client;
    transfer->exchange = exchange;
    transfer->code = CURLE_FAILED_INIT; /* The result if curl never starts the transfer. */
    pthread_mutex_lock(&http->lock);
    transfer->next = http->transfers;
    http->transfers = transfer;
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
    return VOLCV_OK;
}

static void VOLCV_CALL http_cancel(void *user, volcv_exchange exchange)
{
    struct curl_http *http = user;
    pthread_mutex_lock(&http->lock);
    for (struct transfer *transfer = http->transfers; transfer != NULL; transfer = transfer->next)
        if (transfer->exchange == exchange) transfer->is_over = 1;
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
}

/* Ends the transfers that are over and starts the new ones. Returns 0 when the client is destroyed. */
static int sweep(struct curl_http *http)
{
    struct transfer *over = NULL;
    pthread_mutex_lock(&http->lock);
    const int go_on = !http->is_stopping;
    for (struct transfer **link = &http->transfers; *link != NULL;) {
        struct transfer *transfer = *link;
        if (go_on && !transfer->is_over &&
            (transfer->is_added || curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK)) {
            transfer->is_added = 1;
            link = &transfer->next;
        } else {
            *link = transfer->next;
            transfer->next = over;
            over = transfer;
        }
    }
    pthread_mutex_unlock(&http->lock);

    while (over != NULL) {
        struct transfer *transfer = over;
        over = transfer->next;
        curl_multi_remove_handle(http->multi, transfer->easy); /* Closes the connection. */
        /* This has no effect on an exchange that volcv has cancelled. */
        volcv_http_complete(transfer->client, transfer->exchange, result_of(transfer->code),
                            curl_easy_strerror(transfer->code));
        free_transfer(transfer);
    }
    return go_on;
}

static void *run(void *user)
{
    struct curl_http *http = user;
    while (sweep(http)) {
        int count, ended = 0;
        curl_multi_perform(http->multi, &count);
        for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &count)) != NULL; ++ended) {
            struct transfer *transfer = NULL;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            transfer->code = message->data.result;
            pthread_mutex_lock(&http->lock);
            transfer->is_over = 1;
            pthread_mutex_unlock(&http->lock);
        }
        /* Sleeps until a socket is ready or a hook wakes the thread. */
        if (ended == 0) curl_multi_poll(http->multi, NULL, 0, 60000, NULL);
    }
    return NULL;
}

static void free_http(struct curl_http *http)
{
    curl_multi_cleanup(http->multi);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

static void VOLCV_CALL http_destroy(void *user)
{
    struct curl_http *http = user;
    pthread_mutex_lock(&http->lock);
    http->is_stopping = 1;
    pthread_mutex_unlock(&http->lock);
    curl_multi_wakeup(http->multi);
    pthread_join(http->thread, NULL);
    free_http(http);
}

/* Fills a transport, which lives until its client is destroyed. The caller calls curl_global_init() before. */
static volcv_result curl_transport(volcv_http_transport *transport)
{
    volcv_http_transport_init(transport);
    struct curl_http *http = calloc(1, sizeof *http);
    if (http == NULL) return VOLCV_E_OUT_OF_MEMORY;
    pthread_mutex_init(&http->lock, NULL);
    http->multi = curl_multi_init();
    if (http->multi == NULL || pthread_create(&http->thread, NULL, run, http) != 0) {
        free_http(http);
        return VOLCV_E_OUT_OF_MEMORY;
    }
    transport->user = http;
    transport->start = http_start;
    transport->cancel = http_cancel;
    transport->destroy = http_destroy;
    return VOLCV_OK;
}

/* ---- The program ---- */

static volatile sig_atomic_t cancel_wanted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    cancel_wanted = 1;
}

/* Outpaints one picture; Ctrl-C cancels. Prints the result, the number of attempts and the charge. */
static int outpaint(volcv_client *client, const volcv_picture *photo, const char *path)
{
    static const char *const charges[] = {"none", "unknown", "charged"};
    volcv_outpaint request = VOLCV_OUTPAINT_INIT;
    volcv_image_info image = VOLCV_IMAGE_INFO_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_job job;

    request.picture = photo;
    request.left = request.right = 0.5;
    if (volcv_outpaint_submit(client, &request, NULL, &job, &error) != VOLCV_OK) {
        printf("%s\n", error.message);
        return EXIT_FAILURE;
    }
    while (volcv_wait(client, &job, 1, 1, 16) == VOLCV_E_TIMEOUT)
        if (cancel_wanted) volcv_job_cancel(client, job);

    volcv_job_error(client, job, &error);
    printf("%s, attempts %" PRIu32 ", charge %s: %s\n", volcv_result_name(error.code), error.attempts,
           charges[error.charge], error.message);
    if (error.code != VOLCV_OK || volcv_job_image_info(client, job, 0, &image) != VOLCV_OK) return EXIT_FAILURE;
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(image.data, 1, image.size, file) != image.size || fclose(file) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static unsigned char photo[32 << 20];
    volcv_client_options options = VOLCV_CLIENT_OPTIONS_INIT;
    volcv_picture picture = VOLCV_PICTURE_INIT;
    volcv_error error = VOLCV_ERROR_INIT;
    volcv_http_transport transport;
    volcv_client *client;

    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return fprintf(stderr, "usage: host_http_curl PHOTO RESULT\n"), EXIT_FAILURE;
    picture.flags = VOLCV_PICTURE_BORROW;
    picture.data = photo;
    picture.size = fread(photo, 1, sizeof photo, file);
    fclose(file);
    signal(SIGINT, on_interrupt);

    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (curl_transport(&transport) != VOLCV_OK) return EXIT_FAILURE;
    options.base_url = getenv("VOLCV_BASE_URL");
    options.api_key = getenv("VOLCV_API_KEY");
    options.transport = &transport;
    int status = EXIT_FAILURE;
    if (volcv_client_create(VOLCV_ABI_VERSION, &options, &client, &error) == VOLCV_OK) {
        status = outpaint(client, &picture, argv[2]);
        volcv_client_destroy(client, VOLCV_WAIT_FOREVER);
    } else {
        fprintf(stderr, "%s\n", error.message);
        http_destroy(transport.user); /* There is no client that would destroy the transport. */
    }
    curl_global_cleanup();
    return status;
}
