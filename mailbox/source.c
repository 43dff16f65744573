/* SPDX-License-Identifier: Apache-2.0 */
/* source.c: a reader's sleep, until there is something to read. */
#include "mailbox/source.h"

#include <string.h>

#include "mailbox/check.h"
#include "mailbox/socket.h"

/* False: it has nothing, and says so when that changes. */
static bool
has_any(const struct troupe__source *source)
{
    int events = 0;
    size_t size = sizeof events;
    if (*source->armed)
        return false;
    if (zmq_getsockopt(source->socket, ZMQ_EVENTS, &events, &size) < 0)
        return true; /* interrupted, maybe with a command in hand: once more */
    *source->armed = !(events & ZMQ_POLLIN);
    return events & ZMQ_POLLIN;
}

bool
troupe__sources_wait(const struct troupe__source *sources, size_t source_count,
                     struct pollfd *fds, size_t count, long timeout_ms)
{
    struct pollfd all[TROUPE__SOURCES_MAX + TROUPE__SOURCES_FDS_MAX];
    CHECK(source_count <= TROUPE__SOURCES_MAX);
    CHECK(count <= TROUPE__SOURCES_FDS_MAX);
    bool any = false;
    for (size_t i = 0; i < source_count; i++) {
        any |= has_any(&sources[i]);
        all[i] = (struct pollfd){.fd = sources[i].fd, .events = POLLIN};
    }
    if (count > 0)
        memcpy(&all[source_count], fds, count * sizeof *fds);
    int ready = poll(all, source_count + count, any ? 0 : (int) timeout_ms);
    for (size_t i = 0; i < source_count; i++)
        *sources[i].armed =
            *sources[i].armed && (ready <= 0 || !all[i].revents);
    for (size_t i = 0; i < count; i++)
        fds[i].revents = ready > 0 ? all[source_count + i].revents : 0;
    return any || ready > 0;
}
