/* SPDX-License-Identifier: Apache-2.0 */
/* values.c: reads numbers, dates and units out of words. */
#include "actors/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TOLERANCE   0.01 /* of amounts in other units, which people round */
#define YEAR_MIN    1000
#define YEAR_MAX    2199
#define NUMBER_MAX  32 /* bytes of a number that is read */

struct unit {
    const char *name; /* lower case, but for symbols where case matters */
    enum value_kind kind;
    double factor;
};

static const struct unit units[] = {
    {"b", VALUE_BYTES, 1},
    {"byte", VALUE_BYTES, 1},
    {"bytes", VALUE_BYTES, 1},
    {"kb", VALUE_BYTES, 1e3},
    {"kilobytes", VALUE_BYTES, 1e3},
    {"kib", VALUE_BYTES, 1024},
    {"kibibytes", VALUE_BYTES, 1024},
    {"mb", VALUE_BYTES, 1e6},
    {"megabytes", VALUE_BYTES, 1e6},
    {"mib", VALUE_BYTES, 1048576},
    {"mebibytes", VALUE_BYTES, 1048576},
    {"gb", VALUE_BYTES, 1e9},
    {"gigabytes", VALUE_BYTES, 1e9},
    {"gib", VALUE_BYTES, 1073741824},
    {"gibibytes", VALUE_BYTES, 1073741824},
    {"tb", VALUE_BYTES, 1e12},
    {"tib", VALUE_BYTES, 1099511627776},
    {"ns", VALUE_TIME, 1e-9},
    {"nanoseconds", VALUE_TIME, 1e-9},
    {"us", VALUE_TIME, 1e-6},
    {"microseconds", VALUE_TIME, 1e-6},
    {"ms", VALUE_TIME, 1e-3},
    {"milliseconds", VALUE_TIME, 1e-3},
    {"s", VALUE_TIME, 1},
    {"sec", VALUE_TIME, 1},
    {"second", VALUE_TIME, 1},
    {"seconds", VALUE_TIME, 1},
    {"minute", VALUE_TIME, 60},
    {"minutes", VALUE_TIME, 60},
    {"hour", VALUE_TIME, 3600},
    {"hours", VALUE_TIME, 3600},
    {"day", VALUE_TIME, 86400},
    {"days", VALUE_TIME, 86400},
    {"week", VALUE_TIME, 604800},
    {"weeks", VALUE_TIME, 604800},
    {"mm", VALUE_LENGTH, 1e-3},
    {"millimetres", VALUE_LENGTH, 1e-3},
    {"cm", VALUE_LENGTH, 1e-2},
    {"centimetres", VALUE_LENGTH, 1e-2},
    {"m", VALUE_LENGTH, 1},
    {"metres", VALUE_LENGTH, 1},
    {"meters", VALUE_LENGTH, 1},
    {"km", VALUE_LENGTH, 1e3},
    {"kilometres", VALUE_LENGTH, 1e3},
    {"kilometers", VALUE_LENGTH, 1e3},
    {"mile", VALUE_LENGTH, 1609.344},
    {"miles", VALUE_LENGTH, 1609.344},
    {"feet", VALUE_LENGTH, 0.3048},
    {"ft", VALUE_LENGTH, 0.3048},
    {"inches", VALUE_LENGTH, 0.0254},
    {"g", VALUE_MASS, 1e-3},
    {"grams", VALUE_MASS, 1e-3},
    {"kg", VALUE_MASS, 1},
    {"kilograms", VALUE_MASS, 1},
    {"tonnes", VALUE_MASS, 1e3},
    {"pounds", VALUE_MASS, 0.45359237},
    {"lb", VALUE_MASS, 0.45359237},
    {"percent", VALUE_PERCENT, 1},
    {"%", VALUE_PERCENT, 1},
};

static const char *const months[] = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december",
};

static const char *const small_numbers[] = {
    "zero",  "one",   "two",  "three", "four",   "five",   "six",
    "seven", "eight", "nine", "ten",   "eleven", "twelve",
};

/* Before a number these say when it held, not how much it is. Sorted. */
static const char *const time_words[] = {
    "after", "before", "by", "from", "in", "of", "since", "until",
};

/* A number behind these names a part of a text or an edition. Sorted. */
static const char *const naming_words[] = {
    "appendix", "chapter", "edition", "example", "figure", "kernel", "line",
    "page",     "part",    "release", "section", "step",   "table",  "version",
};

static const struct unit *
unit_of(const char *text, size_t size)
{
    for (size_t i = 0; i < COUNT(units); i++) {
        if (strlen(units[i].name) == size
            && strncasecmp(units[i].name, text, size) == 0)
            return &units[i];
    }
    return NULL;
}

static unsigned
month_of(const struct word *word)
{
    for (unsigned i = 0; i < COUNT(months); i++) {
        if (word->size >= 3 && word->flags & WORD_CAPITAL
            && strncasecmp(months[i], word->text, word->size) == 0)
            return i + 1;
    }
    return 0;
}

/* The number that a word begins with; what follows it is *ret_rest. */
static bool
number_of(const struct word *word, double *ret_amount, const char **ret_rest)
{
    char digits[NUMBER_MAX];
    size_t used = 0;
    size_t at = 0;
    while (at < word->size && used + 1 < sizeof digits) {
        char c = word->text[at];
        if (c != ',' && !(c >= '0' && c <= '9') && c != '.')
            break;
        if (c != ',')
            digits[used++] = c;
        at += 1;
    }
    digits[used] = '\0';
    if (used == 0)
        return false;
    *ret_amount = strtod(digits, NULL);
    *ret_rest = word->text + at;
    return true;
}

static bool
is_version(const struct word *word)
{
    unsigned dots = 0;
    for (uint32_t i = 0; i < word->size; i++)
        dots += word->text[i] == '.';
    return dots >= 2;
}

static bool
is_year(const struct word *word, double amount)
{
    return word->size == 4 && amount >= YEAR_MIN && amount <= YEAR_MAX
           && floor(amount) == amount;
}

/* "1987-03-12" */
static bool
read_iso_date(const struct word *word, struct value *value)
{
    if (word->size != 10 || word->text[4] != '-' || word->text[7] != '-')
        return false;
    long year = strtol(word->text, NULL, 10);
    long month = strtol(word->text + 5, NULL, 10);
    long day = strtol(word->text + 8, NULL, 10);
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    value->kind = VALUE_DATE;
    value->amount = (double) (year * 10000 + month * 100 + day);
    return true;
}

/* "1500 employees", "1024 bytes": no year though it looks like one. */
static bool
counts_things(const struct words *words, uint32_t at)
{
    if (at + 1 >= words->count)
        return false;
    const struct word *next = &words->items[at + 1];
    const struct word *word = &words->items[at];
    bool adjacent = next->text == word->text + word->size + 1;
    bool plural = next->text[next->size - 1] == 's'
                  && !(next->flags & (WORD_STOP | WORD_CAPITAL));
    return adjacent && (plural || unit_of(next->text, next->size) != NULL);
}

/* "12 March 1987", "March 12, 1987", "March 1987", 1987: the last word. */
static uint32_t
read_date(const struct words *words, uint32_t at, struct value *value)
{
    double numbers[2] = {0, 0}; /* day, year */
    unsigned month = 0;
    uint32_t next = at;
    while (next < words->count && next < at + 3) {
        const struct word *word = &words->items[next];
        double amount = 0;
        const char *rest = NULL;
        if (!month && month_of(word)) {
            month = month_of(word);
        } else if (word->flags & WORD_NUMBER && number_of(word, &amount, &rest)
                   && rest == word->text + word->size) {
            bool year = is_year(word, amount) && !counts_things(words, next);
            if (numbers[year] > 0 || (!year && amount > 31))
                break;
            numbers[year] = amount;
            next += 1;
            if (year)
                break;
            continue;
        } else {
            break;
        }
        next += 1;
    }
    if (numbers[1] <= 0 || (numbers[0] > 0 && !month))
        return at;
    value->kind = VALUE_DATE;
    value->amount = numbers[1] * 10000 + month * 100 + numbers[0];
    value->last = next - 1;
    return next;
}

static bool
read_number(const struct words *words, uint32_t at, struct value *value)
{
    const struct word *word = &words->items[at];
    for (uint32_t i = 2; i < COUNT(small_numbers); i++)
        if (troupe__word_is(word, small_numbers[i]))
            value->amount = i;
    const char *rest = word->text + word->size;
    if (word->flags & WORD_NUMBER && !number_of(word, &value->amount, &rest))
        return false;
    if (!(word->flags & WORD_NUMBER) && value->amount <= 0)
        return false;
    if (word->flags & WORD_NUMBER && is_version(word)) {
        value->kind = VALUE_VERSION;
        return true;
    }
    const char *end = word->text + word->size;
    const struct unit *unit = NULL;
    if (rest < end) {
        unit = unit_of(rest, (size_t) (end - rest));
        if (!unit)
            return false; /* "3rd", "10-20", "0x1f": no amount */
    } else if (*end == '%') {
        unit = unit_of("%", 1);
    } else if (at + 1 < words->count) {
        const struct word *next = &words->items[at + 1];
        unit = unit_of(next->text, next->size);
        value->last += unit != NULL;
    }
    if (unit) {
        value->kind = unit->kind;
        value->amount *= unit->factor;
        value->factor = unit->factor;
    }
    return true;
}

static bool
qualifies(const struct words *words, const struct value *value)
{
    if (value->first == 0)
        return false;
    const struct word *before = &words->items[value->first - 1];
    if (troupe__word_in(naming_words, COUNT(naming_words), before->text,
                        before->size))
        return true;
    return value->kind <= VALUE_COUNT && before->flags & WORD_CAPITAL
           && !(before->flags & WORD_FIRST); /* "Linux 2.6", "Section 4" */
}

/* A date beside another value says when; alone it is what is claimed. */
static void
find_qualifiers(const struct words *words, struct values *values)
{
    uint32_t amounts = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        struct value *value = &values->items[i];
        value->qualifier =
            value->kind == VALUE_VERSION || qualifies(words, value);
        amounts += value->kind != VALUE_DATE && !value->qualifier;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        struct value *value = &values->items[i];
        if (value->kind != VALUE_DATE || amounts == 0 || value->first == 0)
            continue;
        const struct word *before = &words->items[value->first - 1];
        value->qualifier |= troupe__word_in(time_words, COUNT(time_words),
                                            before->text, before->size);
    }
}

struct values
troupe__values_read(const struct words *words)
{
    CHECK(words);
    struct values values = {0};
    uint32_t at = 0;
    while (at < words->count && values.count < VALUES_MAX) {
        struct value value = {
            .first = at, .last = at, .word = &words->items[at]};
        uint32_t next = read_date(words, at, &value);
        bool found = next > at || read_iso_date(value.word, &value)
                     || read_number(words, at, &value);
        if (found)
            values.items[values.count++] = value;
        at = found ? value.last + 1 : at + 1;
    }
    find_qualifiers(words, &values);
    return values;
}

/* A year alone equals any day of it. */
static bool
dates_equal(double one, double other)
{
    double day_one = fmod(one, 100);
    double day_other = fmod(other, 100);
    double month_one = fmod(floor(one / 100), 100);
    double month_other = fmod(floor(other / 100), 100);
    if (floor(one / 10000) < floor(other / 10000)
        || floor(one / 10000) > floor(other / 10000))
        return false;
    if (month_one > 0 && month_other > 0 && fabs(month_one - month_other) > 0)
        return false;
    return day_one <= 0 || day_other <= 0 || !(fabs(day_one - day_other) > 0);
}

bool
troupe__value_equal(const struct value *one, const struct value *other)
{
    if (one->kind != other->kind)
        return false;
    if (one->kind == VALUE_DATE)
        return dates_equal(one->amount, other->amount);
    if (one->kind == VALUE_VERSION) {
        return one->word->size == other->word->size
               && memcmp(one->word->text, other->word->text, one->word->size)
                      == 0;
    }
    double apart = fabs(one->amount - other->amount);
    bool same_unit = !(fabs(one->factor - other->factor) > 0);
    if (one->kind == VALUE_COUNT || same_unit)
        return !(apart > 0);
    return apart <= TOLERANCE * fmax(fabs(one->amount), fabs(other->amount));
}
