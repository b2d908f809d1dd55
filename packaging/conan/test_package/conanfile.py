"""Builds and runs a program in C and one in C++ with the package."""

import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class VolcvTest(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        # The second name of a static library, as volcv's own CMake package has it.
        toolchain.cache_variables["KIND"] = "volcv" if self.dependencies["volcv"].options.shared else "static"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if not can_run(self):
            return
        for language in ("c", "cpp"):
            program = os.path.join(self.cpp.build.bindir, f"test_{language}")
            self.run(f'"{program}" "{self._photo}"', env="conanrun")

    @property
    def _photo(self):
        return os.path.join(self.recipe_folder, "..", "..", "..", "examples", "assets", "valley.jpg")
