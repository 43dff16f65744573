/* SPDX-License-Identifier: Apache-2.0 */
/* mock_answer.c: answers of the mock, whole, streamed, and broken. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/mock_http.h"

#define LIE   1000 /* bytes that are promised and never come */
#define BLOCK 4096
#define PIECE 64 /* bytes of a body that comes slowly */

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
    struct troupe__mock_wait wait;
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

/* The wait before an event; another thread ends it, and so writes it. */
static enum troupe__mock_waited
drip_before(struct stream *self)
{
    struct troupe__mock_wait *wait = &self->wait;
    if (self->at > 0 || self->drip_ms == 0 || self->next == 0)
        return MOCK_OVER;
    if (wait->how == MOCK_NOT_YET)
        return troupe__mock_wait(self->mock, wait, self->connection,
                                 self->drip_ms);
    enum troupe__mock_waited how = wait->how;
    if (how == MOCK_OVER)
        wait->how = MOCK_NOT_YET; /* for the next one */
    return how;
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
    enum troupe__mock_waited how = drip_before(self);
    if (how != MOCK_OVER)
        return how == MOCK_GONE ? MHD_CONTENT_READER_END_WITH_ERROR : 0;
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

/* The wait, or a failure instead of an answer: true, with what it gave. */
static bool
fail_first(struct troupe__asked *asked, enum MHD_Result *ret)
{
    const struct troupe__manner *manner = &asked->manner;
    uint32_t delay_ms = manner->delay_ms;
    *ret = MHD_NO;
    if (manner->mistaken) {
        *ret = troupe__mock_error(asked->connection, 400, 0,
                                  "no such manner: troupe mock --help has all");
        return true;
    }
    if (manner->jitter_ms > 0)
        delay_ms += (uint32_t) ((asked->mock->seed + asked->before)
                                * UINT64_C(2654435761) % manner->jitter_ms);
    if (manner->late_ms > 0 && (asked->before + 1) % manner->nth == 0)
        delay_ms += manner->late_ms;
    if (manner->hang)
        delay_ms = UINT32_MAX;
    enum troupe__mock_waited how = asked->wait->how;
    if (delay_ms > 0 && how == MOCK_NOT_YET)
        how = troupe__mock_wait(asked->mock, asked->wait, asked->connection,
                                delay_ms);
    if (how == MOCK_WAITS || how == MOCK_GONE) {
        *ret = how == MOCK_WAITS ? MHD_YES : MHD_NO;
        return true;
    }
    bool fails = manner->times == 0 || asked->before < manner->times;
    if (manner->refuse && fails)
        return true;
    if (manner->status > 0 && fails) {
        bool rest = manner->status == 429 || manner->status == 503;
        *ret = troupe__mock_error(asked->connection, manner->status,
                                  rest ? manner->retry_after : 0,
                                  "the mock was told to fail");
        return true;
    }
    if (manner->huge == 0)
        return false;
    *ret = send_broken(asked->connection, NULL, manner->huge);
    return true;
}

enum MHD_Result
troupe__mock_answer(struct troupe__asked *asked)
{
    enum MHD_Result result = MHD_NO;
    return fail_first(asked, &result) ? result : answer_well(asked);
}

/* A body in pieces, with a wait between two. */
static enum MHD_Result
drip(struct troupe__asked *asked, const char *type, const char *body)
{
    struct stream *self = troupe__grab(sizeof *self);
    self->mock = asked->mock;
    self->connection = asked->connection;
    self->drip_ms = asked->manner.drip_ms;
    for (size_t at = 0, size = strlen(body); at < size; at += PIECE)
        add_event(self, troupe__copy(body + at,
                                     size - at < PIECE ? size - at : PIECE));
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK, read_stream, self, free_stream);
    MHD_add_response_header(response, "Content-Type", type);
    enum MHD_Result result =
        MHD_queue_response(asked->connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result
troupe__mock_give(struct troupe__asked *asked, const char *type, char *body)
{
    const struct troupe__manner *manner = &asked->manner;
    enum MHD_Result result = MHD_NO;
    if (fail_first(asked, &result)) {
        free(body);
        return result;
    }
    if (manner->lie || manner->cut > 0) /* it is the response's then */
        return send_broken(asked->connection, body, strlen(body) + LIE);
    if (manner->bad_json)
        body[strlen(body) / 2] = '\0';
    result = manner->drip_ms > 0
                 ? drip(asked, type, body)
                 : troupe__mock_send(asked->connection, 200, type, body);
    free(body);
    return result;
}
