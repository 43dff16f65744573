/* SPDX-License-Identifier: Apache-2.0 */
/* mock_manner.c: how a model of the mock behaves, and what it says. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/mock.h"

#define TIME_MAX_MS 3600000
#define NUMBER_MAX  1000000000
#define NTH         10
#define CHOICES     "Answer with exactly one of these:"
#define RANK        "Put these in order, best first:"
#define NUMBER      "Answer with one number."
#define FIELD       "Answer with a JSON object that has the field"

static bool
read_count(const char *text, uint32_t *ret)
{
    size_t number = 0;
    bool read = troupe__read_number(text, 0, NUMBER_MAX, &number);
    *ret = (uint32_t) number;
    return read;
}

static bool
read_time(const char *text, uint32_t *ret)
{
    size_t ms = 0;
    bool read = troupe__read_time(text, TIME_MAX_MS, &ms);
    *ret = (uint32_t) ms;
    return read;
}

static bool
read_text(const char *text, char *ret, size_t size)
{
    size_t length = strlen(text);
    if (length >= size)
        return false;
    memcpy(ret, text, length + 1);
    return true;
}

/* "500" or "429=2": an error, always or the first two times. */
static bool
read_status(const char *name, const char *value, struct troupe__manner *ret)
{
    size_t status = 0;
    if (!troupe__read_number(name, 400, 599, &status))
        return false;
    ret->status = (uint32_t) status;
    return !value || (read_count(value, &ret->times) && ret->times > 0);
}

static bool
read_flag(const char *name, struct troupe__manner *ret)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {{"hang", &ret->hang},         {"refuse", &ret->refuse},
                 {"badjson", &ret->bad_json},  {"lie", &ret->lie},
                 {"nousage", &ret->no_usage},  {"length", &ret->length},
                 {"nostream", &ret->no_stream}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(name, flags[i].name) == 0)
            return *flags[i].flag = true;
    }
    return false;
}

static bool
read_word(char *word, struct troupe__manner *ret)
{
    char *value = strchr(word, '=');
    if (value)
        *value++ = '\0';
    if (word[0] >= '4' && word[0] <= '5')
        return read_status(word, value, ret);
    if (!value)
        return read_flag(word, ret);
    if (strcmp(word, "say") == 0)
        return read_text(value, ret->say, sizeof ret->say);
    if (strcmp(word, "right") == 0)
        return read_text(value, ret->right, sizeof ret->right);
    if (strcmp(word, "wrong") == 0)
        return read_text(value, ret->wrong, sizeof ret->wrong);
    if (strcmp(word, "accuracy") == 0)
        return read_count(value, &ret->accuracy) && ret->accuracy <= 100;
    if (strcmp(word, "delay") == 0)
        return read_time(value, &ret->delay_ms);
    if (strcmp(word, "jitter") == 0)
        return read_time(value, &ret->jitter_ms);
    if (strcmp(word, "late") == 0)
        return read_time(value, &ret->late_ms);
    if (strcmp(word, "nth") == 0)
        return read_count(value, &ret->nth) && ret->nth > 0;
    if (strcmp(word, "drip") == 0)
        return read_time(value, &ret->drip_ms);
    if (strcmp(word, "after") == 0)
        return read_count(value, &ret->retry_after);
    if (strcmp(word, "cut") == 0)
        return read_count(value, &ret->cut);
    if (strcmp(word, "huge") == 0)
        return read_count(value, &ret->huge);
    return false;
}

bool
troupe__manner_read(const char *model, struct troupe__manner *ret)
{
    *ret = (struct troupe__manner){.retry_after = 1, .nth = NTH};
    char *copy = troupe__copy(model, strlen(model));
    char *rest = NULL;
    bool known = true;
    for (char *word = strtok_r(copy, "+", &rest); word && known;
         word = strtok_r(NULL, "+", &rest))
        known = read_word(word, ret);
    free(copy);
    if (!known)
        *ret = (struct troupe__manner){
            .retry_after = 1, .mistaken = strpbrk(model, "=+") != NULL};
    return known;
}

/* FNV-1a, and a last stir so that near texts are far apart. */
static uint64_t
hash(uint64_t from, const char *text)
{
    from ^= UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        from = (from ^ (unsigned char) *text) * UINT64_C(0x100000001b3);
    from ^= from >> 33;
    from *= UINT64_C(0xff51afd7ed558ccd);
    return from ^ from >> 33;
}

/* The item of a list that a number chooses; to be freed. */
static char *
choose(const char *list, const char *separators, uint64_t number)
{
    char *copy = troupe__copy(list, strcspn(list, "\n"));
    char *items[64], *rest = NULL;
    size_t count = 0;
    for (char *item = strtok_r(copy, separators, &rest); item && count < 64;
         item = strtok_r(NULL, separators, &rest)) {
        item += strspn(item, " ");
        items[count++] = item;
    }
    char *chosen = count > 0 ? items[number % count] : copy;
    chosen = troupe__copy(chosen, strlen(chosen));
    free(copy);
    return chosen;
}

static const char *
after(const char *prompt, const char *words)
{
    const char *at = strstr(prompt, words);
    return at ? at + strlen(words) : NULL;
}

static size_t
count_words(const char *text)
{
    size_t count = 0;
    for (bool inside = false; *text; text++) {
        bool is_space = strchr(" \t\n", *text) != NULL;
        count += !is_space && !inside;
        inside = !is_space;
    }
    return count;
}

/* What `troupe research` asks of models: a plan; the first sentence that was
 * found, as it is; yes. NULL: it is another prompt. */
static char *
research_words(const char *prompt)
{
    const char *sentence = after(prompt, "<sentences>\n1. ");
    const char *statements = after(prompt, "<statements>\n");
    json_t *answer = NULL;
    if (sentence) {
        answer = json_pack("{s:[{s:s#, s:[i]}]}", "sentences", "text", sentence,
                           (int) strcspn(sentence, "\n"), "spans", 1);
    } else if (statements) {
        answer = json_pack("{s:[]}", "supported");
    } else if (strstr(prompt, "{\"facets\"")) {
        answer = json_pack("{s:[{s:s, s:s}]}", "facets", "name", "figures",
                           "query", "number size");
    }
    for (const char *at = statements; at && *at != '<'; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (*at >= '1' && *at <= '9')
            json_array_append_new(json_object_get(answer, "supported"),
                                  json_true());
    }
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    json_decref(answer);
    return text;
}

/* Most models answer alike; one in four is of another opinion. What they say
 * is true of the prompt and of nothing else: how many words it has. */
char *
troupe__mock_words(const struct troupe__manner *manner, const char *model,
                   const char *prompt, uint64_t seed)
{
    uint64_t common = hash(seed, prompt), own = hash(common, model);
    if (manner->say[0])
        return troupe__copy(manner->say, strlen(manner->say));
    if (manner->right[0]) {
        if (own % 100 < manner->accuracy || !manner->wrong[0])
            return troupe__copy(manner->right, strlen(manner->right));
        return choose(manner->wrong, "/", own / 100);
    }
    char *answer = research_words(prompt);
    if (answer)
        return answer;
    bool differs = own % 4 == 0;
    size_t words = count_words(prompt) + (differs ? 1 + own / 4 % 3 : 0);
    const char *list = after(prompt, CHOICES);
    if (list)
        return choose(list, ";", differs ? own / 4 : common);
    list = after(prompt, RANK);
    if (list) {
        char *order = troupe__copy(list, strcspn(list, "\n"));
        for (char *at = order; *at; at++)
            *at = *at == ';' ? '>' : *at;
        return order;
    }
    if (strstr(prompt, NUMBER))
        return troupe__format("%zu", words);
    list = after(prompt, FIELD);
    if (list) {
        size_t size = strcspn(list, ".\n");
        char *field = troupe__copy(list + 1, size > 0 ? size - 1 : 0);
        char *object = troupe__format("{%s: %zu}", field, words);
        free(field);
        return object;
    }
    return troupe__format("%s has %zu words. %s",
                          own / 16 % 2 ? "The prompt"
                                       : "Counted by spaces, "
                                         "the prompt",
                          words,
                          own / 32 % 2 ? "A mock model knows nothing else "
                                         "about it."
                                       : "Nothing else is known to a mock.");
}
