-- libvolcv for LÖVE and other programs with LuaJIT. LuaJIT reads the C header, so nothing of it is repeated here.
-- Do not set hooks: they run on volcv's threads, on which Lua must not run.
local ffi = require("ffi")

-- `header`: the text of volcv.h; `library`: a name or path of libvolcv.
return function(header, library)
    local volcv = {}
    for name, number in header:gmatch("#define (VOLCV_[%u%d_]+) %(?(%-?%d+)u?%)?") do
        volcv[name] = tonumber(number)
    end
    -- LuaJIT reads declarations only: no comments, inline functions, directives and macros.
    header = header:gsub("/%*.-%*/", ""):gsub("static inline.-\n}\n", "")
    header = ("\n" .. header):gsub("\n#[^\n]*", ""):gsub('extern "C" {', ""):gsub('}  // extern "C"', "")
    header = header:gsub("VOLCV_API", ""):gsub("VOLCV_CALL", ""):gsub("%[(VOLCV_[%u_]+)%]", function(name)
        return "[" .. volcv[name] .. "]"
    end)
    ffi.cdef(header)
    volcv.C = ffi.load(library)
    assert(volcv.C.volcv_abi_version() == volcv.VOLCV_ABI_VERSION, "the header is of another version than libvolcv")

    -- An empty struct, as its VOLCV_X_INIT makes it.
    function volcv.new(name)
        local struct = ffi.new(name)
        struct.struct_size = ffi.sizeof(name)
        return struct
    end

    -- Raises an error with the reason if a call failed.
    function volcv.check(result, err)
        if result ~= volcv.VOLCV_OK then
            local name = ffi.string(volcv.C.volcv_result_name(result))
            error(err and name .. ": " .. ffi.string(err.message) or name, 2)
        end
    end

    return volcv
end
