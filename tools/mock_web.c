/* SPDX-License-Identifier: Apache-2.0 */
/* mock_web.c: the mock's little web: a directory of pages, and engines that
 * find them by their words. */
#include <ctype.h>
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/mock_http.h"

#define PAGE_MAX    (1u << 20) /* bytes */
#define PAGES_MAX   200
#define RESULTS_MAX 20
#define QUOTE_MAX   300 /* bytes around the first word that was found */

struct page {
    char *name;
    char *text; /* as it is in the file */
    unsigned score;
};

struct pages {
    struct page items[PAGES_MAX];
    size_t count;
};

static char *
read_page(const char *directory, const char *name)
{
    char *path = troupe__format("%s/%s", directory, name);
    FILE *file = fopen(path, "re");
    char *text = NULL;
    if (file) {
        text = troupe__grab(PAGE_MAX + 1);
        size_t size = fread(text, 1, PAGE_MAX, file);
        fclose(file);
        if (size == 0 || !troupe__is_text(text) || strlen(text) != size) {
            free(text);
            text = NULL;
        }
    }
    free(path);
    return text;
}

/* Words of three letters and more that are in the page. */
static unsigned
score_of(const char *text, const char *query)
{
    unsigned score = 0;
    for (size_t size = 0; *query; query += size > 0 ? size : 1) {
        char word[64];
        size = 0;
        while (isalnum((unsigned char) query[size]) && size + 1 < sizeof word)
            size += 1;
        memcpy(word, query, size);
        word[size] = '\0';
        score += size > 2 && strcasestr(text, word);
    }
    return score;
}

static int
compare_pages(const void *one, const void *other)
{
    const struct page *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void
find_pages(const struct troupe__mock *self, const char *query,
           struct pages *ret)
{
    DIR *directory = self->pages ? opendir(self->pages) : NULL;
    ret->count = 0;
    for (struct dirent *it = NULL;
         directory && (it = readdir(directory)) && ret->count < PAGES_MAX;) {
        char *text =
            it->d_name[0] == '.' ? NULL : read_page(self->pages, it->d_name);
        if (!text)
            continue;
        ret->items[ret->count++] =
            (struct page){.name = troupe__copy(it->d_name, strlen(it->d_name)),
                          .text = text,
                          .score = score_of(text, query)};
    }
    if (directory)
        closedir(directory);
    qsort(ret->items, ret->count, sizeof *ret->items, compare_pages);
}

static void
free_pages(struct pages *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->items[i].name);
        free(self->items[i].text);
    }
}

/* Without tags, from a word of the query on; to be freed. */
static char *
quote_of(const char *text)
{
    char *quote = troupe__grab(QUOTE_MAX + 1);
    bool inside = false;
    size_t size = 0;
    const char *body = strcasestr(text, "<body");
    for (text = body ? body : text; *text && size < QUOTE_MAX; text++) {
        inside |= *text == '<';
        if (!inside || *text == '<')
            quote[size++] = strchr("\n<", *text) ? ' ' : *text;
        inside &= *text != '>';
    }
    while (size > 0 && ((unsigned char) quote[size - 1] & 0x80))
        size -= 1; /* no half letter at the end */
    quote[size] = '\0';
    return quote;
}

static void
add_result(json_t *list, const char *url, const char *title, const char *text)
{
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:s, s:s, s:s}", "url", url,
                                    "title", title, "content", text,
                                    "description", text, "engine", "mock"));
}

static json_t *
results_of(const struct troupe__mock *self, const char *query)
{
    json_t *list = json_array();
    struct pages *pages = troupe__grab(sizeof *pages);
    find_pages(self, query, pages);
    for (size_t i = 0; i < pages->count && i < RESULTS_MAX; i++) {
        const struct page *page = &pages->items[i];
        if (page->score == 0)
            break;
        char *url =
            troupe__format("http://127.0.0.1:%u/page/%s",
                           (unsigned) atomic_load(&self->port), page->name);
        char *quote = quote_of(page->text);
        add_result(list, url, page->name, quote);
        free(url);
        free(quote);
    }
    for (int i = 1; !self->pages && i <= 5; i++) {
        char *url = troupe__format("http://mock.invalid/%d", i);
        char *title = troupe__format("Result %d for %s", i, query);
        add_result(list, url, title, title);
        free(url);
        free(title);
    }
    free_pages(pages);
    free(pages);
    return list;
}

static const char *
parameter(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* Fill in what is asked of an engine or a page, and note it. */
static struct troupe__asked
asked_of(struct troupe__mock *self, struct MHD_Connection *connection,
         const char *url, struct troupe__text_in *body, const char *query)
{
    const char *manner = parameter(connection, "manner");
    char *name = troupe__format("%s %s", url, manner ? manner : "");
    bool is_first = body->wait.how == MOCK_NOT_YET;
    struct troupe__asked asked = {
        .mock = self, .connection = connection, .wait = &body->wait};
    (void) troupe__manner_read(manner ? manner : "", &asked.manner);
    if (is_first)
        body->before = troupe__mock_count(self, name);
    asked.before = body->before;
    asked.authorized = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   "Authorization")
                       || MHD_lookup_connection_value(
                           connection, MHD_HEADER_KIND, "X-Subscription-Token");
    free(name);
    if (self->requests && is_first) {
        json_t *line = json_pack("{s:s, s:s, s:s, s:I, s:b}", "url", url,
                                 "query", query, "manner", manner ? manner : "",
                                 "request", (json_int_t) asked.before + 1,
                                 "authorized", asked.authorized);
        pthread_mutex_lock(&self->lock);
        json_dumpf(line, self->requests, JSON_COMPACT);
        fputc('\n', self->requests);
        fflush(self->requests);
        pthread_mutex_unlock(&self->lock);
        json_decref(line);
    }
    return asked;
}

static enum MHD_Result
give_json(struct troupe__asked *asked, json_t *body)
{
    char *text = json_dumps(body, 0);
    json_decref(body);
    return troupe__mock_give(asked, "application/json", text);
}

static enum MHD_Result
search_searxng(struct troupe__mock *self, struct MHD_Connection *connection,
               const char *url, struct troupe__text_in *body)
{
    const char *query = parameter(connection, "q");
    const char *format = parameter(connection, "format");
    if (!query || !*query)
        return troupe__mock_error(connection, 400, 0, "q is wanted");
    if (!format || strcmp(format, "json") != 0)
        return troupe__mock_error(connection, 403, 0,
                                  "only format=json is served");
    struct troupe__asked asked = asked_of(self, connection, url, body, query);
    return give_json(&asked, json_pack("{s:s, s:o, s:[]}", "query", query,
                                       "results", results_of(self, query),
                                       "unresponsive_engines"));
}

static enum MHD_Result
search_brave(struct troupe__mock *self, struct MHD_Connection *connection,
             const char *url, struct troupe__text_in *body)
{
    const char *query = parameter(connection, "q");
    if (!query || !*query)
        return troupe__mock_error(connection, 422, 0, "q is wanted");
    struct troupe__asked asked = asked_of(self, connection, url, body, query);
    if (!asked.authorized)
        return troupe__mock_error(connection, 401, 0, "a token is wanted");
    return give_json(&asked,
                     json_pack("{s:s, s:{s:o}}", "type", "search", "web",
                               "results", results_of(self, query)));
}

static enum MHD_Result
search_tavily(struct troupe__mock *self, struct MHD_Connection *connection,
              const char *url, struct troupe__text_in *body)
{
    json_t *root =
        json_loadb(body->bytes ? body->bytes : "", body->size, 0, NULL);
    const char *query = json_string_value(json_object_get(root, "query"));
    bool good = query && *query
                && json_is_integer(json_object_get(root, "max_results"));
    struct troupe__asked asked =
        asked_of(self, connection, url, body, query ? query : "");
    enum MHD_Result result = MHD_NO;
    if (!asked.authorized)
        result = troupe__mock_error(connection, 401, 0, "a key is wanted");
    else if (!good) {
        result = troupe__mock_error(connection, 400, 0,
                                    "query and max_results are wanted");
    } else {
        result =
            give_json(&asked, json_pack("{s:s, s:o}", "query", query, "results",
                                        results_of(self, query)));
    }
    json_decref(root);
    return result;
}

static const char *
type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return !dot                        ? "application/octet-stream"
           : strcmp(dot, ".html") == 0 ? "text/html; charset=utf-8"
           : strcmp(dot, ".md") == 0   ? "text/markdown"
           : strcmp(dot, ".txt") == 0  ? "text/plain"
                                       : "application/octet-stream";
}

/* "to=ADDRESS" redirects there. */
static enum MHD_Result
give_page(struct troupe__mock *self, struct MHD_Connection *connection,
          const char *url, struct troupe__text_in *body)
{
    const char *name = url + strlen("/page/");
    const char *to = parameter(connection, "to");
    struct troupe__asked asked = asked_of(self, connection, url, body, "");
    bool good = self->pages && *name && !strchr(name, '/') && name[0] != '.';
    if (to) {
        struct MHD_Response *response =
            MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
        MHD_add_response_header(response, "Location", to);
        enum MHD_Result result = MHD_queue_response(connection, 302, response);
        MHD_destroy_response(response);
        return result;
    }
    char *text = good ? read_page(self->pages, name) : NULL;
    if (!text)
        return troupe__mock_error(connection, 404, 0, "there is no such page");
    return troupe__mock_give(&asked, type_of(name), text);
}

bool
troupe__mock_web(struct troupe__mock *self, struct MHD_Connection *connection,
                 const char *url, const char *method,
                 struct troupe__text_in *body, enum MHD_Result *ret)
{
    bool get = strcmp(method, "GET") == 0;
    if (get && strcmp(url, "/search") == 0)
        *ret = search_searxng(self, connection, url, body);
    else if (get && strcmp(url, "/brave") == 0)
        *ret = search_brave(self, connection, url, body);
    else if (strcmp(method, "POST") == 0 && strcmp(url, "/tavily") == 0)
        *ret = search_tavily(self, connection, url, body);
    else if (get && strncmp(url, "/page/", 6) == 0)
        *ret = give_page(self, connection, url, body);
    else
        return false;
    return true;
}
