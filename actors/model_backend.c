/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_backend.c: the actor that makes all HTTP calls, by libcurl's multi
 * interface. libcurl says which sockets it waits for; they are in an epoll set,
 * which is the one descriptor that the actor watches, however many calls are
 * under way. libcurl's callbacks run only inside our handlers, on our worker.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <poll.h>

#include "troupe_events.h"
#include "troupe_model.h"
#include "troupe_trace.h"

#include "actors/model_http.h"
#include "mailbox/check.h"

#define CONNECTIONS 256
#define EVENTS      64
#define TIME        "(time)"
#define NS_PER_MS   UINT64_C(1000000)

struct backend {
    CURLM *multi;
    int epoll;
    struct transfer *transfers;
    uint64_t calls, open, connected;
    troupe_context_t *ctx; /* of the handler that runs; else NULL */
};

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket)
{
    struct backend *self = data;
    struct epoll_event event = {.data.fd = fd};
    (void) easy, (void) socket;
    if (what == CURL_POLL_REMOVE) {
        (void) epoll_ctl(self->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u)
                   | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(self->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
        return 0;
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int
on_timeout(CURLM *multi, long timeout_ms, void *data)
{
    struct backend *self = data;
    (void) multi;
    if (!self->ctx)
        return 0; /* it ends */
    if (timeout_ms < 0)
        (void) troupe_timer_clear(self->ctx, TIME);
    else
        return troupe_timer_set(self->ctx, TIME, (uint32_t) timeout_ms, 0);
    return 0;
}

static int
answer(troupe_context_t *ctx, troupe_token_t *token,
       const struct model_outcome *outcome, const struct model_answer *from)
{
    int rc = troupe_reply_to(
        ctx, token, "{s:U, s:U, s:s, s:s, s:s, s:s, s:I, s:I, s:U, s:b}",
        "fault", (uint64_t) outcome->fault, "status",
        (uint64_t) outcome->status, "text",
        from ? troupe__text_string(&from->text) : "", "finish",
        from ? from->finish : "", "model", from ? from->model : "", "words",
        outcome->words, "prompt_tokens",
        from ? from->prompt_tokens : INT64_C(-1), "completion_tokens",
        from ? from->completion_tokens : INT64_C(-1), "retry_after_ms",
        outcome->retry_after_ms, "billable", (int) outcome->billable);
    if (rc == -EINVAL || rc == -EMSGSIZE)
        rc = troupe_reply_error_to(ctx, token, -EBADMSG,
                                   "the answer cannot be sent on");
    return rc == -ENOMSG ? 0 : rc;
}

/* Take it out of libcurl's hands and the list, and free it. */
static void
end_transfer(struct backend *self, struct transfer *transfer)
{
    struct transfer **at = &self->transfers;
    while (*at && *at != transfer)
        at = &(*at)->next;
    CHECK(*at);
    *at = transfer->next;
    self->open -= 1;
    (void) curl_multi_remove_handle(self->multi, transfer->easy);
    troupe__transfer_destroy(&transfer);
}

/* Answer whoever libcurl is through with. */
static int
collect(troupe_context_t *ctx, struct backend *self)
{
    CURLMsg *msg = NULL;
    int rc = 0, left = 0;
    while (rc == 0 && (msg = curl_multi_info_read(self->multi, &left))) {
        char *data = NULL;
        long connected = 0;
        if (msg->msg != CURLMSG_DONE)
            continue;
        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &data);
        (void) curl_easy_getinfo(msg->easy_handle, CURLINFO_NUM_CONNECTS,
                                 &connected);
        struct transfer *transfer = (struct transfer *) (void *) data;
        self->connected += (uint64_t) connected;
        struct model_outcome outcome =
            troupe__transfer_finish(transfer, msg->data.result);
        rc = answer(ctx, &transfer->token, &outcome, &transfer->answer);
        end_transfer(self, transfer);
    }
    return rc;
}

static int
drive(troupe_context_t *ctx, struct backend *self, curl_socket_t fd, int flags)
{
    int running = 0;
    CURLMcode code = curl_multi_socket_action(self->multi, fd, flags, &running);
    return code == CURLM_OK ? 0
                            : troupe_fail(ctx, -EIO, "libcurl: %s",
                                          curl_multi_strerror(code));
}

static int
on_ready(troupe_context_t *ctx, void *state, int fd, short what)
{
    struct backend *self = state;
    struct epoll_event events[EVENTS];
    (void) what;
    self->ctx = ctx;
    int count = epoll_wait(fd, events, EVENTS, 0), rc = 0;
    for (int i = 0; i < count && rc == 0; i++) {
        uint32_t is = events[i].events;
        int flags = (is & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0)
                    | (is & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                    | (is & EPOLLERR ? CURL_CSELECT_ERR : 0);
        rc = drive(ctx, self, events[i].data.fd, flags);
    }
    if (rc == 0)
        rc = collect(ctx, self);
    self->ctx = NULL;
    return rc;
}

static int
on_time(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct backend *self = state;
    (void) msg;
    self->ctx = ctx;
    int rc = drive(ctx, self, CURL_SOCKET_TIMEOUT, 0);
    if (rc == 0)
        rc = collect(ctx, self);
    self->ctx = NULL;
    return rc;
}

static void
begin_curl(void)
{
    (void) curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int
backend_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct backend *self = state;
    uint64_t connections = CONNECTIONS;
    const void *body = NULL;
    size_t size = 0;
    body = troupe_message_body(msg, &size);
    bool nil = size == 1 && *(const unsigned char *) body == 0xc0;
    if (!nil
        && (troupe_unpack(msg, "{s?U}", "connections", &connections) < 0
            || connections < 1 || connections > 65535))
        return troupe_fail(ctx, -EINVAL,
                           "a model backend wants {connections}, 1 to 65535");
    (void) pthread_once(&once, begin_curl);
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->multi = curl_multi_init();
    if (self->epoll < 0 || !self->multi)
        return troupe_fail(ctx, -EMFILE, "no descriptor for the connections");
    CURLM *multi = self->multi;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, self);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, self);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      (long) connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) connections);
    return troupe_watch(ctx, self->epoll, POLLIN, on_ready);
}

/* Milliseconds until a deadline; 0: none. */
static uint32_t
time_left_ms(troupe_context_t *ctx, uint64_t deadline_ns)
{
    uint64_t now_ns = troupe_time_ns(ctx);
    if (deadline_ns == 0)
        return 0;
    uint64_t left =
        deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS : 0;
    return left == 0 ? 1 : left > INT32_MAX ? INT32_MAX : (uint32_t) left;
}

static int
begin_transfer(troupe_context_t *ctx, struct backend *self,
               struct transfer *transfer, troupe_token_t token)
{
    transfer->token = token;
    transfer->next = self->transfers;
    self->transfers = transfer;
    self->calls += 1;
    self->open += 1;
    self->ctx = ctx;
    CURLMcode code = curl_multi_add_handle(self->multi, transfer->easy);
    self->ctx = NULL;
    return code == CURLM_OK ? 0
                            : troupe_fail(ctx, -EIO, "libcurl: %s",
                                          curl_multi_strerror(code));
}

static int
on_complete(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model_request request = {.temperature = 0};
    troupe_trace_t trace;
    char parent[TROUPE_TRACE_TEXT];
    int rc = troupe_unpack(
        msg, "{s:s, s:s, s:s?, s:s?, s:s, s:s?, s:U, s:f, s:b, s:U}", "url",
        &request.url, "model", &request.model, "key_env", &request.key_env,
        "system", &request.system, "prompt", &request.prompt, "schema",
        &request.schema, "max_tokens", &request.max_tokens, "temperature",
        &request.temperature, "stream", &request.stream, "size_max",
        &request.size_max);
    troupe_token_t token;
    if (rc < 0)
        return troupe_reply_error(ctx, -EINVAL, "not such a request");
    if (troupe_trace_get(ctx, &trace))
        request.traceparent = troupe_trace_text(&trace, parent);
    if (troupe_defer(ctx, &token) < 0)
        return 0; /* a tell: nobody waits for it */
    struct model_outcome outcome;
    struct transfer *transfer = NULL;
    rc = troupe__transfer_new(
        &request, time_left_ms(ctx, troupe_message_deadline_ns(msg)), &outcome,
        &transfer);
    return rc < 0 ? answer(ctx, &token, &outcome, NULL)
                  : begin_transfer(ctx, state, transfer, token);
}

static int
on_post(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct post_request request = {.url = NULL};
    int rc = troupe_unpack(msg, "{s:s, s:s?, s:s}", "url", &request.url,
                           "headers_env", &request.headers_env, "body",
                           &request.body);
    if (rc < 0)
        return troupe_reply_error(ctx, -EINVAL, "not such a post");
    struct model_outcome outcome;
    struct transfer *transfer = NULL;
    troupe_token_t token;
    if (troupe_defer(ctx, &token) < 0)
        return 0; /* a tell: nobody waits for it */
    rc = troupe__transfer_post(
        &request, time_left_ms(ctx, troupe_message_deadline_ns(msg)), &outcome,
        &transfer);
    return rc < 0 ? answer(ctx, &token, &outcome, NULL)
                  : begin_transfer(ctx, state, transfer, token);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct backend *self = state;
    troupe_token_t token = troupe_token_read(msg);
    self->ctx = ctx;
    for (struct transfer *it = self->transfers; it; it = it->next) {
        if (it->token.id == token.id) {
            end_transfer(self, it);
            break;
        }
    }
    self->ctx = NULL;
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct backend *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U}", "calls", self->calls, "open",
                        self->open, "connected", self->connected);
}

static void
backend_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct backend *self = state;
    (void) reason;
    while (self->transfers)
        end_transfer(self, self->transfers);
    if (self->multi)
        (void) curl_multi_cleanup(self->multi);
    if (self->epoll > 0) {
        (void) troupe_unwatch(ctx, self->epoll);
        close(self->epoll);
    }
}

TROUPE_KIND(troupe_model_backend, struct backend,
            TROUPE_ON_START(backend_start), TROUPE_ON("complete", on_complete),
            TROUPE_ON("post", on_post), TROUPE_ON("state", on_state),
            TROUPE_ON(TIME, on_time), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(backend_stop));
