/* SPDX-License-Identifier: Apache-2.0 */
/* mock.c: the mock's HTTP: one thread for all connections; who is told to wait
 * is put aside (mock_wait.c). */
#include "tools/mock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/mock_http.h"

#define BODY_MAX (16u << 20)

uint32_t
troupe__mock_count(struct troupe__mock *self, const char *model)
{
    pthread_mutex_lock(&self->lock);
    size_t i = 0;
    while (i < self->model_count && strcmp(self->models[i].name, model) != 0)
        i++;
    if (i == self->model_count) {
        self->models = troupe__grow(self->models, i, sizeof *self->models);
        self->models[i] = (struct troupe__mock_model){
            .name = troupe__copy(model, strlen(model))};
        self->model_count += 1;
    }
    uint32_t before = self->models[i].requests++;
    pthread_mutex_unlock(&self->lock);
    return before;
}

static void
note_request(struct troupe__mock *self, const struct troupe__asked *asked)
{
    if (!self->requests)
        return;
    json_t *line =
        json_pack("{s:s, s:I, s:b, s:b}", "model", asked->model, "request",
                  (json_int_t) asked->before + 1, "stream", asked->stream,
                  "authorized", asked->authorized);
    pthread_mutex_lock(&self->lock);
    json_dumpf(line, self->requests, JSON_COMPACT);
    fputc('\n', self->requests);
    fflush(self->requests);
    pthread_mutex_unlock(&self->lock);
    json_decref(line);
}

/* The last message's text is the prompt. */
static bool
read_request(const struct troupe__text_in *body, struct troupe__asked *ret)
{
    json_t *root = json_loadb(body->bytes, body->size, 0, NULL);
    json_t *messages = json_object_get(root, "messages");
    const char *model = json_string_value(json_object_get(root, "model"));
    json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    const char *prompt = json_string_value(json_object_get(last, "content"));
    bool good = model && prompt && *model;
    if (good) {
        ret->model = troupe__copy(model, strlen(model));
        ret->prompt = troupe__copy(prompt, strlen(prompt));
        ret->stream = json_is_true(json_object_get(root, "stream"));
        json_t *options = json_object_get(root, "stream_options");
        ret->usage = !ret->stream
                     || json_is_true(json_object_get(options, "include_usage"));
    }
    json_decref(root);
    return good;
}

static enum MHD_Result
serve_chat(struct troupe__mock *self, struct MHD_Connection *connection,
           struct troupe__text_in *body)
{
    struct troupe__asked asked = {
        .mock = self, .connection = connection, .wait = &body->wait};
    if (!read_request(body, &asked))
        return troupe__mock_error(connection, 400, 0,
                                  "model and messages are wanted");
    (void) troupe__manner_read(asked.model, &asked.manner);
    bool is_first = body->wait.how == MOCK_NOT_YET;
    if (is_first)
        body->before = troupe__mock_count(self, asked.model);
    asked.before = body->before;
    asked.authorized = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   "Authorization")
                       != NULL;
    if (is_first)
        note_request(self, &asked);
    enum MHD_Result result = troupe__mock_answer(&asked);
    free(asked.model);
    free(asked.prompt);
    return result;
}

static enum MHD_Result
serve_models(struct troupe__mock *self, struct MHD_Connection *connection)
{
    (void) self;
    return troupe__mock_send(connection, 200, "application/json",
                             "{\"object\": \"list\", \"data\": [{\"id\": "
                             "\"mock\", \"object\": \"model\"}]}");
}

static enum MHD_Result
take_body(struct troupe__text_in *body, const char *data, size_t *size)
{
    if (body->size + *size > BODY_MAX)
        return MHD_NO;
    char *bytes = realloc(body->bytes, body->size + *size + 1);
    if (!bytes)
        return MHD_NO;
    memcpy(bytes + body->size, data, *size);
    body->bytes = bytes;
    body->size += *size;
    bytes[body->size] = '\0';
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result
on_request(void *data, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *upload,
           size_t *upload_size, void **state)
{
    struct troupe__mock *self = data;
    (void) version;
    if (!*state) {
        *state = troupe__grab(sizeof(struct troupe__text_in));
        return MHD_YES;
    }
    struct troupe__text_in *body = *state;
    if (*upload_size > 0)
        return take_body(body, upload, upload_size);
    bool post = strcmp(method, "POST") == 0, get = strcmp(method, "GET") == 0;
    if (post && strcmp(url, "/v1/chat/completions") == 0)
        return serve_chat(self, connection, body);
    if (get && strcmp(url, "/v1/models") == 0)
        return serve_models(self, connection);
    enum MHD_Result result = MHD_NO;
    if (troupe__mock_web(self, connection, url, method, body, &result))
        return result;
    return troupe__mock_error(connection, 404, 0, "there is nothing here");
}

static void
on_done(void *data, struct MHD_Connection *connection, void **state,
        enum MHD_RequestTerminationCode why)
{
    (void) data, (void) connection, (void) why;
    struct troupe__text_in *body = *state;
    if (body)
        free(body->bytes);
    free(body);
    *state = NULL;
}

static int
listen_on(struct troupe__mock *self, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    errno = 0;
    self->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, port, NULL,
        NULL, on_request, self, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT,
        1000u, MHD_OPTION_END);
    if (!self->daemon)
        return errno == EADDRINUSE ? -EADDRINUSE : -EIO;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_BIND_PORT);
    atomic_store(&self->port, info ? info->port : port);
    return 0;
}

int
troupe__mock_start(const struct troupe__mock_options *options,
                   struct troupe__mock **ret_mock)
{
    struct troupe__mock *self = troupe__grab(sizeof *self);
    self->seed = options->seed;
    self->requests = options->requests;
    self->pages = options->pages;
    pthread_mutex_init(&self->lock, NULL);
    int rc = pipe2(self->stop, O_CLOEXEC) < 0 ? -EIO : 0;
    if (rc == 0)
        rc = troupe__mock_waits_start(self);
    if (rc == 0)
        rc = listen_on(self, options->port);
    *ret_mock = self;
    if (rc < 0)
        troupe__mock_stop(ret_mock);
    return rc;
}

uint16_t
troupe__mock_port(const struct troupe__mock *self)
{
    return atomic_load(&self->port);
}

void
troupe__mock_stop(struct troupe__mock **self_p)
{
    struct troupe__mock *self = *self_p;
    if (!self)
        return;
    troupe__mock_waits_stop(self);
    if (self->daemon)
        MHD_stop_daemon(self->daemon);
    troupe__mock_waits_close(self);
    if (self->stop[0] > 0)
        close(self->stop[0]);
    for (size_t i = 0; i < self->model_count; i++)
        free(self->models[i].name);
    free(self->models);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}
