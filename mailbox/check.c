/* SPDX-License-Identifier: Apache-2.0 */
/* check.c: where a failed check and an empty memory end the process. */
#include "mailbox/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
troupe__check_failed(const char *truth, const char *file, int line)
{
    fprintf(stderr, "troupe: %s:%d: check failed: %s\n", file, line, truth);
    abort();
}

_Noreturn void
troupe__out_of_memory(size_t size)
{
    fprintf(stderr, "troupe: out of memory: %zu bytes refused\n", size);
    abort();
}

static void *
or_die(void *memory, size_t size)
{
    if (!memory)
        troupe__out_of_memory(size);
    return memory;
}

void *
troupe__alloc(size_t size)
{
    return or_die(calloc(1, size ? size : 1), size);
}

void *
troupe__realloc(void *old, size_t size)
{
    return or_die(realloc(old, size ? size : 1), size);
}

char *
troupe__strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(or_die(malloc(size), size), text, size);
}
