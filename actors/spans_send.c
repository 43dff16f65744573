/* SPDX-License-Identifier: Apache-2.0 */
/* spans_send.c: batches of spans into a file, and to a collector. */
#include "actors/spans.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/check.h"

void
troupe__spans_lose(struct spans *self, uint64_t count, const char *format,
                   const char *what, const char *why)
{
    self->lost += count;
    snprintf(self->words, sizeof self->words, format, what, why);
}

/* Where the last whole line ends: a writer that was killed may have left half
 * of one. */
static off_t
end_of_lines(int fd)
{
    char bytes[4096];
    off_t end = lseek(fd, 0, SEEK_END);
    while (end > 0) {
        size_t size = end < (off_t) sizeof bytes ? (size_t) end : sizeof bytes;
        if (pread(fd, bytes, size, end - (off_t) size) != (ssize_t) size)
            return -1;
        const char *last = memrchr(bytes, '\n', size);
        end -= (off_t) size;
        if (last)
            return end + (last + 1 - bytes);
    }
    return end;
}

int
troupe__spans_open(struct spans *self, bool append)
{
    int flags = append ? O_RDWR | O_APPEND : O_WRONLY | O_TRUNC;
    int fd = open(self->path, flags | O_CREAT | O_CLOEXEC, 0666);
    struct stat what;
    bool is_file = fd >= 0 && fstat(fd, &what) == 0 && S_ISREG(what.st_mode);
    if (is_file && append) {
        off_t end = end_of_lines(fd);
        if (end < 0 || ftruncate(fd, end) < 0)
            goto failed;
    }
    self->file = fd >= 0 ? fdopen(fd, append ? "a" : "w") : NULL;
    if (self->file)
        return 0;
failed:;
    int rc = errno ? -errno : -EIO;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int post(troupe_context_t *ctx, struct spans *self);

int
troupe__spans_answer(troupe_context_t *ctx, struct spans *self)
{
    if (self->first || self->hearing_count > 0
        || !troupe_token_is_open(ctx, self->flush))
        return 0;
    int rc =
        troupe_reply_to(ctx, &self->flush, "{s:U, s:U, s:s}", "spans",
                        self->count, "lost", self->lost, "words", self->words);
    return rc == -ENOMSG ? 0 : rc;
}

/* The first batch is through, for better or worse. */
static int
drop_first(troupe_context_t *ctx, struct spans *self)
{
    struct spans_batch *batch = self->first;
    self->first = batch->next;
    if (!self->first)
        self->last = NULL;
    self->waiting -= batch->text.size;
    troupe__text_free(&batch->text);
    free(batch);
    int rc = self->first ? post(ctx, self) : 0;
    return rc == 0 ? troupe__spans_answer(ctx, self) : rc;
}

static int
post_again(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    return post(ctx, state);
}

/* A collector may take the request and refuse some of its spans. */
static void
count_refused(struct spans *self, const char *body, size_t size)
{
    json_t *root = json_loadb(body, size, 0, NULL);
    const json_t *part = json_object_get(root, "partialSuccess");
    const json_t *count = json_object_get(part, "rejectedSpans");
    const char *why = json_string_value(json_object_get(part, "errorMessage"));
    uint64_t refused = json_is_string(count)
                           ? strtoull(json_string_value(count), NULL, 10)
                           : (uint64_t) json_integer_value(count);
    if (refused > 0)
        troupe__spans_lose(self, refused, "%s refused them: %s", self->url,
                           why ? why : "");
    json_decref(root);
}

static int
on_posted(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct spans *self = state;
    struct spans_batch *batch = self->first;
    uint64_t fault = TROUPE_FAULT_PERMANENT, after_ms = 0;
    const char *words = answer->text;
    const void *body = "";
    size_t size = 0;
    uint32_t wait_ms = 0;
    self->posting = false;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:U, s:s, s:B, s:U}", "fault", &fault,
                         "words", &words, "body", &body, &size,
                         "retry_after_ms", &after_ms)
               < 0)
        words = "the answer is no such";
    if (answer->outcome == TROUPE_TIMEOUT)
        fault = TROUPE_FAULT_TIMEOUT;
    if (fault == TROUPE_FAULT_NONE) {
        self->is_down = false;
        count_refused(self, body, size);
        return drop_first(ctx, self);
    }
    troupe_retry_case_t what = {.fault = (troupe_fault_t) fault,
                                .attempts = batch->attempts,
                                .now_ns = troupe_time_ns(ctx),
                                .retry_after_ms = (uint32_t) after_ms,
                                .random = troupe_random(ctx)};
    if (!self->is_down && troupe_retry_next(&self->retry, &what, &wait_ms) == 0)
        return troupe_call_after(ctx, wait_ms, post_again, NULL, NULL, NULL);
    self->is_down = true; /* one attempt for each, until one goes well */
    troupe__spans_lose(self, batch->count, "%s: %s", self->url, words);
    return drop_first(ctx, self);
}

static int
post(troupe_context_t *ctx, struct spans *self)
{
    struct spans_batch *batch = self->first;
    if (!batch || self->posting)
        return 0;
    batch->attempts++;
    if (batch->attempts == 1)
        troupe_retry_earn(&self->retry);
    troupe_ask_options_t options = {
        .timeout_ms = self->timeout_ms, .answer = on_posted, .detached = true};
    int rc = troupe_ask_with(ctx, self->http, "fetch", &options, NULL,
                             "{s:s, s:[s], s:s?, s:s#}", "url", self->url,
                             "headers", "Content-Type: application/json",
                             "headers_env", self->headers_env, "body",
                             batch->text.data, batch->text.size);
    self->posting = rc == 0;
    if (rc == 0)
        return 0;
    troupe__spans_lose(self, batch->count, "%s: %s", self->url,
                       troupe_strerror(rc));
    return drop_first(ctx, self);
}

static void
write_line(struct spans *self, uint64_t count)
{
    const struct troupe__text *line = &self->line;
    if (!self->file)
        return;
    bool good = fwrite(line->data, 1, line->size, self->file) == line->size
                && fputc('\n', self->file) != EOF && fflush(self->file) == 0;
    if (!good)
        troupe__spans_lose(self, count, "%s: %s", self->path, strerror(errno));
}

int
troupe__spans_send(troupe_context_t *ctx, struct spans *self, size_t count)
{
    struct troupe__text *line = &self->line;
    if (count == 0)
        return 0;
    troupe__text_clear(line);
    troupe__otlp_document(self->resource, self->text.data + 1,
                          troupe__spans_size(self, count), line);
    troupe__spans_cut(self, count);
    write_line(self, count);
    bool full = self->waiting + line->size > SPANS_WAITING_MAX;
    if (self->url && full)
        troupe__spans_lose(self, count, "%s: %s", self->url, "it is too slow");
    if (!self->url || full)
        return 0;
    struct spans_batch *batch = troupe__alloc(sizeof *batch);
    batch->count = count;
    batch->text = *line;
    self->waiting += line->size;
    *line = (struct troupe__text){0};
    if (self->last)
        self->last->next = batch;
    else
        self->first = batch;
    self->last = batch;
    return self->first == batch ? post(ctx, self) : 0;
}
