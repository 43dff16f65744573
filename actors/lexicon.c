/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon.c: words of praise and blame, judged by hand for this project. */
#include "actors/lexicon.h"

#include <string.h>
#include <strings.h>

#include "actors/words.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define BOOST       0.293 /* Hutto & Gilbert 2014, from their raters */

struct entry {
    const char *word;
    double valence;
};

/* clang-format off */
/* Sorted. */
static const struct entry entries[] = {
    {"abhorrent", -3.2}, {"absurd", -1.8}, {"abysmal", -3.2},
    {"admirable", 2.7}, {"admire", 1.8}, {"adored", 2.2}, {"advantage", 1.8},
    {"advantages", 1.8}, {"afraid", -1.8}, {"alarming", -1.8},
    {"amazing", 3.2}, {"angry", -2.2}, {"annoyed", -2.2}, {"annoying", -2.2},
    {"annoyingly", -2.2}, {"appalling", -3.2}, {"appealing", 1.8},
    {"appreciated", 2.2}, {"atrocious", -3.2}, {"attractive", 1.8},
    {"awesome", 3.2}, {"awful", -3.2}, {"awkward", -1.8}, {"bad", -2.2},
    {"badly", -2.2}, {"beautiful", 2.7}, {"beautifully", 2.7},
    {"beneficial", 1.8}, {"benefit", 1.8}, {"benefits", 1.8}, {"best", 2.7},
    {"better", 1.8}, {"bland", -1.2}, {"boring", -1.8}, {"bright", 1.8},
    {"brilliant", 3.2}, {"brittle", -1.2}, {"broken", -2.2}, {"buggy", -1.2},
    {"capable", 1.2}, {"catastrophic", -3.2}, {"charming", 2.2},
    {"cheerful", 1.8}, {"clever", 2.2}, {"cleverly", 2.2}, {"clumsy", -1.8},
    {"clunky", -1.2}, {"comfortable", 1.8}, {"commendable", 1.8},
    {"competent", 1.2}, {"complain", -1.8}, {"complained", -1.8},
    {"complaint", -1.8}, {"complaints", -1.8}, {"concern", -1.2},
    {"concerned", -1.2}, {"concerns", -1.2}, {"confused", -1.8},
    {"confusing", -1.8}, {"convenient", 1.8}, {"conveniently", 1.8},
    {"criticised", -1.8}, {"criticism", -1.8}, {"criticized", -1.8},
    {"crude", -1.2}, {"cruel", -2.2}, {"cumbersome", -1.8},
    {"damaging", -2.2}, {"dangerous", -1.8}, {"decent", 1.2},
    {"delight", 2.7}, {"delighted", 3.2}, {"delightful", 3.2},
    {"dependable", 1.2}, {"despise", -2.7}, {"detest", -3.2},
    {"disappointed", -2.2}, {"disappointing", -2.2}, {"disappointment", -2.2},
    {"disaster", -2.7}, {"disastrous", -3.2}, {"disgusting", -3.2},
    {"dislike", -1.8}, {"disliked", -1.8}, {"dismal", -1.8},
    {"doubtful", -1.8}, {"dreadful", -3.2}, {"dubious", -1.8}, {"dull", -1.2},
    {"elegant", 2.2}, {"elegantly", 2.2}, {"enjoy", 2.2}, {"enjoyable", 2.2},
    {"enjoyed", 2.2}, {"enjoys", 2.2}, {"evil", -2.7}, {"excellent", 3.2},
    {"excellently", 3.2}, {"excels", 2.7}, {"exceptional", 3.2},
    {"excited", 2.2}, {"exciting", 2.2}, {"fabulous", 2.7},
    {"fantastic", 3.2}, {"fear", -1.8}, {"fears", -1.8}, {"fine", 1.2},
    {"flawed", -1.8}, {"flawless", 3.2}, {"flaws", -1.8}, {"fragile", -1.2},
    {"friendly", 1.8}, {"frustrated", -2.2}, {"frustrating", -2.2},
    {"frustration", -2.2}, {"fun", 2.2}, {"garbage", -2.2}, {"generous", 1.8},
    {"glad", 2.2}, {"good", 2.2}, {"gorgeous", 2.7}, {"graceful", 1.8},
    {"gracefully", 1.8}, {"grateful", 1.8}, {"great", 2.7}, {"greatest", 2.7},
    {"handy", 1.2}, {"happily", 2.2}, {"happy", 2.2}, {"harm", -1.8},
    {"harmful", -1.8}, {"hate", -3.2}, {"hated", -3.2}, {"hateful", -3.2},
    {"helpful", 1.8}, {"hopeful", 1.8}, {"hopeless", -2.7},
    {"horrendous", -3.2}, {"horrible", -3.2}, {"horribly", -3.2},
    {"horrific", -3.2}, {"hurt", -1.8}, {"hurts", -1.8}, {"impressive", 2.7},
    {"impressively", 2.7}, {"improved", 1.8}, {"improvement", 1.8},
    {"improvements", 1.8}, {"inadequate", -1.8}, {"inconvenient", -1.8},
    {"inferior", -2.2}, {"innovative", 1.8}, {"insane", -2.2},
    {"inspiring", 2.2}, {"intuitive", 1.2}, {"lacking", -1.2},
    {"lacks", -1.2}, {"lament", -1.8}, {"likeable", 1.8}, {"liked", 1.8},
    {"lousy", -2.2}, {"love", 2.7}, {"loved", 2.7}, {"lovely", 2.7},
    {"loves", 2.7}, {"magnificent", 3.2}, {"marvelous", 3.2},
    {"mediocre", -1.8}, {"mess", -2.2}, {"messy", -2.2}, {"miserable", -2.7},
    {"miserably", -2.7}, {"misleading", -1.8}, {"nasty", -2.2}, {"neat", 1.2},
    {"neglected", -1.8}, {"nice", 1.8}, {"nicely", 1.8}, {"nightmare", -3.2},
    {"notorious", -1.8}, {"obscure", -1.2}, {"outdated", -1.8},
    {"outstanding", 3.2}, {"overrated", -1.8}, {"painful", -2.2},
    {"painfully", -2.2}, {"pathetic", -2.7}, {"perfect", 3.2},
    {"perfectly", 3.2}, {"phenomenal", 3.2}, {"pleasant", 2.2},
    {"pleasantly", 2.2}, {"pleased", 2.2}, {"pleasing", 2.2},
    {"polished", 1.8}, {"poor", -2.2}, {"poorly", -2.2}, {"popular", 1.8},
    {"powerful", 2.2}, {"praise", 2.7}, {"praised", 2.7},
    {"problematic", -1.8}, {"promising", 1.2}, {"proud", 1.8},
    {"questionable", -1.2}, {"reckless", -1.8}, {"recommend", 2.2},
    {"recommended", 2.2}, {"regret", -2.2}, {"regrettable", -2.2},
    {"reliable", 1.2}, {"reliably", 1.2}, {"remarkable", 2.7},
    {"respected", 1.2}, {"rewarding", 1.8}, {"ridiculous", -2.2},
    {"risky", -1.2}, {"robust", 1.2}, {"robustly", 2.2}, {"rubbish", -2.7},
    {"ruined", -2.7}, {"sad", -2.2}, {"sadly", -2.2}, {"satisfied", 1.8},
    {"satisfying", 1.8}, {"scandal", -1.8}, {"severe", -1.8},
    {"shameful", -2.7}, {"shoddy", -2.2}, {"sloppy", -1.8}, {"slow", -1.2},
    {"sluggish", -1.2}, {"smart", 2.2}, {"smooth", 1.8}, {"smoothly", 1.8},
    {"solid", 1.2}, {"splendid", 2.7}, {"stunning", 2.7}, {"stupid", -2.2},
    {"succeed", 1.8}, {"suffer", -2.2}, {"suffered", -2.2}, {"suffers", -2.2},
    {"superb", 3.2}, {"superbly", 1.8}, {"superior", 2.2}, {"tedious", -1.8},
    {"terrible", -3.2}, {"terribly", -3.2}, {"terrific", 3.2},
    {"terrifying", -2.2}, {"thankful", 2.2}, {"thrilled", 2.7}, {"tidy", 1.2},
    {"tiresome", -1.8}, {"toxic", -2.7}, {"tricky", -1.2}, {"triumph", 2.7},
    {"troubled", -1.8}, {"troubling", -1.8}, {"trusted", 1.8},
    {"trustworthy", 1.8}, {"ugly", -2.2}, {"unacceptable", -2.2},
    {"unfair", -1.8}, {"unfortunate", -1.8}, {"unfortunately", -1.8},
    {"unhappy", -2.2}, {"unpleasant", -2.2}, {"unreliable", -1.8},
    {"unsatisfactory", -1.8}, {"unstable", -1.8}, {"untrustworthy", -1.8},
    {"usable", 1.2}, {"useful", 1.8}, {"useless", -2.7}, {"valuable", 1.8},
    {"vile", -3.2}, {"wasteful", -1.8}, {"weak", -1.8}, {"welcome", 1.8},
    {"win", 2.2}, {"winner", 2.2}, {"wins", 2.2}, {"wonderful", 3.2},
    {"wonderfully", 3.2}, {"worried", -1.8}, {"worry", -1.8},
    {"worrying", -1.8}, {"worse", -2.2}, {"worst", -3.2}, {"worthless", -2.7},
    {"worthwhile", 1.8}, {"worthy", 1.8}, {"wretched", -2.7},
};
/* clang-format on */

/* Sorted. */
static const char *const stronger[] = {
    "absolutely", "amazingly",    "completely",   "considerably",  "deeply",
    "enormously", "entirely",     "especially",   "exceptionally", "extremely",
    "greatly",    "highly",       "hugely",       "incredibly",    "intensely",
    "more",       "most",         "particularly", "quite",         "really",
    "remarkably", "so",           "strongly",     "substantially", "thoroughly",
    "totally",    "tremendously", "truly",        "unbelievably",  "unusually",
    "utterly",    "very",
};

static const char *const weaker[] = {
    "almost",     "barely",   "hardly",       "less",   "little",
    "marginally", "mildly",   "occasionally", "partly", "rather",
    "scarcely",   "slightly", "somewhat",
};

double
troupe__word_valence(const char *word, size_t size)
{
    CHECK(word || size == 0);
    size_t low = 0;
    size_t high = COUNT(entries);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncasecmp(word, entries[middle].word, size);
        if (order == 0)
            order = -(entries[middle].word[size] != '\0');
        if (order == 0)
            return entries[middle].valence;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

double
troupe__word_boost(const char *word, size_t size)
{
    CHECK(word || size == 0);
    if (troupe__word_in(stronger, COUNT(stronger), word, size))
        return BOOST;
    if (troupe__word_in(weaker, COUNT(weaker), word, size))
        return -BOOST;
    return 0;
}
