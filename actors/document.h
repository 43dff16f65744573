/* SPDX-License-Identifier: Apache-2.0 */
/* document.h: what the readers of each kind of file share. */
#ifndef TROUPE_ACTORS_DOCUMENT_H
#define TROUPE_ACTORS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "troupe_document.h"

#include "actors/text.h"

#define TROUPE__FILE_SIZE_MAX ((size_t) 16 << 20)

/* Why a file is none that one would want to read. */
#define TROUPE__EMPTY    "empty"
#define TROUPE__NOT_TEXT "not text"

enum troupe__kind {
    TROUPE__KIND_TEXT,
    TROUPE__KIND_MARKDOWN,
    TROUPE__KIND_HTML,
    TROUPE__KIND_MANUAL
};

enum troupe__block_kind {
    TROUPE__BLOCK_HEADING,
    TROUPE__BLOCK_PROSE,
    TROUPE__BLOCK_CODE, /* lines stay as they are: code, tables, synopses */
    TROUPE__BLOCK_TERM  /* what the next block explains: "-x, --foo" */
};

/* A stretch of the text; blocks are in order and do not overlap. */
struct troupe__block {
    size_t start;
    size_t end;
    enum troupe__block_kind kind;
    uint8_t level; /* heading: 1 ..; others: how deep they are indented */
    bool item;     /* first block of a list item, or its term */
};

struct troupe_document {
    struct troupe__text text;
    struct troupe__text title;
    struct troupe__text names; /* more words to find it by */
    struct troupe__text note;
    struct troupe__text alias; /* path that a ".so" page stands for */
    enum troupe__kind kind;
    struct troupe__block *blocks;
    size_t block_count;
    size_t block_capacity;
    int rc; /* 0, or why it could not be read */
};

/*
 * troupe__file_read: a whole regular file, unpacked if it is gzipped.
 *
 *   text      out: its bytes; to be freed on error too.
 *   note      out: the reason, on error.
 *   returns   as troupe_document_read().
 */
int troupe__file_read(const char *path, size_t size_max,
                      struct troupe__text *text, struct troupe__text *note);

/* troupe__document_new: an empty document. */
struct troupe_document *troupe__document_new(void);

/* troupe__document_fail: keep a reason; returns rc. */
int troupe__document_fail(struct troupe_document *self, int rc,
                          const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* troupe__document_block: add a block that ends where the text ends. */
void troupe__document_block(struct troupe_document *self,
                            enum troupe__block_kind kind, size_t start,
                            unsigned level, bool item);

/*
 * troupe__documents_read: read several files, the manual pages among them
 * with few processes.
 *
 *   paths      `count` paths.
 *   documents  out: one each, with rc set; owned by the caller.
 */
void troupe__documents_read(const char *const *paths, size_t count,
                            size_t size_max,
                            struct troupe_document **documents);

/*
 * troupe__document_of: a document that is no file: HTML, Markdown or text.
 *
 *   name     stands in for a title that is missing; as a path does.
 *   source   consumed.
 *   returns  owned by the caller; its rc says whether it could be read.
 */
struct troupe_document *troupe__document_of(const char *name,
                                            enum troupe__kind kind,
                                            struct troupe__text *source);

/* troupe__html_read: turn HTML into text and blocks.
 *   encoding  of the bytes, or NULL: as they say themselves. */
void troupe__html_read(struct troupe_document *self, const char *html,
                       size_t size, const char *encoding);

/* troupe__markdown_read: turn Markdown into text and blocks. */
void troupe__markdown_read(struct troupe_document *self,
                           const struct troupe__text *source);

/* troupe__plain_read: take over `source` as the text, and find its blocks. */
void troupe__plain_read(struct troupe_document *self,
                        struct troupe__text *source);

/* A manual page on its way through mandoc. */
struct troupe__page {
    const char *path;                  /* for its name and section */
    const struct troupe__text *source; /* roff, UTF-8 */
    struct troupe_document *document;  /* out; rc is set on failure */
};

/* troupe__manual_looks: true when the text begins like a manual page. */
bool troupe__manual_looks(const struct troupe__text *source);

/* troupe__manual_alias: the path in ".so path" of a page that has only that,
 * as an offset and size; false if it is a page of its own. */
bool troupe__manual_alias(const struct troupe__text *source, size_t *ret_start,
                          size_t *ret_size);

/* troupe__manual_read: read `count` pages with as few processes as we can. */
void troupe__manual_read(struct troupe__page *pages, size_t count);

#endif
