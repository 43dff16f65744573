/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c: values that are packed now and sent later. */
#include "runtime/bytes.h"

#include "mailbox/check.h"
#include "mailbox/pack.h"

/* A value inside a value inside a message may be as large as all of it. */
enum { ELEMENTS_MAX = 1 << 24 };

int
troupe__bytes_pack(void **ret_bytes, size_t *ret_size, const char *format,
                   va_list *args)
{
    CHECK(ret_bytes && ret_size);
    struct troupe__buffer out = {0};
    int rc = troupe__pack(&out, format, args);
    if (rc < 0) {
        troupe__buffer_free(&out);
        return rc;
    }
    *ret_bytes = out.data;
    *ret_size = out.size;
    return 0;
}

int
troupe__bytes_packf(void **ret_bytes, size_t *ret_size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__bytes_pack(ret_bytes, ret_size, format, &args);
    va_end(args);
    return rc;
}

bool
troupe__bytes_check(const void *bytes, size_t size)
{
    if (!bytes)
        return false;
    const uint8_t *at = bytes;
    ptrdiff_t used = troupe__value_size(at, at + size, ELEMENTS_MAX);
    return used > 0 && (size_t) used == size;
}
