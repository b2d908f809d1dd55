# For find_package(volcv): the targets volcv::volcv (shared) and volcv::static, each if it is installed.
#
# Lies in <prefix>/share/cmake/volcv, the same file for every machine: it looks for the library from there, so the
# prefix may be moved.

get_filename_component(_volcv_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    set(_volcv_lib lib32)
else()
    set(_volcv_lib lib64)
endif()

foreach(_volcv_dir "lib/${CMAKE_LIBRARY_ARCHITECTURE}" ${_volcv_lib} lib)
    set(_volcv_libdir "${_volcv_prefix}/${_volcv_dir}")
    set(_volcv_shared "${_volcv_libdir}/libvolcv${CMAKE_SHARED_LIBRARY_SUFFIX}")
    set(_volcv_static "${_volcv_libdir}/libvolcv.a")

    # On Windows the linker gets an import library, and the program the DLL.
    set(_volcv_dll "${_volcv_prefix}/bin/volcv.dll")
    if(MSVC)
        set(_volcv_import "${_volcv_libdir}/volcv.lib")
        # It is MinGW's.
        set(_volcv_static "")
    else()
        # cargo-c leaves the first three letters out.
        set(_volcv_import "${_volcv_libdir}/libvolcv.dll.a")
        if(NOT EXISTS "${_volcv_import}")
            set(_volcv_import "${_volcv_libdir}/volcv.dll.a")
        endif()
    endif()

    if(WIN32 AND EXISTS "${_volcv_dll}" AND EXISTS "${_volcv_import}" AND NOT TARGET volcv::volcv)
        add_library(volcv::volcv SHARED IMPORTED)
        set_target_properties(volcv::volcv PROPERTIES
            IMPORTED_LOCATION "${_volcv_dll}"
            IMPORTED_IMPLIB "${_volcv_import}"
            INTERFACE_INCLUDE_DIRECTORIES "${_volcv_prefix}/include")
    elseif(NOT WIN32 AND EXISTS "${_volcv_shared}" AND NOT TARGET volcv::volcv)
        # The file behind the links and its soname, with which install(IMPORTED_RUNTIME_ARTIFACTS) ships both.
        get_filename_component(_volcv_shared "${_volcv_shared}" REALPATH)
        get_filename_component(_volcv_soname "${_volcv_shared}" NAME)
        string(REGEX REPLACE "(\\.so\\.(0\\.[0-9]+|[1-9][0-9]*)).*" "\\1" _volcv_soname "${_volcv_soname}")
        add_library(volcv::volcv SHARED IMPORTED)
        set_target_properties(volcv::volcv PROPERTIES
            IMPORTED_LOCATION "${_volcv_shared}"
            IMPORTED_SONAME "${_volcv_soname}"
            INTERFACE_INCLUDE_DIRECTORIES "${_volcv_prefix}/include")
    endif()

    if(_volcv_static AND EXISTS "${_volcv_static}" AND NOT TARGET volcv::static)
        # What the static library needs was found out when it was built.
        file(STRINGS "${_volcv_libdir}/pkgconfig/volcv.pc" _volcv_libs REGEX "^Libs\\.private:")
        string(REGEX MATCHALL "-l[^ ]+" _volcv_libs "${_volcv_libs}")
        add_library(volcv::static STATIC IMPORTED)
        set_target_properties(volcv::static PROPERTIES
            IMPORTED_LOCATION "${_volcv_static}"
            INTERFACE_COMPILE_DEFINITIONS VOLCV_STATIC
            INTERFACE_INCLUDE_DIRECTORIES "${_volcv_prefix}/include"
            INTERFACE_LINK_LIBRARIES "${_volcv_libs}")
    endif()
endforeach()

if(NOT TARGET volcv::volcv AND NOT TARGET volcv::static)
    set(volcv_FOUND FALSE)
    set(volcv_NOT_FOUND_MESSAGE "There is no libvolcv in ${_volcv_prefix}/${_volcv_lib} and ${_volcv_prefix}/lib.")
endif()

unset(_volcv_prefix)
unset(_volcv_lib)
unset(_volcv_dir)
unset(_volcv_libdir)
unset(_volcv_shared)
unset(_volcv_soname)
unset(_volcv_dll)
unset(_volcv_import)
unset(_volcv_static)
unset(_volcv_libs)
