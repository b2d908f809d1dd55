# For cmake -DCMAKE_TOOLCHAIN_FILE: MinGW on another system.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
# Programs have MinGW's own libraries in them.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
