/* SPDX-License-Identifier: Apache-2.0 */
/* mould_first.c: has a program look, before all else, whether it is a mould. */
#include <unistd.h>

#include "runtime/mould.h"

/*
 * Linked into the shared library as the constructor that runs before all others
 * (ld's -z initfirst); and for programs that link the archive as their first
 * one, where they ask for it (--undefined=troupe__mould_first).
 */
extern bool troupe__mould_first;
bool troupe__mould_first = false;

/* Where the library came later, by dlopen(), the C library has begun. */
static void
look(int argc, char **argv, char **envp)
{
    troupe__mould_first = !environ;
    troupe__mould_wait(argc, argv, envp);
}

#ifdef TROUPE__OF_ARCHIVE
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char **, char **) = look;
#else
__attribute__((constructor)) static void
first(int argc, char **argv, char **envp)
{
    look(argc, argv, envp);
}
#endif
