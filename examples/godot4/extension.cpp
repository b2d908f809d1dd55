// extension.cpp: a GDExtension with the class Outpainter, for Godot 4.1 and later; see outpainter.h and volcv.gdextension.
//
//     c++ -std=c++17 -fno-exceptions -shared -fPIC -I godot-cpp/include -I godot-cpp/gen/include -I godot-cpp/gdextension
//         extension.cpp -L godot-cpp/bin -lgodot-cpp.linux.template_debug.x86_64 -lvolcv -o bin/libvolcv_godot.so

#include "outpainter.h"

#include <gdextension_interface.h>
#include <godot_cpp/core/defs.hpp>
#include <godot_cpp/godot.hpp>

static void initialize(godot::ModuleInitializationLevel level) {
    if (level == godot::MODULE_INITIALIZATION_LEVEL_SCENE) {
        GDREGISTER_CLASS(Outpainter);
    }
}

static void terminate(godot::ModuleInitializationLevel level) {
    if (level == godot::MODULE_INITIALIZATION_LEVEL_SCENE) {
        // All nodes are gone. Nothing of volcv runs when the extension is unloaded.
        (void)volcv_shutdown(2000);
    }
}

extern "C" GDExtensionBool GDE_EXPORT volcv_godot_init(GDExtensionInterfaceGetProcAddress get_proc_address,
                                                        GDExtensionClassLibraryPtr library,
                                                        GDExtensionInitialization *initialization) {
    const godot::GDExtensionBinding::InitObject binding(get_proc_address, library, initialization);
    binding.register_initializer(initialize);
    binding.register_terminator(terminate);
    binding.set_minimum_library_initialization_level(godot::MODULE_INITIALIZATION_LEVEL_SCENE);
    return binding.init();
}
