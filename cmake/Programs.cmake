# Examples, benches, tests and fuzzers: adding a file is enough.
# SPDX-License-Identifier: Apache-2.0

# The one place that registers a test: each has a time limit, and a sanitizer's
# finding fails it even when the program goes on to exit with 0.
function(troupe_add_test name seconds)
    cmake_parse_arguments(arg "" "" "COMMAND;ENVIRONMENT" ${ARGN})
    add_test(NAME ${name} COMMAND ${arg_COMMAND})
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${seconds}
        ENVIRONMENT "${arg_ENVIRONMENT}"
        FAIL_REGULAR_EXPRESSION "Sanitizer: |runtime error: ")
endfunction()

# Runs of one name exclude each other: those of a build keep to themselves.
set(troupe_run_dir ${PROJECT_BINARY_DIR}/run)
file(MAKE_DIRECTORY ${troupe_run_dir})

# examples/x.c: built with the public headers alone, run by CTest.
function(troupe_add_examples)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
    foreach(file IN LISTS files)
        cmake_path(GET file STEM name)
        add_executable(example_${name} ${file})
        set_target_properties(example_${name} PROPERTIES
            OUTPUT_NAME ${name}
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
        target_link_libraries(example_${name} PRIVATE troupe troupe_flags)
        # An example may show a dependency's own API, for instance SQLite.
        target_link_libraries(example_${name} PRIVATE ${TROUPE_DEPENDENCIES})
        troupe_add_test(example.${name} 60 COMMAND example_${name})
    endforeach()
    troupe_find_python()
    troupe_add_python_examples()
    # examples/topologies: shared objects, and files that run them.
    troupe_add_kinds(examples/topologies)
    file(GLOB files CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/examples/topologies/*.yaml)
    foreach(file IN LISTS files)
        cmake_path(GET file STEM name)
        troupe_add_test(topology.${name} 60
            COMMAND troupe_command run ${file}
            ENVIRONMENT
            "KINDS=${PROJECT_BINARY_DIR}/examples/topologies"
            "XDG_CACHE_HOME=${troupe_run_dir}"
            "PATH=${python_path}" "PYTHONDONTWRITEBYTECODE=1"
            "XDG_RUNTIME_DIR=${troupe_run_dir}")
        if(name STREQUAL "python" AND python_missing)
            set_tests_properties(topology.${name} PROPERTIES DISABLED TRUE)
        endif()
    endforeach()
endfunction()

# A PATH whose python3 has what actors in Python need: another one may come
# before Debian's, which has Debian's packages. Sets python_path, and
# python_missing when there is none.
function(troupe_find_python)
    set(path $ENV{PATH})
    foreach(first "" /usr/bin:)
        execute_process(
            COMMAND env PATH=${first}${path} python3 -c "import zmq, msgpack"
            RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
        if(NOT missing)
            string(PREPEND path "${first}")
            break()
        endif()
    endforeach()
    if(missing)
        message(STATUS "Tests of actors in Python are left out: they need the "
            "Debian packages python3-zmq and python3-msgpack; see ./dev setup")
    endif()
    set(python_path "${path}" PARENT_SCOPE)
    set(python_missing ${missing} PARENT_SCOPE)
endfunction()

# examples/python: a root in C, and an actor in Python that it starts.
function(troupe_add_python_examples)
    set(dir ${PROJECT_SOURCE_DIR}/examples/python)
    file(GLOB files CONFIGURE_DEPENDS ${dir}/*.c)
    foreach(file IN LISTS files)
        cmake_path(GET file STEM name)
        add_executable(example_python_${name} ${file})
        set_target_properties(example_python_${name} PROPERTIES
            OUTPUT_NAME ${name}
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples/python)
        target_link_libraries(example_python_${name} PRIVATE
            troupe troupe_flags)
        troupe_add_test(example.python.${name} 120
            COMMAND example_python_${name} ${dir}/actor.py
            ENVIRONMENT "PATH=${python_path}" "PYTHONDONTWRITEBYTECODE=1")
        if(python_missing)
            set_tests_properties(example.python.${name}
                PROPERTIES DISABLED TRUE)
        endif()
    endforeach()
endfunction()

# bench/b*.c and raw_*.c: one program each; other files are shared by all.
function(troupe_add_benches)
    file(GLOB programs CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/bench/b*.c ${PROJECT_SOURCE_DIR}/bench/raw_*.c)
    file(GLOB common CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
    list(REMOVE_ITEM common ${programs} "")
    foreach(file IN LISTS programs)
        cmake_path(GET file STEM name)
        add_executable(bench_${name} ${file} ${common})
        set_target_properties(bench_${name} PROPERTIES
            OUTPUT_NAME ${name}
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
        target_include_directories(bench_${name} PRIVATE ${PROJECT_SOURCE_DIR})
        target_link_libraries(bench_${name} PRIVATE
            troupe_static troupe_flags ${TROUPE_DEPENDENCIES})
    endforeach()
endfunction()

# What all tests are built with, and their runner: Criterion, or our own small
# one, which stands in for it under sanitizers and valgrind.
function(troupe_link_runner target own)
    set(harness ${PROJECT_SOURCE_DIR}/tests/harness)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE
        TROUPE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
        TROUPE_BUILD_DIR="${PROJECT_BINARY_DIR}")
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    # What is tested is optimised; the tests need not be.
    target_compile_options(${target} PRIVATE
        $<IF:$<C_COMPILER_ID:GNU>,-O1,-O0>)
    if(own)
        target_sources(${target} PRIVATE ${harness}/criterion/runner.c)
        target_include_directories(${target} SYSTEM BEFORE PRIVATE ${harness})
        # Everything takes several times as long: tests may do less of it.
        target_compile_definitions(${target} PRIVATE TROUPE_SLOW_BUILD)
    else()
        target_link_libraries(${target} PRIVATE PkgConfig::CRITERION)
    endif()
endfunction()

# <dir>/*.c: a shared object each, with kinds for topology files.
function(troupe_add_kinds dir)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*.c)
    foreach(file IN LISTS files)
        cmake_path(GET file STEM name)
        add_library(kinds_${name} MODULE ${file})
        set_target_properties(kinds_${name} PROPERTIES
            OUTPUT_NAME ${name}
            PREFIX ""
            C_VISIBILITY_PRESET hidden
            LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${dir})
        target_link_libraries(kinds_${name} PRIVATE troupe troupe_flags)
    endforeach()
endfunction()

# plain_<module>: the same on our own runner, for valgrind, which would follow
# Criterion's into much that is not ours. Built when it is asked for.
function(troupe_add_plain_test module)
    if(TROUPE_OWN_RUNNER OR module STREQUAL "tools")
        return()
    endif()
    add_executable(plain_${module} EXCLUDE_FROM_ALL ${ARGN})
    # The linters have read these files already.
    set_target_properties(plain_${module} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
    target_link_libraries(plain_${module} PRIVATE troupe_private)
    troupe_link_runner(plain_${module} ON)
endfunction()

# tests/<module>/*.c with at least one test_*.c: one binary test_<module>.
# tests/<module>/test_*.sh and test_*.py: run as they are.
function(troupe_add_tests)
    troupe_add_kinds(tests/tools/kinds)
    set(common_env
        "TROUPE=${PROJECT_BINARY_DIR}/bin/troupe"
        "TROUPE_SOURCE_DIR=${PROJECT_SOURCE_DIR}"
        "TROUPE_BUILD_DIR=${PROJECT_BINARY_DIR}"
        "XDG_RUNTIME_DIR=${troupe_run_dir}")
    if(TROUPE_OWN_RUNNER)
        list(APPEND common_env "TROUPE_TIMEOUT_FACTOR=4")
    endif()
    file(GLOB harness CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/harness/*.c)
    file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/test_*.c)
    set(seen "")
    foreach(test IN LISTS tests)
        cmake_path(GET test PARENT_PATH dir)
        cmake_path(GET dir FILENAME module)
        if(NOT module IN_LIST seen)
            list(APPEND seen ${module})
            file(GLOB files CONFIGURE_DEPENDS ${dir}/*.c)
            add_executable(test_${module} ${files} ${harness})
            if(module MATCHES "^tools$")
                # Shared objects of users bring the shared library with them.
                target_link_libraries(test_${module} PRIVATE troupe_tools)
            else()
                target_link_libraries(test_${module} PRIVATE troupe_private)
            endif()
            troupe_link_runner(test_${module} ${TROUPE_OWN_RUNNER})
            troupe_add_plain_test(${module} ${files} ${harness})
            troupe_add_test(${module} 900 COMMAND test_${module}
                ENVIRONMENT ${common_env})
            # The longest begin first, so that none runs alone in the end.
            list(LENGTH files size)
            set_tests_properties(${module} PROPERTIES COST ${size})
        endif()
    endforeach()

    # tests/<module>/programs/*.c: what tests start, found beside their binary.
    file(GLOB programs CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/tests/*/programs/*.c)
    foreach(program IN LISTS programs)
        cmake_path(GET program STEM name)
        cmake_path(GET program PARENT_PATH dir)
        cmake_path(GET dir PARENT_PATH dir)
        cmake_path(GET dir FILENAME module)
        add_executable(${name} ${program})
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
        target_link_libraries(${name} PRIVATE troupe_private)
        add_dependencies(test_${module} ${name})
        if(TARGET plain_${module})
            add_dependencies(plain_${module} ${name})
        endif()
    endforeach()

    file(GLOB scripts CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/tests/*/test_*.sh
        ${PROJECT_SOURCE_DIR}/tests/*/test_*.py)
    foreach(script IN LISTS scripts)
        cmake_path(GET script PARENT_PATH dir)
        cmake_path(GET dir FILENAME module)
        cmake_path(GET script STEM name)
        string(REGEX REPLACE "^test_" "" name ${name})
        set(runner bash)
        if(script MATCHES "\\.py$")
            set(runner python3)
        endif()
        troupe_add_test(${module}.${name} 900
            COMMAND ${runner} ${script} ENVIRONMENT ${common_env})
    endforeach()
endfunction()

# tests/soak/*.c: one program that loads a node for as long as it is told and
# fails when memory or descriptors grow; CTest runs it for a few seconds.
function(troupe_add_soak)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/soak/*.c)
    if(files)
        # The same crowd as the stress test's, for longer.
        set(stress ${PROJECT_SOURCE_DIR}/tests/stress)
        add_executable(soak ${files} ${stress}/crowd.c ${stress}/books.c)
        target_include_directories(soak PRIVATE ${PROJECT_SOURCE_DIR}/tests)
        set_target_properties(soak PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
        target_link_libraries(soak PRIVATE troupe_private)
        if(TROUPE_OWN_RUNNER)
            target_compile_definitions(soak PRIVATE TROUPE_SLOW_BUILD)
        endif()
        troupe_add_test(soak.short 120 COMMAND soak 5)
    endif()
endfunction()

# tests/storm/*.c: one program that kills processes of a busy run; CTest has it
# do so a few times.
function(troupe_add_storm)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/storm/*.c)
    if(files)
        add_executable(storm ${files})
        target_include_directories(storm PRIVATE ${PROJECT_SOURCE_DIR}/tests)
        set_target_properties(storm PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
        target_link_libraries(storm PRIVATE troupe_private)
        set(kills 30)
        if(TROUPE_OWN_RUNNER)
            target_compile_definitions(storm PRIVATE TROUPE_SLOW_BUILD)
            set(kills 8)
        endif()
        troupe_add_test(storm 900 COMMAND storm ${kills})
    endif()
endfunction()

# tests/fuzz/fuzz_*.c: one libFuzzer program each, of what reads foreign bytes.
function(troupe_add_fuzzers)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
    file(GLOB mailbox CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/mailbox/*.c)
    # What is fuzzed, and what that rests on: not the whole library, so that it
    # is built in seconds.
    set(actors model_answer text web_answer web_address web_passages injection
        injection_words document document_html document_plain document_file
        document_manual formatter layout cut passage question query synonyms
        vocabulary words scratch stem)
    list(TRANSFORM actors PREPEND ${PROJECT_SOURCE_DIR}/actors/)
    list(TRANSFORM actors APPEND .c)
    add_library(fuzzed OBJECT ${mailbox} ${actors})
    target_include_directories(fuzzed PRIVATE
        ${PROJECT_SOURCE_DIR} ${module_dirs})
    target_link_libraries(fuzzed PRIVATE troupe_flags ${TROUPE_DEPENDENCIES})
    foreach(file IN LISTS files)
        cmake_path(GET file STEM name)
        add_executable(${name} ${file})
        target_link_libraries(${name} PRIVATE fuzzed)
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
        target_include_directories(${name} PRIVATE
            ${PROJECT_SOURCE_DIR} ${module_dirs})
        target_link_libraries(${name} PRIVATE
            troupe_flags ${TROUPE_DEPENDENCIES})
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
endfunction()
