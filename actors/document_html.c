/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_html.c: the text and blocks of HTML, and so of Markdown (which md4c
 * turns into HTML) and of manual pages (which mandoc does).
 *
 * libxml2 calls us for each tag and piece of text; no tree is built.
 */
#include "actors/document.h"

#include <libxml/HTMLparser.h>
#include <md4c-html.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "actors/layout.h"
#include "mailbox/check.h"

struct named_tag {
    const char *name;
    enum tag tag;
};

/* In the order of strcmp, for bsearch. */
static const struct named_tag tags[] = {
    {"address", TAG_BLOCK},  {"article", TAG_BLOCK},
    {"aside", TAG_BLOCK},    {"blockquote", TAG_INDENT},
    {"body", TAG_BLOCK},     {"br", TAG_BREAK},
    {"button", TAG_SKIP},    {"caption", TAG_BLOCK},
    {"center", TAG_BLOCK},   {"dd", TAG_MEANING},
    {"details", TAG_BLOCK},  {"div", TAG_BLOCK},
    {"dl", TAG_LIST},        {"dt", TAG_TERM},
    {"fieldset", TAG_BLOCK}, {"figcaption", TAG_BLOCK},
    {"figure", TAG_BLOCK},   {"footer", TAG_BLOCK},
    {"form", TAG_BLOCK},     {"h1", TAG_HEADING},
    {"h2", TAG_HEADING},     {"h3", TAG_HEADING},
    {"h4", TAG_HEADING},     {"h5", TAG_HEADING},
    {"h6", TAG_HEADING},     {"head", TAG_BLOCK},
    {"header", TAG_BLOCK},   {"hr", TAG_BLOCK},
    {"iframe", TAG_SKIP},    {"li", TAG_ITEM},
    {"main", TAG_BLOCK},     {"menu", TAG_LIST},
    {"nav", TAG_SKIP},       {"noscript", TAG_SKIP},
    {"object", TAG_SKIP},    {"ol", TAG_LIST},
    {"p", TAG_BLOCK},        {"pre", TAG_PRE},
    {"script", TAG_SKIP},    {"section", TAG_BLOCK},
    {"select", TAG_SKIP},    {"style", TAG_SKIP},
    {"summary", TAG_BLOCK},  {"svg", TAG_SKIP},
    {"table", TAG_BLOCK},    {"td", TAG_CELL},
    {"template", TAG_SKIP},  {"textarea", TAG_SKIP},
    {"th", TAG_CELL},        {"title", TAG_TITLE},
    {"tr", TAG_ROW},         {"ul", TAG_LIST}};

static int
compare_tag(const void *name, const void *entry)
{
    const struct named_tag *other = entry;
    return strcmp(name, other->name);
}

static enum tag
tag_find(const char *name)
{
    const struct named_tag *found = bsearch(
        name, tags, sizeof tags / sizeof *tags, sizeof *tags, compare_tag);
    return found ? found->tag : TAG_INLINE;
}

static bool
has_word(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (!at[size] || at[size] == ' '))
            return true;
    return false;
}

/* Menus, page heads and link marks: text about the page, not of it. */
static bool
is_furniture(const char *class, const char *role)
{
    static const char *const classes[] = {
        "headerlink", "sphinxsidebar", "related",   "navheader",
        "navfooter",  "NAVHEADER",     "NAVFOOTER", "toctree-wrapper",
        "toc",        "TOC",           "head",      "foot"};
    static const char *const roles[] = {"navigation", "search", "banner",
                                        "contentinfo"};
    for (size_t i = 0; class && i < sizeof classes / sizeof *classes; i++)
        if (has_word(class, classes[i]))
            return true;
    for (size_t i = 0; role && i < sizeof roles / sizeof *roles; i++)
        if (strcmp(role, roles[i]) == 0)
            return true;
    return false;
}

static void
on_text(void *context, const xmlChar *bytes, int size)
{
    struct troupe__layout *self = context;
    const char *s = (const char *) bytes;
    struct troupe__element *in = troupe__layout_top(self);
    if (in && in->tag == TAG_TITLE) {
        if (self->skip_depth == 0)
            troupe__text_put(&self->document->title, s, (size_t) size);
    } else if (self->skip_depth == 0) {
        if (self->pre_depth)
            troupe__layout_pre(self, s, (size_t) size);
        else
            troupe__layout_flow(self, s, (size_t) size);
    }
}

static const char *
attribute(const xmlChar **attributes, const char *name)
{
    for (size_t i = 0; attributes && attributes[i]; i += 2)
        if (strcmp((const char *) attributes[i], name) == 0)
            return (const char *) attributes[i + 1];
    return NULL;
}

static void
on_begin(void *context, const xmlChar *name, const xmlChar **attributes)
{
    struct troupe__layout *self = context;
    const char *s = (const char *) name;
    const char *class = attribute(attributes, "class");
    struct troupe__element element = {.tag = tag_find(s)};
    if (troupe__layout_top(self))
        element.indent = troupe__layout_top(self)->indent;
    if (is_furniture(class, attribute(attributes, "role")))
        element.tag = TAG_SKIP;
    if (element.tag == TAG_BREAK)
        troupe__layout_break(self);
    else if (element.tag == TAG_CELL)
        troupe__layout_cell(self);
    else if (element.tag != TAG_INLINE && element.tag != TAG_SKIP)
        troupe__layout_close(self);

    switch (element.tag) {
    case TAG_HEADING:
        element.level = (unsigned) (s[1] - '0');
        break;
    case TAG_LIST:
        element.ordered = strcmp(s, "ol") == 0;
        break;
    case TAG_ITEM:
    case TAG_MEANING:
    case TAG_INDENT:
        element.indent += 4;
        break;
    case TAG_BLOCK:
        if (class && has_word(class, "Bd-indent"))
            element.indent += 4;
        break;
    case TAG_PRE:
        self->pre_depth++;
        break;
    case TAG_SKIP:
        self->skip_depth++;
        break;
    default:
        break;
    }
    element.fresh = true;
    if (element.indent > 64)
        element.indent = 64;
    troupe__layout_push(self, element);
}

static void
on_end(void *context, const xmlChar *name)
{
    (void) name; /* libxml2 closes what the page leaves open, in order */
    struct troupe__layout *self = context;
    if (self->depth == 0)
        return;
    enum tag tag = self->stack[--self->depth].tag;
    if (tag == TAG_SKIP)
        self->skip_depth--;
    else if (tag != TAG_INLINE && tag != TAG_BREAK && tag != TAG_CELL)
        troupe__layout_close(self);
    if (tag == TAG_PRE)
        self->pre_depth--;
}

static void
tidy_title(struct troupe_document *self)
{
    struct troupe__text *title = &self->title;
    size_t to = 0;
    for (size_t i = 0; i < title->size; i++) {
        char c = title->data[i];
        if (strchr(" \t\r\n", c))
            c = ' ';
        if (c != ' ' || (to > 0 && title->data[to - 1] != ' '))
            title->data[to++] = c;
    }
    while (to > 0 && title->data[to - 1] == ' ')
        to--;
    title->size = to;
    if (title->data)
        title->data[to] = 0;
}

/* It sets itself up at its first document, which no two threads may do at the
 * same time. */
static void
begin_library(void)
{
    xmlFreeDoc(htmlReadMemory("-", 1, NULL, "UTF-8", HTML_PARSE_NONET));
}

void
troupe__html_read(struct troupe_document *self, const char *html, size_t size,
                  const char *encoding)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(size <= INT32_MAX);
    (void) pthread_once(&once, begin_library);
    htmlParserCtxtPtr parser = htmlNewParserCtxt();
    CHECK(parser);
    struct troupe__layout reader = {.document = self};
    xmlSAXHandler sax = {.startElement = on_begin,
                         .endElement = on_end,
                         .characters = on_text,
                         .ignorableWhitespace = on_text};
    *parser->sax = sax;
    parser->userData = &reader;
    xmlDocPtr tree =
        htmlCtxtReadMemory(parser, html, (int) size, NULL, encoding,
                           HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING
                               | HTML_PARSE_NONET | HTML_PARSE_RECOVER);
    troupe__layout_close(&reader);
    if (tree)
        xmlFreeDoc(tree);
    htmlFreeParserCtxt(parser);
    free(reader.stack);
    tidy_title(self);
}

static void
on_markdown(const MD_CHAR *html, MD_SIZE size, void *context)
{
    troupe__text_put(context, html, size);
}

void
troupe__markdown_read(struct troupe_document *self,
                      const struct troupe__text *source)
{
    struct troupe__text html = {0};
    CHECK(source->size <= UINT32_MAX);
    int rc = md_html(source->data, (MD_SIZE) source->size, on_markdown, &html,
                     MD_DIALECT_GITHUB, MD_HTML_FLAG_SKIP_UTF8_BOM);
    if (rc == 0 && html.size > 0 && html.size <= INT32_MAX)
        troupe__html_read(self, html.data, html.size, "UTF-8");
    troupe__text_free(&html);
}
