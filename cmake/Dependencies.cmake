# Finds what Troupe needs; what is missing is named once, with its package.
# SPDX-License-Identifier: Apache-2.0

find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
    message(FATAL_ERROR "Troupe needs pkg-config: install the Debian package "
        "pkg-config, or run ./dev setup")
endif()
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(missing "")
set(needed_libraries "")

# Sets PkgConfig::<name>; any further argument is a pkg-config name to try.
macro(troupe_need name package)
    pkg_search_module(${name} QUIET IMPORTED_TARGET ${ARGN})
    if(NOT ${name}_FOUND)
        list(APPEND missing "${package} (pkg-config: ${ARGN})")
    endif()
    list(APPEND needed_libraries ${${name}_LIBRARIES})
endmacro()

troupe_need(ZMQ libzmq3-dev libzmq>=4.3)
troupe_need(CZMQ libczmq-dev libczmq>=4.2)
troupe_need(MSGPACK libmsgpack-dev msgpack>=4.0 msgpack-c>=4.0)
troupe_need(SQLITE libsqlite3-dev sqlite3>=3.34)
troupe_need(JANSSON libjansson-dev jansson>=2.11)
troupe_need(XML libxml2-dev libxml-2.0)
troupe_need(ZLIB zlib1g-dev zlib)
troupe_need(MD4C libmd4c-html0-dev md4c-html)
troupe_need(CURL libcurl4-openssl-dev libcurl>=7.85)
# What a link against the archive needs; see troupe.pc.
list(REMOVE_DUPLICATES needed_libraries)
set(TROUPE_PC_LIBS ${needed_libraries} stemmer m)
list(TRANSFORM TROUPE_PC_LIBS PREPEND -l)
list(APPEND TROUPE_PC_LIBS -pthread)

# For the troupe command alone: the library does not link them.
troupe_need(YAML libyaml-dev yaml-0.1)
troupe_need(MICROHTTPD libmicrohttpd-dev libmicrohttpd>=0.9.71)

if(TROUPE_TESTS AND NOT TROUPE_OWN_RUNNER)
    troupe_need(CRITERION libcriterion-dev criterion>=2.4)
endif()

# libstemmer ships no .pc file.
find_library(STEMMER_LIBRARY stemmer)
find_path(STEMMER_INCLUDE_DIR libstemmer.h)
if(NOT STEMMER_LIBRARY OR NOT STEMMER_INCLUDE_DIR)
    list(APPEND missing "libstemmer-dev (libstemmer.h)")
endif()

if(missing)
    list(JOIN missing ", " missing)
    string(REPLACE ";" " or " missing "${missing}")
    message(FATAL_ERROR
        "Troupe needs these Debian packages: ${missing}. Run ./dev setup")
endif()

set(TROUPE_DEPENDENCIES
    PkgConfig::ZMQ PkgConfig::CZMQ PkgConfig::MSGPACK PkgConfig::SQLITE
    PkgConfig::JANSSON PkgConfig::XML PkgConfig::ZLIB PkgConfig::MD4C
    PkgConfig::CURL
    ${STEMMER_LIBRARY} Threads::Threads m)

# An SQLite without FTS5 links as well and fails at run time: try it here.
include(CheckCSourceRuns)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::SQLITE)
check_c_source_runs("
#include <sqlite3.h>
int main(void)
{
    sqlite3 *db = 0;
    return sqlite3_open(\":memory:\", &db) != SQLITE_OK
        || sqlite3_exec(db, \"CREATE VIRTUAL TABLE t USING \"
                            \"fts5(x, tokenize = 'trigram')\", 0, 0, 0)
            != SQLITE_OK;
}" TROUPE_SQLITE_HAS_FTS5)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT TROUPE_SQLITE_HAS_FTS5)
    message(FATAL_ERROR "SQLite was built without FTS5 and its trigram "
        "tokenizer: install the Debian package libsqlite3-dev (3.34 or newer), "
        "or run ./dev setup")
endif()

# Started at run time, by the research actors, for each manual page.
find_program(MANDOC_PROGRAM mandoc)
if(NOT MANDOC_PROGRAM)
    message(WARNING "mandoc is not on PATH: Troupe builds without it, but no "
        "manual page can be read. Install the Debian package mandoc, or run "
        "./dev setup")
endif()
