# Runs the port's portfile as vcpkg would, with stand-ins for vcpkg's functions: they take the documented parameters and no
# others, and do what they promise.
#
#     cmake -DLINKAGE=static -DFEATURES="core;http;image" -DBUILDTREES=... -DPACKAGES=... -DVERSION=0.1.0 -P tests/vcpkg/run.cmake

cmake_minimum_required(VERSION 3.21)

set(PORT volcv)
set(TARGET_TRIPLET x64-linux)
set(VCPKG_TARGET_ARCHITECTURE x64)
set(VCPKG_TARGET_IS_LINUX 1)
set(VCPKG_CRT_LINKAGE dynamic)
set(VCPKG_LIBRARY_LINKAGE "${LINKAGE}")
set(CURRENT_BUILDTREES_DIR "${BUILDTREES}")
set(CURRENT_PACKAGES_DIR "${PACKAGES}")
get_filename_component(CURRENT_PORT_DIR "${CMAKE_CURRENT_LIST_DIR}/../../packaging/vcpkg/ports/volcv" ABSOLUTE)

function(vcpkg_execute_required_process)
    cmake_parse_arguments(PARSE_ARGV 0 arg "ALLOW_IN_DOWNLOAD_MODE;OUTPUT_STRIP_TRAILING_WHITESPACE;ERROR_STRIP_TRAILING_WHITESPACE"
        "WORKING_DIRECTORY;LOGNAME;TIMEOUT;OUTPUT_VARIABLE;ERROR_VARIABLE" "COMMAND;SAVE_LOG_FILES")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_COMMAND OR NOT arg_WORKING_DIRECTORY OR NOT arg_LOGNAME)
        message(FATAL_ERROR "vcpkg_execute_required_process(${ARGN})")
    endif()
    execute_process(COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${arg_WORKING_DIRECTORY}" RESULT_VARIABLE result
        OUTPUT_VARIABLE out ERROR_VARIABLE err ECHO_ERROR_VARIABLE)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "failed (${result}): ${arg_COMMAND}")
    endif()
    if(arg_OUTPUT_VARIABLE)
        set("${arg_OUTPUT_VARIABLE}" "${out}" PARENT_SCOPE)
    endif()
    if(arg_ERROR_VARIABLE)
        set("${arg_ERROR_VARIABLE}" "${err}" PARENT_SCOPE)
    endif()
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "COMMENT" "FILE_LIST")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_FILE_LIST)
        message(FATAL_ERROR "vcpkg_install_copyright(${ARGN})")
    endif()
    set(copyright "")
    foreach(file IN LISTS arg_FILE_LIST)
        get_filename_component(name "${file}" NAME)
        file(READ "${file}" text)
        string(APPEND copyright "${name}:\n\n${text}\n")
    endforeach()
    file(WRITE "${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright" "${copyright}")
endfunction()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}")
file(MAKE_DIRECTORY "${CURRENT_BUILDTREES_DIR}")
include("${CURRENT_PORT_DIR}/portfile.cmake")
