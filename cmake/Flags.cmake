# Compiler flags for everything in this tree; nothing of it is installed.
# SPDX-License-Identifier: Apache-2.0

add_library(troupe_flags INTERFACE)

target_compile_definitions(troupe_flags INTERFACE _GNU_SOURCE)
target_compile_options(troupe_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wwrite-strings -Wformat=2 -Wno-format-nonliteral
    $<$<BOOL:${TROUPE_WERROR}>:-Werror>)

if(TROUPE_SANITIZE)
    # No recovery: a UBSan run that recovers prints its finding and passes.
    target_compile_options(troupe_flags INTERFACE
        -fsanitize=${TROUPE_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer -g1) # their reports name lines, no variables
    if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND TROUPE_SANITIZE MATCHES undefined)
        # No bytes from nowhere are at NULL + 0, as C2y has it.
        target_compile_options(troupe_flags INTERFACE
            -fno-sanitize=pointer-overflow)
    endif()
    target_link_options(troupe_flags INTERFACE -fsanitize=${TROUPE_SANITIZE})
    # Each of many programs has all of the run time in it: gold links them in a
    # quarter of the time. Of clang's it says what it cannot export.
    find_program(TROUPE_GOLD ld.gold)
    if(TROUPE_GOLD AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_link_options(troupe_flags INTERFACE
            $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-fuse-ld=gold>)
    endif()
endif()

if(TROUPE_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR
            "TROUPE_FUZZ needs clang: cmake -DCMAKE_C_COMPILER=clang ...")
    endif()
    target_compile_options(troupe_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
