/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map_held.c: results of `troupe map` that others come before.
 *
 * A shuffled run may end with its first line: nearly all results wait until
 * then. So but for the last few MiB they are in a file without a name, one
 * behind the other; what is in memory of each is where.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/map.h"

enum { MEMORY_MAX = 4 << 20 };

/* Before its bytes, which come in this order. */
struct head {
    troupe_map_result_t result; /* its pointers say nothing */
    size_t key, state, text;
    bool has_votes;
};

static size_t
size_of(const struct head *self)
{
    return self->key + self->state + self->text + self->result.value_size
           + (self->has_votes ? self->result.votes_size : 0);
}

/* --- there ------------------------------------------------------------------*/

static int
open_file(struct troupe__map_held *self)
{
    const char *base = getenv("TMPDIR");
    char *name = troupe__format("%s/troupe-map-XXXXXX",
                                base && *base == '/' ? base : "/tmp");
    self->fd = mkostemp(name, O_CLOEXEC);
    int rc = self->fd < 0 ? -errno : 0;
    self->is_open = rc == 0;
    if (rc == 0)
        unlink(name);
    free(name);
    return rc;
}

/* What is in memory goes behind what is in the file. */
static int
write_out(struct troupe__map_held *self)
{
    int rc = self->is_open ? 0 : open_file(self);
    size_t done = 0;
    while (rc == 0 && done < self->used) {
        ssize_t size = pwrite(self->fd, self->bytes + done, self->used - done,
                              (off_t) (self->base + done));
        if (size >= 0)
            done += (size_t) size;
        else if (errno != EINTR)
            rc = -errno;
    }
    if (rc < 0)
        return rc;
    self->base += self->used;
    self->used = 0;
    return 0;
}

static void
put(struct troupe__map_held *self, const void *bytes, size_t size)
{
    if (size > self->size - self->used) {
        self->size = 2 * self->size + size;
        char *larger = troupe__grab(self->size);
        if (self->used > 0)
            memcpy(larger, self->bytes, self->used);
        free(self->bytes);
        self->bytes = larger;
    }
    if (size > 0)
        memcpy(self->bytes + self->used, bytes, size);
    self->used += size;
}

static int
hold(struct troupe__map_held *self, size_t rank, const troupe_map_result_t *it)
{
    const struct head head = {.result = *it,
                              .key = strlen(it->key) + 1,
                              .state = strlen(it->state) + 1,
                              .text = strlen(it->text) + 1,
                              .has_votes = it->votes != NULL};
    self->places[rank] = self->base + self->used + 1;
    put(self, &head, sizeof head);
    put(self, it->key, head.key);
    put(self, it->state, head.state);
    put(self, it->text, head.text);
    put(self, it->value, it->value_size);
    put(self, it->votes, head.has_votes ? it->votes_size : 0);
    return self->used > MEMORY_MAX ? write_out(self) : 0;
}

/* --- and back ---------------------------------------------------------------*/

static int
get(const struct troupe__map_held *self, uint64_t at, void *ret, size_t size)
{
    if (at >= self->base) {
        memcpy(ret, self->bytes + (at - self->base), size);
        return 0;
    }
    for (size_t done = 0; done < size;) {
        ssize_t more = pread(self->fd, (char *) ret + done, size - done,
                             (off_t) (at + done));
        if (more == 0 || (more < 0 && errno != EINTR))
            return more == 0 ? -EIO : -errno;
        done += more > 0 ? (size_t) more : 0;
    }
    return 0;
}

static int
print(struct troupe__map_output *output, uint64_t at)
{
    const struct troupe__map_held *self = &output->held;
    struct head head;
    int rc = get(self, at, &head, sizeof head);
    if (rc < 0)
        return rc;
    char *bytes = troupe__grab(size_of(&head) + 1);
    rc = get(self, at + sizeof head, bytes, size_of(&head));
    troupe_map_result_t *it = &head.result;
    it->key = bytes;
    it->state = it->key + head.key;
    it->text = it->state + head.state;
    it->value = it->text + head.text;
    it->votes =
        head.has_votes ? (const char *) it->value + it->value_size : NULL;
    if (rc == 0)
        rc = troupe__map_result(output, it);
    free(bytes);
    return rc;
}

/* As far as nothing is missing in between; or all there are. */
static int
release(struct troupe__map_output *output, bool all)
{
    struct troupe__map_held *self = &output->held;
    int rc = 0;
    while (self->places && self->next < output->input->order.count && rc == 0) {
        uint64_t place = self->places[self->next];
        if (place == 0 && !all)
            break;
        self->next++;
        if (place > 0)
            rc = print(output, place - 1);
    }
    return rc;
}

int
troupe__map_result_in_order(struct troupe__map_output *output,
                            const troupe_map_result_t *result)
{
    struct troupe__map_held *self = &output->held;
    const struct troupe__map_order *order = &output->input->order;
    size_t rank = order->ranks[result->number];
    if (!self->places)
        self->places = troupe__grab((order->count + 1) * sizeof *self->places);
    if (rank != self->next) {
        int rc = hold(self, rank, result);
        self->error = rc < 0 ? -rc : 0;
        return rc;
    }
    self->next++;
    int rc = troupe__map_result(output, result);
    return rc < 0 ? rc : release(output, false);
}

int
troupe__map_results_end(struct troupe__map_output *output)
{
    return release(output, true);
}

void
troupe__map_held_free(struct troupe__map_held *self)
{
    if (self->is_open)
        close(self->fd);
    free(self->places);
    free(self->bytes);
    *self = (struct troupe__map_held){0};
}
