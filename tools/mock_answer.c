/* SPDX-License-Identifier: Apache-2.0 */
/* mock_answer.c: answers of the mock, whole, streamed, and broken. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/mock_http.h"

#define LIE   1000 /* bytes that are promised and never come */
#define BLOCK 4096

enum MHD_Result
troupe__mock_send(struct MHD_Connection *connection, unsigned status,
                  const char *type, const char *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), (void *) (uintptr_t) body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", type);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result
troupe__mock_error(struct MHD_Connection *connection, unsigned status,
                   uint32_t after, const char *words)
{
    json_t *error = json_pack("{s:{s:s, s:i}}", "error", "message", words,
                              "code", (int) status);
    char *body = json_dumps(error, 0);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), body, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, "Content-Type", "application/json");
    if (after > 0) {
        char seconds[16];
        (void) snprintf(seconds, sizeof seconds, "%u", after);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    json_decref(error);
    return result;
}

static uint32_t
tokens_of(const char *text)
{
    uint32_t count = 1;
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

static json_t *
usage_of(const struct troupe__asked *asked, const char *words)
{
    uint32_t in = tokens_of(asked->prompt), out = tokens_of(words);
    return json_pack("{s:i, s:i, s:i}", "prompt_tokens", (int) in,
                     "completion_tokens", (int) out, "total_tokens",
                     (int) (in + out));
}

static char *
whole_body(const struct troupe__asked *asked, const char *words)
{
    json_t *body = json_pack(
        "{s:s, s:s, s:s, s:[{s:i, s:s, s:{s:s, s:s}}]}", "id", "mock-1",
        "object", "chat.completion", "model", asked->model, "choices", "index",
        0, "finish_reason", asked->manner.length ? "length" : "stop", "message",
        "role", "assistant", "content", words);
    if (!asked->manner.no_usage)
        json_object_set_new(body, "usage", usage_of(asked, words));
    char *text = json_dumps(body, 0);
    json_decref(body);
    return text;
}

/* --- bodies that do not hold what they promise --------------------------- */

struct broken {
    char *bytes;
    size_t size;
};

static ssize_t
read_broken(void *data, uint64_t at, char *to, size_t max)
{
    const struct broken *self = data;
    if (!self->bytes) { /* huge */
        memset(to, 'x', max);
        return (ssize_t) max;
    }
    if (at >= self->size)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t size = self->size - at < max ? self->size - at : max;
    memcpy(to, self->bytes + at, size);
    return (ssize_t) size;
}

static void
free_broken(void *data)
{
    struct broken *self = data;
    free(self->bytes);
    free(self);
}

/* NULL bytes: `size` bytes of nothing; else one that ends too early. */
static enum MHD_Result
send_broken(struct MHD_Connection *connection, char *bytes, uint64_t size)
{
    struct broken *self = troupe__grab(sizeof *self);
    self->bytes = bytes;
    self->size = bytes ? strlen(bytes) : 0;
    struct MHD_Response *response = MHD_create_response_from_callback(
        size, BLOCK, read_broken, self, free_broken);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

/* --- streams -------------------------------------------------------------- */

/* The events of one answer, and how far they have been read. */
struct stream {
    struct troupe__mock *mock;
    struct MHD_Connection *connection;
    char **events;
    size_t count, next;
    size_t at; /* bytes of the next one that are read */
    uint32_t drip_ms;
    uint32_t cut;
};

static void
add_event(struct stream *self, char *event)
{
    self->events =
        troupe__grow(self->events, self->count, sizeof *self->events);
    self->events[self->count++] = event;
}

static void
add_chunk(struct stream *self, const struct troupe__asked *asked, json_t *body)
{
    json_object_set_new(body, "model", json_string(asked->model));
    char *text = json_dumps(body, JSON_COMPACT);
    add_event(self, troupe__format("data: %s\n\n", text));
    free(text);
    json_decref(body);
}

/* A word with the spaces after it, each as an event, with a comment between
 * as servers send them to keep a connection open. */
static void
add_words(struct stream *self, const struct troupe__asked *asked,
          const char *words)
{
    for (size_t at = 0; words[at];) {
        size_t size = strcspn(words + at, " ");
        size += strspn(words + at + size, " ");
        char *word = troupe__copy(words + at, size);
        add_chunk(self, asked,
                  json_pack("{s:[{s:i, s:{s:s}}]}", "choices", "index", 0,
                            "delta", "content", word));
        if (self->count == 1)
            add_event(self, troupe__copy(": ping\n\n", 8));
        free(word);
        at += size;
    }
}

static ssize_t
read_stream(void *data, uint64_t position, char *to, size_t max)
{
    struct stream *self = data;
    (void) position;
    if (self->next == self->count)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (self->cut > 0 && self->next >= self->cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (self->at == 0 && self->drip_ms > 0 && self->next > 0
        && !troupe__mock_wait(self->mock, self->connection, self->drip_ms))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    const char *event = self->events[self->next] + self->at;
    size_t left = strlen(event), size = left < max ? left : max;
    memcpy(to, event, size);
    self->at = size < left ? self->at + size : 0;
    self->next += size == left;
    return (ssize_t) size;
}

static void
free_stream(void *data)
{
    struct stream *self = data;
    for (size_t i = 0; i < self->count; i++)
        free(self->events[i]);
    free(self->events);
    free(self);
}

enum MHD_Result
troupe__mock_stream(struct troupe__asked *asked, const char *words)
{
    const struct troupe__manner *manner = &asked->manner;
    struct stream *self = troupe__grab(sizeof *self);
    self->mock = asked->mock;
    self->connection = asked->connection;
    self->drip_ms = manner->drip_ms;
    self->cut = manner->cut;
    add_words(self, asked, words);
    add_chunk(self, asked,
              json_pack("{s:[{s:i, s:{}, s:s}]}", "choices", "index", 0,
                        "delta", "finish_reason",
                        manner->length ? "length" : "stop"));
    if (asked->usage && !manner->no_usage) {
        add_chunk(self, asked,
                  json_pack("{s:[], s:o}", "choices", "usage",
                            usage_of(asked, words)));
    }
    add_event(self, troupe__copy("data: [DONE]\n\n", 14));
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, read_stream, self, free_stream);
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    enum MHD_Result result =
        MHD_queue_response(asked->connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

/* --- what the manner asks for --------------------------------------------- */

static enum MHD_Result
answer_well(struct troupe__asked *asked)
{
    const struct troupe__manner *manner = &asked->manner;
    char *words = troupe__mock_words(manner, asked->model, asked->prompt,
                                     asked->mock->seed);
    enum MHD_Result result = MHD_NO;
    char *body = whole_body(asked, words);
    if (manner->lie || (manner->cut > 0 && !asked->stream)) {
        result = send_broken(asked->connection, body, strlen(body) + LIE);
        body = NULL; /* it is the response's now */
    } else if (asked->stream && !manner->no_stream && !manner->bad_json) {
        result = troupe__mock_stream(asked, words);
    } else {
        if (manner->bad_json)
            body[strlen(body) / 2] = '\0';
        result =
            troupe__mock_send(asked->connection, 200, "application/json", body);
    }
    free(body);
    free(words);
    return result;
}

enum MHD_Result
troupe__mock_answer(struct troupe__asked *asked)
{
    const struct troupe__manner *manner = &asked->manner;
    uint32_t delay_ms = manner->delay_ms;
    if (manner->jitter_ms > 0)
        delay_ms += (uint32_t) ((asked->mock->seed + asked->before)
                                * UINT64_C(2654435761) % manner->jitter_ms);
    if (manner->hang)
        delay_ms = UINT32_MAX;
    if (delay_ms > 0
        && !troupe__mock_wait(asked->mock, asked->connection, delay_ms))
        return MHD_NO;
    bool fails = manner->times == 0 || asked->before < manner->times;
    if (manner->refuse && fails)
        return MHD_NO;
    if (manner->status > 0 && fails) {
        bool rest = manner->status == 429 || manner->status == 503;
        return troupe__mock_error(asked->connection, manner->status,
                                  rest ? manner->retry_after : 0,
                                  "the mock was told to fail");
    }
    if (manner->huge > 0)
        return send_broken(asked->connection, NULL, manner->huge);
    return answer_well(asked);
}

enum MHD_Result
troupe__mock_search(struct troupe__mock *self,
                    struct MHD_Connection *connection)
{
    (void) self;
    const char *query =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "q");
    const char *format = MHD_lookup_connection_value(
        connection, MHD_GET_ARGUMENT_KIND, "format");
    if (!query || !*query)
        return troupe__mock_error(connection, 400, 0, "q is wanted");
    if (!format || strcmp(format, "json") != 0)
        return troupe__mock_error(connection, 403, 0,
                                  "only format=json is served");
    json_t *results = json_array();
    for (int i = 1; i <= 5; i++) {
        char *url = troupe__format("http://mock.invalid/%d", i);
        char *title = troupe__format("Result %d for %s", i, query);
        json_array_append_new(results,
                              json_pack("{s:s, s:s, s:s, s:s, s:f}", "url", url,
                                        "title", title, "content", title,
                                        "engine", "mock", "score", 1.0 / i));
        free(url);
        free(title);
    }
    json_t *body = json_pack("{s:s, s:o, s:[]}", "query", query, "results",
                             results, "unresponsive_engines");
    char *text = json_dumps(body, 0);
    enum MHD_Result result =
        troupe__mock_send(connection, 200, "application/json", text);
    free(text);
    json_decref(body);
    return result;
}
