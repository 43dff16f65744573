/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_multi.c: many transfers at once in one actor, by libcurl's multi
 * interface. libcurl says which sockets it waits for; they are in an epoll set,
 * which is the one descriptor that the actor watches, however many calls are
 * under way. libcurl's callbacks run only inside our handlers, on our worker.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <poll.h>

#include "troupe_events.h"

#include "actors/http.h"
#include "mailbox/check.h"

#define EVENTS    64
#define NS_PER_MS UINT64_C(1000000)

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *socket)
{
    struct http_multi *self = data;
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
    struct http_multi *self = data;
    (void) multi;
    if (!self->ctx)
        return 0; /* it ends */
    if (timeout_ms < 0)
        (void) troupe_timer_clear(self->ctx, HTTP_TIME);
    else
        return troupe_timer_set(self->ctx, HTTP_TIME, (uint32_t) timeout_ms, 0);
    return 0;
}

/* Take it out of libcurl's hands and the list, and free it. */
static void
end_transfer(struct http_multi *self, struct http_transfer *transfer)
{
    struct http_transfer **at = &self->transfers;
    while (*at && *at != transfer)
        at = &(*at)->next;
    CHECK(*at);
    *at = transfer->next;
    self->open -= 1;
    (void) curl_multi_remove_handle(self->multi, transfer->easy);
    troupe__http_destroy(&transfer);
}

/* Answer whoever libcurl is through with. */
static int
collect(troupe_context_t *ctx, struct http_multi *self)
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
        struct http_transfer *transfer = (struct http_transfer *) (void *) data;
        self->connected += (uint64_t) connected;
        rc = transfer->done(ctx, transfer, msg->data.result);
        end_transfer(self, transfer);
    }
    return rc;
}

static int
drive(troupe_context_t *ctx, struct http_multi *self, curl_socket_t fd,
      int flags)
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
    struct http_multi *self = state;
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

int
troupe__http_multi_time(troupe_context_t *ctx, struct http_multi *self)
{
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

int
troupe__http_multi_start(troupe_context_t *ctx, struct http_multi *self,
                         uint64_t connections)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
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

void
troupe__http_multi_stop(troupe_context_t *ctx, struct http_multi *self)
{
    while (self->transfers)
        end_transfer(self, self->transfers);
    if (self->multi)
        (void) curl_multi_cleanup(self->multi);
    if (self->epoll > 0) {
        (void) troupe_unwatch(ctx, self->epoll);
        close(self->epoll);
    }
}

int
troupe__http_multi_add(troupe_context_t *ctx, struct http_multi *self,
                       struct http_transfer *transfer)
{
    CHECK(transfer->done);
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

void
troupe__http_multi_cancel(troupe_context_t *ctx, struct http_multi *self,
                          const troupe_token_t *token)
{
    self->ctx = ctx;
    for (struct http_transfer *it = self->transfers; it; it = it->next) {
        if (it->token.id == token->id) {
            end_transfer(self, it);
            break;
        }
    }
    self->ctx = NULL;
}

uint32_t
troupe__http_left_ms(troupe_context_t *ctx, uint64_t deadline_ns)
{
    uint64_t now_ns = troupe_time_ns(ctx);
    if (deadline_ns == 0)
        return 0;
    uint64_t left =
        deadline_ns > now_ns ? (deadline_ns - now_ns) / NS_PER_MS : 0;
    return left == 0 ? 1 : left > INT32_MAX ? INT32_MAX : (uint32_t) left;
}
