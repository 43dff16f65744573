/* SPDX-License-Identifier: Apache-2.0 */
/* gather_children.h: troupe_gather_children() with a list of arguments. */
#ifndef TROUPE_SUPERVISOR_GATHER_CHILDREN_H
#define TROUPE_SUPERVISOR_GATHER_CHILDREN_H

#include "supervisor/gather.h"
#include "troupe_children.h"

int troupe__gather_children_v(troupe_context_t *ctx, troupe_ref_t supervisor,
                              const char *const *ids, size_t count,
                              const char *type,
                              const troupe_gather_options_t *options,
                              const char *format, va_list *args);

#endif
