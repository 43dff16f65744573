/* SPDX-License-Identifier: Apache-2.0 */
/* mould_first.c: has a program look, before all else, whether it is a mould. */
#include "runtime/mould.h"

/*
 * Linked into the shared library as the constructor that runs before all others
 * (ld's -z initfirst); and for programs that link the archive as their first
 * one, where they ask for it (--undefined=troupe__mould_first).
 */
extern const bool troupe__mould_first;
const bool troupe__mould_first = true;

#ifdef TROUPE__OF_ARCHIVE
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char **,
                                                 char **) = troupe__mould_wait;
#else
__attribute__((constructor)) static void
first(int argc, char **argv, char **envp)
{
    troupe__mould_wait(argc, argv, envp);
}
#endif
