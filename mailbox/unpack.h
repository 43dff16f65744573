/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h: the state of a reading format, shared by its two halves. */
#ifndef TROUPE_MAILBOX_UNPACK_H
#define TROUPE_MAILBOX_UNPACK_H

#include <stdarg.h>

#include "mailbox/arena.h"
#include "mailbox/cursor.h"

/* A container that is being read. */
struct troupe__level {
    const uint8_t *first; /* its first item */
    const uint8_t *at;    /* the item, or the key, that is looked at next */
    uint64_t count;       /* items, or pairs, in all */
    uint64_t index;       /* those before `at` */
    uint64_t taken;       /* those that the format asked for */
    bool is_map;
    bool is_absent; /* an optional one that is not there */
};

struct troupe__reader {
    struct troupe__cursor cursor; /* at the value that is read next */
    const char *format;           /* the next letter */
    va_list *args;
    struct troupe__arena *arena;
    size_t depth;
    struct troupe__level levels[WIRE_DEPTH_MAX];
};

/*
 * troupe__read_scalar: read what the cursor stands at into the arguments of
 * `letter`, which is any letter but those of containers.
 *
 *   returns  0, -EBADMSG, -ERANGE or -EINVAL as troupe_unpack
 */
int troupe__read_scalar(struct troupe__reader *self, char letter);

/* troupe__pass_scalar: step over the arguments of `letter`; 0 or -EINVAL. */
int troupe__pass_scalar(struct troupe__reader *self, char letter);

#endif
