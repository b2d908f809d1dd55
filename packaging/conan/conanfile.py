"""Builds libvolcv from this tree, with the cargo that is on the machine: Rust 1.85 or newer."""

import os
import re
import shutil
from io import StringIO

from conan import ConanFile
from conan.errors import ConanException, ConanInvalidConfiguration
from conan.tools.build import cross_building
from conan.tools.files import copy, load, save
from conan.tools.layout import basic_layout

required_conan_version = ">=2.4"


class VolcvConan(ConanFile):
    name = "volcv"
    description = "Volcengine's picture outpainting for C and C++"
    license = "MIT OR Apache-2.0"
    url = "https://github.com/volcv/volcv"
    homepage = url
    topics = ("volcengine", "outpainting", "image", "client")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "with_http": [True, False], "with_image": [True, False]}
    default_options = {"shared": True, "with_http": True, "with_image": True}
    # C has no standard library of C++ that would have to fit.
    languages = "C"
    # cargo writes to its own folder, so that the sources need no copy for each build.
    no_copy_source = True

    def set_version(self):
        manifest = load(self, os.path.join(self.recipe_folder, "..", "..", "Cargo.toml"))
        self.version = re.search(r'^version = "(.+)"$', manifest, re.MULTILINE).group(1)

    def export_sources(self):
        tree = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("Cargo.*", "LICENSE-*", "include/*", "crates/*"):
            copy(self, pattern, tree, self.export_sources_folder)
        # cargo reads the manifest of each member of the workspace, and wants to see the sources that it names.
        for member in ("examples", "tests"):
            copy(self, f"{member}/Cargo.toml", tree, self.export_sources_folder)
            copy(self, f"{member}/*.rs", tree, self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def validate_build(self):
        if shutil.which("cargo") is None:
            raise ConanInvalidConfiguration("volcv is built with cargo, which is not in PATH: Rust 1.85 or newer")
        if cross_building(self):
            raise ConanInvalidConfiguration("this recipe builds for the machine that it runs on only")

    def build(self):
        self.run(self._cargo, cwd=self.source_folder)
        if not self.options.shared:
            # cargo repeats what rustc said, without compiling again.
            said = StringIO()
            self.run(self._cargo, stdout=said, stderr=said, cwd=self.source_folder)
            libraries = re.findall(r"native-static-libs: (.+)", said.getvalue())
            if not libraries:
                raise ConanException(f"rustc did not say what the static library needs:\n{said.getvalue()}")
            save(self, os.path.join(self.build_folder, "native-static-libs.txt"), libraries[-1] + "\n")

    def package(self):
        copy(self, "*.h*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        copy(self, "LICENSE-*", self.source_folder, os.path.join(self.package_folder, "licenses"))
        built = os.path.join(self._target, "debug" if self._debug else "release")
        lib = os.path.join(self.package_folder, "lib")
        if not self.options.shared:
            copy(self, "volcv.lib" if self._msvc else "libvolcv.a", built, lib)
            copy(self, "native-static-libs.txt", self.build_folder, os.path.join(self.package_folder, "res"))
        elif self.settings.os == "Windows":
            copy(self, "volcv.dll", built, os.path.join(self.package_folder, "bin"))
            copy(self, "volcv.dll.lib" if self._msvc else "libvolcv.dll.a", built, lib)
            if self._msvc:
                os.rename(os.path.join(lib, "volcv.dll.lib"), os.path.join(lib, "volcv.lib"))
        elif self.settings.os == "Macos":
            copy(self, "libvolcv.dylib", built, lib)
        else:
            copy(self, "libvolcv.so", built, lib)
            full = f"libvolcv.so.{self.version}"
            os.rename(os.path.join(lib, "libvolcv.so"), os.path.join(lib, full))
            for link in (self._soname, "libvolcv.so"):
                os.symlink(full, os.path.join(lib, link))

    def package_info(self):
        self.cpp_info.libs = ["volcv"]
        # The names of volcv's own CMake package: volcv::static is the static library there.
        self.cpp_info.set_property("cmake_file_name", "volcv")
        self.cpp_info.set_property("cmake_target_name", "volcv::volcv")
        self.cpp_info.set_property("pkg_config_name", "volcv")
        if self.options.shared:
            return
        self.cpp_info.set_property("cmake_target_aliases", ["volcv::static"])
        self.cpp_info.defines = ["VOLCV_STATIC"]
        said = load(self, os.path.join(self.package_folder, "res", "native-static-libs.txt"))
        self.cpp_info.frameworks = re.findall(r"-framework (\S+)", said)
        self.cpp_info.system_libs = re.findall(r"(?:^|\s)-l(\S+)", said) + re.findall(r"(\S+)\.lib\b", said)

    @property
    def _debug(self):
        return self.settings.build_type == "Debug"

    @property
    def _msvc(self):
        return self.settings.os == "Windows" and self.settings.compiler != "gcc"

    @property
    def _soname(self):
        """The version up to the first number that is not 0, as `cargo cinstall` has it."""
        major, minor, _ = self.version.split(".", 2)
        return f"libvolcv.so.0.{minor}" if major == "0" else f"libvolcv.so.{major}"

    @property
    def _target(self):
        """Where cargo builds: a folder that the user names survives, and makes the next build short."""
        return self.conf.get("user.volcv:target_dir", default=os.path.join(self.build_folder, "target"))

    @property
    def _cargo(self):
        features = [("ureq", self.options.with_http), ("image", self.options.with_image)]
        words = ["cargo rustc --locked -p volcv-ffi --lib --no-default-features"]
        words.append("--features=" + ",".join(["allocator"] + [name for name, wanted in features if wanted]))
        words.append(f'--target-dir "{self._target}"')
        if not self._debug:
            words.append("--release")
        if self.settings.build_type == "RelWithDebInfo":
            words.append("--config profile.release.debug=true")
        if not self.options.shared:
            words.append("--crate-type staticlib -- --print=native-static-libs")
            return " ".join(words)
        words.append("--crate-type cdylib")
        if self.settings.os == "Macos":
            words.append("-- -Clink-arg=-Wl,-install_name,@rpath/libvolcv.dylib")
        elif self.settings.os != "Windows":
            words.append(f"-- -Clink-arg=-Wl,-soname,{self._soname}")
        return " ".join(words)
