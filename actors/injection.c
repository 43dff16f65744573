/* SPDX-License-Identifier: Apache-2.0 */
/* injection.c: rules for text that gives orders to the program that reads it.
 *
 * Each rule wants an order: a verb that stands where an imperative does. "The
 * parser may ignore previous rules" has a subject, "such as 'ignore previous
 * instructions'" is quoted: both only speak of it.
 */
#include "actors/injection.h"

#include <string.h>
#include <strings.h>

#define REACH     8 /* words from a verb to what it is about */
#define TAGS_MIN  9 /* unseen letters; a flag of a country has up to 6 */
#define COUNT(it) (sizeof(it) / sizeof(it)[0])

typedef const char *const *list_t;

static const char *const overrides[] = {"ignore",   "disregard", "forget",
                                        "override", "bypass",    "discard",
                                        "neglect",  "abandon",   NULL};
static const char *const earlier[] = {"previous",  "prior",     "above",
                                      "earlier",   "preceding", "your",
                                      "foregoing", "system",    NULL};
static const char *const any[] = {"all",        "any",      "every",
                                  "everything", "original", NULL};
static const char *const instructions[] = {
    "instruction", "instructions", "prompt",     "guidelines",
    "directives",  "programming",  "guardrails", NULL};
/* Of these there are many in manuals: all of them is nothing special. */
static const char *const rules[] = {"rules",    "directions", "commands",
                                    "training", "orders",     "guidance",
                                    "prompts",  NULL};
static const char *const machines[] = {
    "ai",       "llm",        "llms",       "chatbot",
    "chatbots", "assistant",  "assistants", "chatgpt",
    "gpt",      "claude",     "copilot",    "gemini",
    "ais",      "summarizer", "summariser", NULL};
static const char *const before_orders[] = {
    "please", "now",    "just",      "also", "instead",   "immediately",
    "then",   "simply", "important", "stop", "attention", "assistant",
    "ai",     "always", "system",    "note", "warning",   NULL};
static const char *const musts[] = {"must", "should", "shall", "to", NULL};
static const char *const joins[] = {"and", "or", "but", "so", NULL};
static const char *const tellings[] = {
    "tell",   "telling",   "inform",   "informing",  "mention", "mentioning",
    "reveal", "revealing", "disclose", "disclosing", "alert",   NULL};
static const char *const shows[] = {"reveal",  "print", "show", "output",
                                    "repeat",  "leak",  "send", "disclose",
                                    "display", "dump",  NULL};
static const char *const answers[] = {"respond", "reply", "answer", NULL};
static const char *const greetings[] = {
    "dear", "attention", "hey",    "hello", "note", "message",
    "to",   "important", "notice", "memo",  NULL};
static const char *const conditions[] = {"if",    "unless", "when",
                                         "where", "unless", NULL};
static const char *const talk[] = {
    "attack",    "attacks",   "attacker",   "attackers",
    "injection", "phrase",    "phrases",    "jailbreak",
    "example",   "examples",  "payload",    "payloads",
    "adversary", "malicious", "injections", NULL};

static bool
in(const char *word, list_t list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

static bool
has(const struct injection_words *words, size_t from, size_t to, list_t list)
{
    for (size_t i = from; i < to && i < words->count; i++)
        if (in(words->items[i].text, list))
            return true;
    return false;
}

static bool
is(const struct injection_words *words, size_t at, const char *text)
{
    return at < words->count && strcmp(words->items[at].text, text) == 0;
}

/* "a language model", "an AI", "LLMs": within some words. */
static bool
names_machine(const struct injection_words *words, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < words->count; i++) {
        if (in(words->items[i].text, machines)
            || (is(words, i, "language")
                && (is(words, i + 1, "model") || is(words, i + 1, "models"))))
            return true;
    }
    return false;
}

/* A mention: it is quoted, and what quotes it is there too. */
static bool
is_quoted(const struct injection_words *words, size_t at)
{
    return words->items[at].quoted && words->quoted < words->count;
}

/* True where the verb at a place is an order to the reader. */
static bool
is_order(const struct injection_words *words, size_t at)
{
    if (is_quoted(words, at))
        return false;
    if (at == 0 || words->items[at - 1].colon)
        return true;
    if (has(words, 0, words->count, talk))
        return false;
    const char *before = words->items[at - 1].text;
    if (words->items[at - 1].comma)
        return true;
    if (in(before, before_orders)) {
        return at == 1 || is_order(words, at - 1) || words->items[at - 1].colon
               || has(words, at > 3 ? at - 3 : 0, at, joins)
               || is(words, at - 2, "you");
    }
    if (in(before, musts)) {
        return has(words, at > 4 ? at - 4 : 0, at,
                   (const char *const[]){"you", NULL})
               || names_machine(words, at > 4 ? at - 4 : 0, at);
    }
    return in(before, joins)
           && has(words, 0, at, (const char *const[]){"you", "your", NULL});
}

/* "If you use Debian, ignore the above": an order to a person. */
static bool
is_for_people(const struct injection_words *words)
{
    if (!has(words, 0, words->count, conditions)
        || names_machine(words, 0, words->count))
        return false;
    for (size_t i = 0; i + 2 < words->count; i++) {
        bool reads = is(words, i, "you")
                     && (is(words, i + 1, "read") || is(words, i + 2, "read")
                         || is(words, i + 2, "reading"));
        if (reads)
            return false;
    }
    return true;
}

static const char *
find_override(const struct injection_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!in(words->items[i].text, overrides) || !is_order(words, i)
            || is_for_people(words))
            continue;
        size_t end = i + REACH < words->count ? i + REACH : words->count;
        bool told = has(words, i + 1, end,
                        (const char *const[]){"told", "taught", NULL});
        for (size_t j = i + 1; j < end; j++) {
            const char *object = words->items[j].text;
            bool sure = told || in(object, instructions);
            bool then = has(words, i + 1, j + 1, earlier);
            if ((then && (sure || in(object, rules)))
                || (sure && has(words, i + 1, j + 1, any)))
                return "it tells its reader to ignore instructions";
        }
    }
    return NULL;
}

static const char *
find_address(const struct injection_words *words)
{
    static const char reason[] = "it addresses programs that read it";
    const struct injection_word *first = &words->items[0];
    if (words->count == 0)
        return NULL;
    bool greets = in(first->text, greetings) && !is_quoted(words, 0);
    for (size_t i = 0; greets && i < 6 && i < words->count; i++) {
        bool ends = words->items[i].colon || strcmp(first->text, "dear") == 0;
        if (ends && names_machine(words, 0, i + 1))
            return reason;
    }
    for (size_t i = 0; i + 2 < words->count; i++) {
        if (is(words, i, "if") && is(words, i + 1, "you")
            && is(words, i + 2, "are") && !is_quoted(words, i)
            && names_machine(words, i + 3, i + 8))
            return reason;
        bool now = is(words, i, "you") && is(words, i + 1, "are")
                   && is(words, i + 2, "now") && !is_quoted(words, i);
        if (now
            && (names_machine(words, i + 3, i + 7) || is(words, i + 3, "dan")
                || is(words, i + 4, "unrestricted")
                || is(words, i + 4, "different")))
            return "it gives its reader another role";
    }
    return NULL;
}

static const char *
find_secret(const struct injection_words *words)
{
    static const char *const these[] = {"this", "these", "it", "about", NULL};
    for (size_t i = 1; i < words->count; i++) {
        bool not = is(words, i - 1, "not") || is(words, i - 1, "never")
                   || is(words, i - 1, "without") || is(words, i - 1, "don't");
        if (!not || !in(words->items[i].text, tellings) || is_quoted(words, i))
            continue;
        size_t user = i + 1 + is(words, i + 1, "the");
        bool told = is(words, user, "user") || is(words, user, "users")
                    || is(words, user, "human");
        if (told && has(words, user + 1, user + 3, these))
            return "it asks its reader to keep something from people";
        if (has(words, i + 1, i + 3, these)
            && has(words, i + 1, i + 4, instructions))
            return "it asks its reader to keep something from people";
    }
    return NULL;
}

static const char *
find_demand(const struct injection_words *words)
{
    for (size_t i = 0; i + 2 < words->count; i++) {
        if (in(words->items[i].text, answers) && is_order(words, i)
            && (is(words, i + 1, "only") || is(words, i + 1, "exclusively"))
            && is(words, i + 2, "with"))
            return "it dictates the answer of its reader";
        if (!in(words->items[i].text, shows) || !is_order(words, i))
            continue;
        for (size_t j = i + 1; j < i + REACH; j++)
            if (is(words, j, "system") && is(words, j + 1, "prompt"))
                return "it asks for the instructions of its reader";
    }
    bool is_new = is(words, 0, "new") && is(words, 1, "instructions")
                  && words->items[1].colon;
    bool yours = is(words, 0, "your") && is(words, 1, "new")
                 && (is(words, 2, "task") || is(words, 2, "instructions")
                     || is(words, 2, "role"));
    return (is_new || yours) && !is_quoted(words, 0)
               ? "it gives its reader another task"
               : NULL;
}

static const char *
find_in_sentence(const char *text, size_t size)
{
    struct injection_words words;
    troupe__injection_words(text, size, &words);
    const char *reason = find_override(&words);
    if (!reason)
        reason = find_address(&words);
    if (!reason)
        reason = find_secret(&words);
    return reason ? reason : find_demand(&words);
}

/* Marks of chat formats, which no text for people has but in code. */
static const char *
find_marks(const char *text, size_t size, size_t *ret_start, size_t *ret_end)
{
    static const char *const marks[] = {
        "<|im_start|>", "<|im_end|>", "<|system|>", "<|endoftext|>",
        "[/INST]",      "<<SYS>>",    "<|eot_id|>", "<|start_header_id|>"};
    for (size_t i = 0; i < COUNT(marks); i++) {
        size_t length = strlen(marks[i]);
        const char *at = memmem(text, size, marks[i], length);
        if (!at || (at > text && strchr("`\"'", at[-1])))
            continue;
        *ret_start = (size_t) (at - text);
        *ret_end = *ret_start + length;
        return "it has marks of a chat in it";
    }
    return NULL;
}

/* Tag characters: letters that no screen shows. */
static const char *
find_unseen(const char *text, size_t size, size_t *ret_start, size_t *ret_end)
{
    size_t count = 0;
    for (size_t i = 0; i + 3 < size; i++) {
        bool tag = memcmp(text + i, "\xf3\xa0", 2) == 0
                   && ((unsigned char) text[i + 2] & 0xfe) == 0x80;
        if (tag && count++ == 0)
            *ret_start = i;
        if (tag)
            *ret_end = i + 4;
    }
    return count >= TAGS_MIN ? "it has letters in it that nobody sees" : NULL;
}

/* One past the last byte of the sentence, or of what looks like one. */
static size_t
sentence_end(const char *text, size_t at, size_t size)
{
    for (; at < size; at++) {
        bool ends = strchr(".!?", text[at]) && text[at]
                    && (at + 1 == size || strchr(" \t\n\"')", text[at + 1])
                        || (text[at + 1] >= 'A' && text[at + 1] <= 'Z'));
        bool breaks = text[at] == '\n' && at + 1 < size && text[at + 1] == '\n';
        if (ends || breaks)
            return at + 1;
    }
    return size;
}

const char *
troupe__injection_find(const char *text, size_t size, size_t *ret_start,
                       size_t *ret_end)
{
    size_t start = 0, end = 0;
    const char *reason = find_marks(text, size, &start, &end);
    if (!reason)
        reason = find_unseen(text, size, &start, &end);
    for (size_t at = 0; at < size && !reason; at = end) {
        start = at + strspn(text + at, " \t\n");
        start = start < size ? start : size;
        end = sentence_end(text, start, size);
        if (start < end)
            reason = find_in_sentence(text + start, end - start);
        end = end > at ? end : at + 1;
    }
    if (reason) {
        *ret_start = start;
        *ret_end = end;
    }
    return reason;
}
