/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: files read as plain text, the same text each time. */
#ifndef TROUPE_DOCUMENT_H
#define TROUPE_DOCUMENT_H

#include "troupe_base.h"

#include <stddef.h>

typedef struct troupe_document troupe_document_t;

/*
 * troupe_document_read: read a file as plain text.
 *
 *   path          a text, Markdown or HTML file or a manual page, gzipped or
 *                 not, told by its name and by its first bytes.
 *   size_max      largest size in bytes, once unpacked; 0 means 16 MiB.
 *   ret_document  out: the document, owned by the caller; on error too, then
 *                 holding only the reason, see troupe_document_note().
 *   returns       0, or
 *                 -ENOENT   there is no such file, or the page that it stands
 *                           for (.so) is missing
 *                 -EACCES   it may not be read
 *                 -ELOOP    links that lead back to themselves
 *                 -EINVAL   it is not a regular file
 *                 -EFBIG    it is larger than size_max
 *                 -EBADMSG  it is not text, or damaged
 *                 -ENODATA  there is no text in it
 *                 -EPROTO   a manual page, and mandoc is missing or failed
 *                 -EIO      reading it failed
 *   order         the text depends on the file's bytes and on the versions of
 *                 libxml2, md4c and mandoc alone.
 */
TROUPE_MUST int troupe_document_read(const char *path, size_t size_max,
                                     troupe_document_t **ret_document);

/* troupe_document_text: UTF-8 text, NUL-ended; valid while it lives. */
TROUPE_API const char *troupe_document_text(const troupe_document_t *self);

/* troupe_document_size: length of the text in bytes. */
TROUPE_API size_t troupe_document_size(const troupe_document_t *self);

/* troupe_document_title: title, or the file's name; valid while it lives. */
TROUPE_API const char *troupe_document_title(const troupe_document_t *self);

/* troupe_document_kind: "text", "markdown", "html" or "manual page". */
TROUPE_API const char *troupe_document_kind(const troupe_document_t *self);

/* troupe_document_note: what a reader should know ("read as Latin-1", or why
 * it could not be read), or "". */
TROUPE_API const char *troupe_document_note(const troupe_document_t *self);

/* troupe_document_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_document_destroy(troupe_document_t **self_p);

#endif
