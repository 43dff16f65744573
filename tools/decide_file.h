/* SPDX-License-Identifier: Apache-2.0 */
/* decide_file.h: a decision in a file of YAML or JSON. */
#ifndef TROUPE_TOOLS_DECIDE_FILE_H
#define TROUPE_TOOLS_DECIDE_FILE_H

#include <stddef.h>

#include "tools/findings.h"

/*
 * troupe__decide_read: read and check the decision at findings->path.
 *
 *   ret_bytes  out: as msgpack, to be freed.
 *   returns    0, or -EINVAL after at least one finding
 */
int troupe__decide_read(struct troupe__findings *findings, void **ret_bytes,
                        size_t *ret_size);

#endif
