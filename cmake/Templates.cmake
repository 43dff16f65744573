# Files of a folder as bytes in a C source: what `troupe new` writes.
# SPDX-License-Identifier: Apache-2.0

# troupe_embed(OUTPUT NAME FILE...): an array NAME of struct troupe__template.
function(troupe_embed output name)
    set(rows "")
    set(arrays "")
    set(index 0)
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        cmake_path(GET file FILENAME base)
        string(REGEX REPLACE "\\.in$" "" base ${base})
        file(READ ${file} bytes HEX)
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
        string(APPEND arrays
            "static const unsigned char file_${index}[] = {${bytes}0};\n")
        string(APPEND rows "    {\"${base}\", (const char *) file_${index}},\n")
        math(EXPR index "${index} + 1")
    endforeach()
    file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"/* Made by cmake/Templates.cmake. */
#include \"tools/template.h\"

@arrays@
const struct troupe__template @name@[] = {
@rows@    {NULL, NULL}};
")
endfunction()
