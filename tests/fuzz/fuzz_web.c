/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_web.c: any bytes as the answer of an engine, as a page, and as text
 * that may give orders. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "actors/injection.h"
#include "actors/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char results[] = "results", title[] = "title", url[] = "url",
            text[] = "raw|content", address[] = "http://x.test/";

/* Whatever it is, each passage has the bytes that it says. */
static void
check(troupe_passages_t **list)
{
    for (size_t i = 0; i < troupe_passages_count(*list); i++) {
        const troupe_passage_t *it = troupe_passages_at(*list, i);
        size_t length = strlen(it->text);
        if (it->end - it->start != length || !troupe__web_is_page(it->path)
            || !troupe__utf8_is_valid(it->text, length))
            abort();
    }
    troupe_passages_destroy(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct web_engine engine = {.url = address,
                                      .results = results,
                                      .title = title,
                                      .link = url,
                                      .text = text};
    const char *bytes = (const char *) data;
    char words[160] = "";
    troupe_passages_t *list = NULL;
    if (troupe__web_read(&engine, "How many bees?", 50, bytes, size, words,
                         &list)
        == 0)
        check(&list);
    struct troupe__text source = {0};
    troupe__text_put(&source, bytes, size);
    size_t start = 0, end = 0;
    if (troupe__injection_find(troupe__text_string(&source), size, &start, &end)
        && (start > end || end > size))
        abort();
    list = troupe_passages_new();
    troupe__web_passages(address, NULL, TROUPE__KIND_HTML, &source,
                         "How many bees?", 4, list);
    check(&list);
    return 0;
}
