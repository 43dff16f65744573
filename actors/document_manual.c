/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_manual.c: manual pages, formatted by mandoc(1).
 *
 * One mandoc process formats a batch of pages to HTML: starting a process
 * takes longer than formatting a page. Each page is handed over in a memory
 * file, already unpacked and in UTF-8, so that mandoc opens no file of the
 * corpus. Its output is cut at the head of each page; when there are not as
 * many heads as pages, or mandoc fails or hangs, each page is tried alone.
 */
#include "actors/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/formatter.h"
#include "mailbox/check.h"

#define HEAD "<table class=\"head\">"

static bool
starts_with_any(const char *s, size_t size, const char *const *starts)
{
    for (; *starts; starts++) {
        size_t length = strlen(*starts);
        if (size >= length && memcmp(s, *starts, length) == 0)
            return true;
    }
    return false;
}

/* A page begins with a request, and soon has a title or a section. */
bool
troupe__manual_looks(const struct troupe__text *source)
{
    static const char *const titles[] = {".TH ", ".Dd",  ".Dt ", ".SH ",
                                         ".Sh ", ".so ", NULL};
    /* Some begin with a comment whose dot was forgotten. */
    static const char *const requests[] = {".", "'", "\\\"", NULL};
    bool begun = false;
    size_t at = 0;
    for (int lines = 0; at < source->size && lines < 400; lines++) {
        const char *s = source->data + at;
        const char *stop = memchr(s, '\n', source->size - at);
        size_t size = stop ? (size_t) (stop - s) : source->size - at;
        at += size + 1;
        if (size == 0)
            continue;
        if (!begun && !starts_with_any(s, size, requests))
            return false;
        begun = true;
        if (starts_with_any(s, size, titles))
            return true;
    }
    return false;
}

bool
troupe__manual_alias(const struct troupe__text *source, size_t *ret_start,
                     size_t *ret_size)
{
    bool found = false;
    for (size_t at = 0; at < source->size;) {
        const char *s = source->data + at;
        const char *stop = memchr(s, '\n', source->size - at);
        size_t size = stop ? (size_t) (stop - s) : source->size - at;
        if (size > 4 && memcmp(s, ".so ", 4) == 0 && !found) {
            found = true;
            size_t skip = 4;
            while (skip < size && s[skip] == ' ')
                skip++;
            size_t end = size;
            while (end > skip && isspace((unsigned char) s[end - 1]))
                end--;
            *ret_start = at + skip;
            *ret_size = end - skip;
        } else if (size > 0 && memcmp(s, ".\\\"", size < 3 ? size : 3) != 0
                   && memcmp(s, "'\\\"", size < 3 ? size : 3) != 0) {
            return false; /* a page of its own, with more in it */
        }
        at += size + 1;
    }
    return found && *ret_size > 0;
}

/* "/a/man2/open.2.gz" is page "open" of section "2". */
static void
split_name(const char *path, struct troupe__text *name,
           struct troupe__text *section)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    size_t size = strlen(base);
    if (size > 3 && strcmp(base + size - 3, ".gz") == 0)
        size -= 3;
    size_t dot = size;
    while (dot > 0 && base[dot - 1] != '.')
        dot--;
    if (dot > 1 && dot < size) {
        troupe__text_put(name, base, dot - 1);
        troupe__text_put(section, base + dot, size - dot);
    } else {
        troupe__text_put(name, base, size);
    }
}

/* The one line of the section NAME: "open, openat, creat - open a file". */
static const struct troupe__block *
name_line(const struct troupe_document *doc)
{
    for (size_t i = 0; i + 1 < doc->block_count && i < 8; i++) {
        const struct troupe__block *next = &doc->blocks[i + 1];
        if (doc->blocks[i].kind == TROUPE__BLOCK_HEADING
            && next->kind == TROUPE__BLOCK_PROSE)
            return next;
    }
    return NULL;
}

/* Where " - " or " -- " or a long dash splits names from their purpose. */
static size_t
find_dash(const char *s, size_t size, size_t *ret_after)
{
    static const char *const dashes[] = {" - ", " -- ", " \xe2\x80\x93 ",
                                         " \xe2\x80\x94 ", " \xe2\x88\x92 "};
    size_t best = size;
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++) {
        const char *at = memmem(s, size, dashes[i], strlen(dashes[i]));
        if (at && (size_t) (at - s) < best) {
            best = (size_t) (at - s);
            *ret_after = best + strlen(dashes[i]);
        }
    }
    return best;
}

static void
take_title(struct troupe_document *doc, const char *path)
{
    struct troupe__text name = {0}, section = {0};
    split_name(path, &name, &section);
    troupe__text_clear(&doc->title);
    troupe__text_puts(&doc->title, troupe__text_string(&name));
    if (section.size > 0)
        troupe__text_printf(&doc->title, "(%s)", section.data);
    const struct troupe__block *line = name_line(doc);
    if (line) {
        const char *s = doc->text.data + line->start;
        size_t size = line->end - line->start, after = 0;
        size_t dash = find_dash(s, size, &after);
        if (dash < size && size < 400) {
            troupe__text_puts(&doc->title, " - ");
            troupe__text_put(&doc->title, s + after, size - after);
            troupe__text_put(&doc->names, s, dash);
        }
    }
    troupe__text_free(&name);
    troupe__text_free(&section);
}

static void
take_page(struct troupe__page *page, const char *html, size_t size)
{
    struct troupe_document *doc = page->document;
    doc->kind = TROUPE__KIND_MANUAL;
    troupe__html_read(doc, html, size, "UTF-8");
    take_title(doc, page->path);
    doc->rc = 0;
}

static size_t
count_heads(const struct troupe__text *html)
{
    size_t count = 0;
    for (const char *at = html->data; at && (at = strstr(at, HEAD)); at++)
        count++;
    return count;
}

static void
take_pages(struct troupe__page *pages, size_t count,
           const struct troupe__text *html)
{
    const char *at = strstr(html->data, HEAD);
    for (size_t i = 0; i < count; i++) {
        CHECK(at);
        const char *next = strstr(at + 1, HEAD);
        size_t size = next ? (size_t) (next - at) : strlen(at);
        take_page(&pages[i], at, size);
        at = next;
    }
}

static int
read_batch(struct troupe__page *pages, size_t count)
{
    const struct troupe__text *sources[TROUPE__FORMAT_MAX];
    CHECK(count <= TROUPE__FORMAT_MAX);
    for (size_t i = 0; i < count; i++)
        sources[i] = pages[i].source;
    struct troupe__text html = {0};
    int rc = troupe__format(sources, count, &html);
    if (rc == 0
        && (html.size == 0 || strlen(html.data) != html.size
            || count_heads(&html) != count))
        rc = -EBADMSG;
    if (rc == 0)
        take_pages(pages, count, &html);
    troupe__text_free(&html);
    return rc;
}

static void
fail_page(struct troupe__page *page, int rc)
{
    if (rc == -ENOENT) {
        troupe__document_fail(page->document, -EPROTO,
                              "a manual page, and mandoc is not installed "
                              "(Debian package mandoc)");
    } else if (rc == -ETIMEDOUT) {
        troupe__document_fail(page->document, -EPROTO,
                              "mandoc took too long for it");
    } else {
        troupe__document_fail(page->document, -EPROTO, "mandoc failed on it");
    }
}

void
troupe__manual_read(struct troupe__page *pages, size_t count)
{
    for (size_t at = 0; at < count;) {
        size_t size = count - at;
        if (size > TROUPE__FORMAT_MAX)
            size = TROUPE__FORMAT_MAX;
        int rc = read_batch(pages + at, size);
        for (size_t i = 0; rc < 0 && i < size; i++) {
            int rc_one = rc;
            if (size > 1 && rc != -ENOENT)
                rc_one = read_batch(pages + at + i, 1);
            if (rc_one < 0)
                fail_page(&pages[at + i], rc_one);
        }
        at += size;
    }
}
