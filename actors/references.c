/* SPDX-License-Identifier: Apache-2.0 */
/*
 * references.c: which documents name which others, and what they say there.
 *
 * As on the web (Brin & Page 1998), a document that many others name is more
 * often the one that is looked for, and the sentence that names it tells what
 * it is for, often in other words than its own: "use unlink(2) to delete it".
 */
#include "actors/references.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_SIZE_MAX 80
#define BEFORE_MAX    200   /* bytes of a sentence before the name */
#define AFTER_MAX     150   /* and after it */
#define TOLD_MAX      10000 /* sentences kept of one document: no flood */

int
troupe__references_open(struct troupe__references *self,
                        troupe_corpus_t *corpus)
{
    *self = (struct troupe__references){0};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&self->insert_name, "INSERT INTO name(document, name) VALUES(?1, ?2)"},
        {&self->insert_mention,
         "INSERT INTO mention(source, name, said) VALUES(?1, ?2, ?3)"},
        {&self->delete_names, "DELETE FROM name WHERE document = ?1"},
        {&self->delete_mentions, "DELETE FROM mention WHERE source = ?1"},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof all / sizeof *all; i++)
        rc = troupe__corpus_prepare(corpus, all[i].sql, all[i].statement);
    if (rc < 0)
        troupe__references_close(self);
    return rc;
}

void
troupe__references_close(struct troupe__references *self)
{
    sqlite3_finalize(self->insert_name);
    sqlite3_finalize(self->insert_mention);
    sqlite3_finalize(self->delete_names);
    sqlite3_finalize(self->delete_mentions);
    *self = (struct troupe__references){0};
}

static int
run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    return troupe__sqlite_error(sqlite3_reset(statement));
}

int
troupe__references_remove(struct troupe__references *self, int64_t id)
{
    sqlite3_bind_int64(self->delete_names, 1, id);
    int rc = run(self->delete_names);
    sqlite3_bind_int64(self->delete_mentions, 1, id);
    return rc == 0 ? run(self->delete_mentions) : rc;
}

static void
lower(char *s)
{
    for (; *s; s++)
        *s = (char) tolower((unsigned char) *s);
}

static int
add_name(struct troupe__references *self, int64_t id, const char *name,
         size_t size, const char *section, size_t section_size)
{
    char text[NAME_SIZE_MAX];
    if (size == 0 || size + section_size >= sizeof text)
        return 0;
    memcpy(text, name, size);
    memcpy(text + size, section, section_size);
    text[size + section_size] = 0;
    lower(text);
    sqlite3_bind_int64(self->insert_name, 1, id);
    sqlite3_bind_text(self->insert_name, 2, text, -1, SQLITE_STATIC);
    return run(self->insert_name);
}

/* The title begins with "open(2)", and the names are "open, openat, creat". */
static int
add_page_names(struct troupe__references *self, int64_t id,
               const struct troupe_document *document)
{
    const char *title = troupe__text_string(&document->title);
    const char *section = strchr(title, '(');
    const char *end = section ? strchr(section, ')') : NULL;
    if (!end)
        return 0;
    size_t section_size = (size_t) (end - section) + 1;
    size_t own = (size_t) (section - title);
    int rc = add_name(self, id, title, own, section, section_size);
    const char *at = troupe__text_string(&document->names);
    while (rc == 0 && *at) {
        at += strspn(at, ", \n");
        size_t size = strcspn(at, ", \n");
        if (size != own || strncasecmp(at, title, size) != 0)
            rc = add_name(self, id, at, size, section, section_size);
        at += size;
    }
    return rc;
}

int
troupe__references_names(struct troupe__references *self, int64_t id,
                         const char *path,
                         const struct troupe_document *document)
{
    self->told = 0;
    if (document->kind == TROUPE__KIND_MANUAL)
        return add_page_names(self, id, document);
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t size = strlen(base);
    if (size > 3 && strcmp(base + size - 3, ".gz") == 0)
        size -= 3;
    return add_name(self, id, base, size, "", 0);
}

static bool
is_name_byte(char c)
{
    return isalnum((unsigned char) c) || (c && strchr("_.:+-@", c));
}

/* "(2)" or "(3pm)" after a name; returns its size. */
static size_t
section_size(const char *s, size_t size)
{
    if (size < 3 || s[0] != '(' || !isdigit((unsigned char) s[1]))
        return 0;
    size_t i = 2;
    while (i < size && i < 8 && islower((unsigned char) s[i]))
        i++;
    return i < size && s[i] == ')' ? i + 1 : 0;
}

static bool
is_file_name(const char *s, size_t size)
{
    static const char *const ends[] = {".md",   ".markdown", ".txt", ".text",
                                       ".html", ".htm",      ".rst", ".adoc"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t length = strlen(ends[i]);
        if (size > length
            && strncasecmp(s + size - length, ends[i], length) == 0)
            return true;
    }
    return false;
}

static bool
is_between_sentences(const char *s)
{
    return (s[0] == '.' && (s[1] == ' ' || s[1] == '\n'))
           || (s[0] == '\n' && s[1] == '\n');
}

/* The sentence around [*start, *end), or what is near in a long one. */
static void
widen(const char *text, size_t size, size_t *start, size_t *end)
{
    size_t from = *start, to = *end;
    while (from > 0 && *start - from < BEFORE_MAX
           && !(from >= 2 && is_between_sentences(text + from - 2)))
        from--;
    while (to < size && to - *end < AFTER_MAX
           && !(to + 2 <= size && is_between_sentences(text + to)))
        to++;
    while (from < *start && (text[from] & 0xc0) == 0x80)
        from++; /* no half characters */
    while (to > *end && to < size && (text[to] & 0xc0) == 0x80)
        to--;
    *start = from;
    *end = to;
}

static bool
says_nothing(const char *heading)
{
    const char *last = heading;
    for (const char *at = heading; (at = strstr(at, " > ")); at += 3)
        last = at + 3;
    return strcasecmp(last, "SEE ALSO") == 0 || strcasecmp(last, "NAME") == 0;
}

static int
add_mention(struct troupe__references *self, int64_t id, bool silent,
            const char *text, size_t size, size_t start, size_t end)
{
    char name[NAME_SIZE_MAX];
    if (end - start >= sizeof name)
        return 0;
    memcpy(name, text + start, end - start);
    name[end - start] = 0;
    lower(name);
    widen(text, size, &start, &end);
    sqlite3_bind_int64(self->insert_mention, 1, id);
    sqlite3_bind_text(self->insert_mention, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(self->insert_mention, 3, text + start,
                      silent ? 0 : (int) (end - start), SQLITE_STATIC);
    return run(self->insert_mention);
}

int
troupe__references_find(struct troupe__references *self, int64_t id,
                        const char *heading, const char *text, size_t size)
{
    bool silent = says_nothing(heading);
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < size;) {
        size_t start = at;
        while (at < size && is_name_byte(text[at]))
            at++;
        size_t end = at;
        size_t section = section_size(text + at, size - at);
        while (!section && end > start && strchr(".:-", text[end - 1]))
            end--; /* the end of a sentence */
        if (end > start && (section || is_file_name(text + start, end - start)))
            rc = add_mention(self, id, silent || self->told++ >= TOLD_MAX, text,
                             size, start, end + section);
        at += end > start ? section : 0;
        at += at == start;
    }
    return rc;
}

/* A file name that several documents have, as README.md, names none of them;
 * a page that is there in several languages is named in each. */
int
troupe__references_count(troupe_corpus_t *corpus)
{
    return troupe__corpus_exec(
        corpus,
        "BEGIN IMMEDIATE;"
        "DELETE FROM reference;"
        "INSERT INTO reference(document, source, said)"
        " SELECT n.document, m.source, m.said FROM mention m"
        " JOIN name n ON n.name = m.name WHERE n.document <> m.source"
        " AND (n.name LIKE '%)' OR (SELECT count(*) FROM name o"
        "  WHERE o.name = n.name) = 1);"
        "UPDATE document SET links = (SELECT count(DISTINCT source)"
        " FROM reference r WHERE r.document = document.id);"
        "INSERT INTO anchor_fts(anchor_fts) VALUES('delete-all');"
        "INSERT INTO anchor_fts(rowid, title, said)"
        " SELECT id, title || ' ' || names, (SELECT group_concat(said, ' ')"
        "  FROM (SELECT r.said FROM reference r JOIN document s"
        "   ON s.id = r.source WHERE r.document = d.id AND r.said <> ''"
        "   ORDER BY s.path, r.rowid LIMIT 60))"
        " FROM document d WHERE reason IS NULL;"
        "DELETE FROM reference;"
        "COMMIT");
}
