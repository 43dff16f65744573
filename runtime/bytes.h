/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h: values that are packed now and sent later. */
#ifndef TROUPE_RUNTIME_BYTES_H
#define TROUPE_RUNTIME_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * troupe__bytes_pack: one value by a format, in malloc'ed memory, to be sent
 * with "r".
 *
 *   ret_bytes  out: for free(); untouched on error, as ret_size.
 *   returns    0, or as troupe_send() for the format
 */
int troupe__bytes_pack(void **ret_bytes, size_t *ret_size, const char *format,
                       va_list *args);

/* troupe__bytes_packf: the same with the arguments themselves. */
int troupe__bytes_packf(void **ret_bytes, size_t *ret_size, const char *format,
                        ...);

/* troupe__bytes_check: true when they are exactly one msgpack value. */
bool troupe__bytes_check(const void *bytes, size_t size);

#endif
