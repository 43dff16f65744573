/* SPDX-License-Identifier: Apache-2.0 */
/* formatter.h: mandoc(1) as a function from manual pages to HTML. */
#ifndef TROUPE_ACTORS_FORMATTER_H
#define TROUPE_ACTORS_FORMATTER_H

#include "actors/text.h"

#define TROUPE__FORMAT_MAX ((size_t) 64)

/*
 * troupe__format: run mandoc once over some manual pages.
 *
 *   sources  1 .. TROUPE__FORMAT_MAX pages, roff in UTF-8.
 *   html     out: fragments of HTML one behind the other, each beginning
 *            with <table class="head">; to be freed on error too.
 *   returns  0, or
 *            -ENOENT     mandoc is not installed
 *            -ETIMEDOUT  it did not end in time (10 s and 1 s per page)
 *            -EFBIG      it wrote more than any page can be worth
 *            -EIO        a process, pipe or memory file could not be made
 *   threads  any
 */
int troupe__format(const struct troupe__text *const *sources, size_t count,
                   struct troupe__text *html);

#endif
