/* SPDX-License-Identifier: Apache-2.0 */
/* document.c: files read as plain text, whatever they are. */
#include "actors/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mailbox/check.h"

#define ALIAS_DEPTH_MAX 8

struct troupe_document *
troupe__document_new(void)
{
    return troupe__alloc(sizeof(struct troupe_document));
}

void
troupe_document_destroy(troupe_document_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    struct troupe_document *self = *self_p;
    troupe__text_free(&self->text);
    troupe__text_free(&self->title);
    troupe__text_free(&self->names);
    troupe__text_free(&self->note);
    troupe__text_free(&self->alias);
    free(self->blocks);
    free(self);
    *self_p = NULL;
}

int
troupe__document_fail(struct troupe_document *self, int rc, const char *format,
                      ...)
{
    char reason[256];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    troupe__text_clear(&self->note);
    troupe__text_puts(&self->note, reason);
    self->rc = rc;
    return rc;
}

void
troupe__document_block(struct troupe_document *self,
                       enum troupe__block_kind kind, size_t start,
                       unsigned level, bool item)
{
    CHECK(start <= self->text.size);
    if (self->block_count == self->block_capacity) {
        self->block_capacity =
            self->block_capacity ? self->block_capacity * 2 : 32;
        self->blocks = troupe__realloc(
            self->blocks, self->block_capacity * sizeof *self->blocks);
    }
    self->blocks[self->block_count++] =
        (struct troupe__block){.start = start,
                               .end = self->text.size,
                               .kind = kind,
                               .level = (uint8_t) (level > 255 ? 255 : level),
                               .item = item};
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ".md" for "/x/README.md.gz"; `ret` holds what fits. */
static void
extension(const char *path, char *ret, size_t size)
{
    const char *base = base_name(path);
    size_t length = strlen(base);
    if (length > 3 && strcasecmp(base + length - 3, ".gz") == 0)
        length -= 3;
    size_t dot = length;
    while (dot > 0 && base[dot - 1] != '.')
        dot--;
    size_t at = 0;
    for (size_t i = dot; dot > 0 && i < length && at + 1 < size; i++)
        ret[at++] = (char) tolower((unsigned char) base[i]);
    ret[at] = 0;
}

static bool
looks_like_html(const struct troupe__text *source)
{
    size_t at = 0;
    while (at < source->size && isspace((unsigned char) source->data[at]))
        at++;
    static const char *const starts[] = {"<!doctype html", "<html", "<head",
                                         "<?xml"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncasecmp(source->data + at, starts[i], strlen(starts[i])) == 0)
            return i < 3 || strcasestr(source->data, "<html") != NULL;
    return false;
}

static enum troupe__kind
kind_of(const char *path, const struct troupe__text *source)
{
    char ext[16];
    extension(path, ext, sizeof ext);
    if (strcmp(ext, "txt") == 0)
        return TROUPE__KIND_TEXT;
    if (strcmp(ext, "md") == 0 || strcmp(ext, "markdown") == 0)
        return TROUPE__KIND_MARKDOWN;
    if (strcmp(ext, "html") == 0 || strcmp(ext, "htm") == 0
        || strcmp(ext, "xhtml") == 0 || looks_like_html(source))
        return TROUPE__KIND_HTML;
    return troupe__manual_looks(source) ? TROUPE__KIND_MANUAL
                                        : TROUPE__KIND_TEXT;
}

/* HTML names its own encoding; only UTF-8 can be told from the bytes. */
static void
read_html(struct troupe_document *self, struct troupe__text *raw)
{
    const char *encoding = NULL;
    bool wide = raw->size >= 2
                && (memcmp(raw->data, "\xff\xfe", 2) == 0
                    || memcmp(raw->data, "\xfe\xff", 2) == 0);
    if (memchr(raw->data, 0, raw->size)
        && (unsigned char) raw->data[0] < 0xfe) {
        troupe__document_fail(self, -EBADMSG, TROUPE__NOT_TEXT);
        return;
    }
    if (troupe__utf8_is_valid(raw->data, raw->size)) {
        encoding = "UTF-8";
    } else if (!wide) {
        troupe__text_puts(&self->note, "not UTF-8: read as the page says, or "
                                       "as Latin-1");
        size_t head = raw->size < 2048 ? raw->size : 2048;
        if (!memmem(raw->data, head, "charset", 7)
            && !memmem(raw->data, head, "encoding", 8))
            encoding = "ISO-8859-1";
    }
    troupe__html_read(self, raw->data, raw->size, encoding);
    if (!troupe__utf8_is_valid(troupe__text_string(&self->text),
                               self->text.size)) {
        troupe__document_fail(self, -EBADMSG,
                              "not text in any encoding we "
                              "know");
    }
}

/* All but HTML; a manual page is left as it is. */
static void
read_plain(struct troupe_document *self, struct troupe__text *source)
{
    const char *note = "";
    if (troupe__text_decode(source, &note) < 0) {
        troupe__document_fail(self, -EBADMSG, TROUPE__NOT_TEXT);
        return;
    }
    troupe__text_puts(&self->note, note);
    if (self->kind == TROUPE__KIND_MARKDOWN)
        troupe__markdown_read(self, source);
    else if (self->kind == TROUPE__KIND_TEXT)
        troupe__plain_read(self, source);
}

/* Reads a file up to the point where only mandoc can go on: then `source` is
 * a manual page. Otherwise the document is complete. */
static void
read_source(struct troupe_document *self, const char *path, size_t size_max,
            struct troupe__text *source)
{
    self->rc = troupe__file_read(path, size_max, source, &self->note);
    if (self->rc < 0)
        return;
    if (source->size == 0) {
        troupe__document_fail(self, -ENODATA, TROUPE__EMPTY);
        return;
    }
    self->kind = kind_of(path, source);
    if (self->kind == TROUPE__KIND_HTML) {
        read_html(self, source);
        return;
    }
    read_plain(self, source);
}

/* ".so man2/open.2" in /m/man2/creat.2.gz is /m/man2/open.2, or that with
 * ".gz"; the path is taken from the directory above the page's. */
static bool
alias_path(const char *path, const char *name, size_t size,
           struct troupe__text *ret)
{
    if (size == 0 || name[0] == '/' || memmem(name, size, "..", 2))
        return false;
    const char *base = base_name(path);
    size_t dir = (size_t) (base - path);
    troupe__text_put(ret, path, dir);
    if (memchr(name, '/', size))
        troupe__text_puts(ret, "../");
    troupe__text_put(ret, name, size);
    if (access(ret->data, F_OK) == 0)
        return true;
    troupe__text_puts(ret, ".gz");
    return access(ret->data, F_OK) == 0;
}

/* Follows the ".so" of a page that only stands for another one. */
static void
follow_alias(struct troupe_document *self, const char *path, size_t size_max,
             struct troupe__text *source)
{
    struct troupe__text from = {0};
    troupe__text_puts(&from, path);
    size_t start = 0, size = 0;
    for (int depth = 0; self->rc == 0 && self->kind == TROUPE__KIND_MANUAL
                        && troupe__manual_alias(source, &start, &size);
         depth++) {
        struct troupe__text to = {0};
        if (depth == ALIAS_DEPTH_MAX) {
            troupe__document_fail(self, -ELOOP, "a loop of .so requests");
        } else if (!alias_path(troupe__text_string(&from), source->data + start,
                               size, &to)) {
            troupe__document_fail(self, -ENOENT,
                                  "stands for %.*s, which is "
                                  "missing",
                                  (int) (size > 120 ? 120 : size),
                                  source->data + start);
        } else {
            troupe__text_clear(&self->alias);
            troupe__text_puts(&self->alias, to.data);
            troupe__text_free(source);
            troupe__text_clear(&self->note);
            read_source(self, to.data, size_max, source);
        }
        troupe__text_free(&from);
        from = to;
    }
    troupe__text_free(&from);
}

static void
finish(struct troupe_document *self, const char *path)
{
    if (self->rc == 0 && self->block_count == 0)
        troupe__document_fail(self, -ENODATA, "there is no text in it");
    if (self->rc == 0 && self->text.data[self->text.size - 1] != '\n')
        troupe__text_putc(&self->text, '\n');
    if (self->title.size == 0 && self->block_count > 0
        && self->blocks[0].kind == TROUPE__BLOCK_HEADING
        && self->blocks[0].end - self->blocks[0].start < 200)
        troupe__text_put(&self->title, self->text.data + self->blocks[0].start,
                         self->blocks[0].end - self->blocks[0].start);
    if (self->title.size == 0)
        troupe__text_puts(&self->title, base_name(path));
}

void
troupe__documents_read(const char *const *paths, size_t count, size_t size_max,
                       struct troupe_document **documents)
{
    struct troupe__text *sources = troupe__alloc((count + 1) * sizeof *sources);
    struct troupe__page *pages = troupe__alloc((count + 1) * sizeof *pages);
    size_t page_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct troupe_document *doc = documents[i] = troupe__document_new();
        read_source(doc, paths[i], size_max, &sources[i]);
        follow_alias(doc, paths[i], size_max, &sources[i]);
        if (doc->rc == 0 && doc->kind == TROUPE__KIND_MANUAL) {
            pages[page_count++] = (struct troupe__page){
                .path = doc->alias.size ? doc->alias.data : paths[i],
                .source = &sources[i],
                .document = doc};
        }
    }
    troupe__manual_read(pages, page_count);
    for (size_t i = 0; i < count; i++) {
        finish(documents[i], paths[i]);
        troupe__text_free(&sources[i]);
    }
    free(pages);
    free(sources);
}

struct troupe_document *
troupe__document_of(const char *name, enum troupe__kind kind,
                    struct troupe__text *source)
{
    CHECK(kind != TROUPE__KIND_MANUAL);
    struct troupe_document *self = troupe__document_new();
    self->kind = kind;
    if (source->size == 0)
        troupe__document_fail(self, -ENODATA, TROUPE__EMPTY);
    else if (kind == TROUPE__KIND_HTML)
        read_html(self, source);
    else
        read_plain(self, source);
    finish(self, name);
    troupe__text_free(source);
    return self;
}

int
troupe_document_read(const char *path, size_t size_max,
                     troupe_document_t **ret_document)
{
    CHECK(path);
    CHECK(ret_document);
    if (size_max == 0)
        size_max = TROUPE__FILE_SIZE_MAX;
    if (size_max > UINT32_MAX / 4)
        size_max = UINT32_MAX / 4;
    troupe__documents_read(&path, 1, size_max, ret_document);
    return (*ret_document)->rc;
}

const char *
troupe_document_text(const troupe_document_t *self)
{
    CHECK(self);
    return troupe__text_string(&self->text);
}

size_t
troupe_document_size(const troupe_document_t *self)
{
    CHECK(self);
    return self->text.size;
}

const char *
troupe_document_title(const troupe_document_t *self)
{
    CHECK(self);
    return troupe__text_string(&self->title);
}

const char *
troupe_document_kind(const troupe_document_t *self)
{
    CHECK(self);
    static const char *const names[] = {"text", "markdown", "html",
                                        "manual page"};
    return names[self->kind];
}

const char *
troupe_document_note(const troupe_document_t *self)
{
    CHECK(self);
    return troupe__text_string(&self->note);
}
