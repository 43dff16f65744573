/* SPDX-License-Identifier: Apache-2.0 */
/* member.h: the actors of a storm, which ask each other without a pause. */
#ifndef TROUPE_TESTS_STORM_MEMBER_H
#define TROUPE_TESTS_STORM_MEMBER_H

#include "storm/books.h"

/* In five places, so many in each; named "alpha-07". */
enum { PLACES = 5, MEMBERS = 40, OPEN_MAX = 4 };
extern const char *const place_names[PLACES];

enum { NAME_SIZE = 24 };
void member_name(unsigned place, unsigned index, char name[NAME_SIZE]);

/* Answers "pid" as well. */
extern const troupe_kind_t storm_member;

#endif
