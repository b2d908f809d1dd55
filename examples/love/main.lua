-- Two seeds of one photo in a LÖVE window, with their progress. LÖVE's ImageData go in and come out:
--   VOLCV_BASE_URL=... VOLCV_API_KEY=... love examples/love volcv.h libvolcv.so photo.jpg [screenshot.png]
local ffi = require("ffi")

local volcv, C, client, photo
local jobs = {}

-- Prints the reason of a failure to the terminal and ends the program.
function love.errorhandler(message)
    io.stderr:write(message, "\n")
    os.exit(1)
end

local function read(path)
    local file = assert(io.open(path, "rb"))
    local bytes = file:read("*a")
    file:close()
    return bytes
end

-- The memory of an ImageData, for volcv.
local function pixels_of(image)
    local pixels = volcv.new("volcv_pixels")
    pixels.width, pixels.height = image:getDimensions()
    pixels.data, pixels.size = image:getFFIPointer(), image:getSize()
    return pixels
end

local function submit(seed)
    local request, options = volcv.new("volcv_outpaint"), volcv.new("volcv_job_options")
    local err, job, pixels = volcv.new("volcv_error"), ffi.new("volcv_job[1]"), pixels_of(photo)
    -- volcv borrows the pixels, which live as long as the program.
    pixels.flags = volcv.VOLCV_PIXELS_BORROW
    request.pixels, request.left, request.right, request.seed = pixels, 0.5, 0.5, seed
    options.user = #jobs + 1
    volcv.check(C.volcv_outpaint_submit(client[0], request, options, job, err), err)
    jobs[#jobs + 1] = { id = job[0] }
end

function love.load(arguments)
    volcv = require("volcv")(read(arguments[1]), arguments[2])
    C, jobs.out = volcv.C, arguments[4]
    photo = love.image.newImageData(love.filesystem.newFileData(read(arguments[3]), "photo"))
    local options, err = volcv.new("volcv_client_options"), volcv.new("volcv_error")
    client = ffi.new("volcv_client *[1]")
    options.base_url, options.api_key = os.getenv("VOLCV_BASE_URL"), os.getenv("VOLCV_API_KEY")
    volcv.check(C.volcv_client_create(volcv.VOLCV_ABI_VERSION, options, client, err), err)
    submit(1)
    submit(2)
end

-- Makes a texture of a result.
local function finish(job, result)
    local err, info = volcv.new("volcv_error"), volcv.new("volcv_pixels_info")
    C.volcv_job_error(client[0], job.id, err)
    volcv.check(result, err)
    volcv.check(C.volcv_job_pixels_info(client[0], job.id, 0, info))
    local image = love.image.newImageData(info.width, info.height)
    volcv.check(C.volcv_job_pixels(client[0], job.id, 0, pixels_of(image)))
    job.image = love.graphics.newImage(image)
    C.volcv_job_release(client[0], job.id)
end

function love.update()
    local events = ffi.new("volcv_event[4]")
    for i = 0, C.volcv_poll(client[0], events, 4) - 1 do
        finish(jobs[tonumber(events[i].user)], events[i].result)
    end
end

function love.draw()
    local done = 0
    for index, job in ipairs(jobs) do
        local x, y, progress = 8 + (index - 1) * 638, 8, volcv.new("volcv_progress")
        if job.image then
            love.graphics.draw(job.image, x, y, 0, 630 / job.image:getWidth())
            done = done + 1
        elseif C.volcv_job_progress(client[0], job.id, progress) == volcv.VOLCV_OK and progress.send_total > 0 then
            love.graphics.rectangle("fill", x, y, 630 * tonumber(progress.sent) / tonumber(progress.send_total), 8)
        end
    end
    local out = jobs.out
    if done == #jobs and out then
        jobs.out = nil
        love.graphics.captureScreenshot(function(screen)
            local file = assert(io.open(out, "wb"))
            file:write(screen:encode("png"):getString())
            file:close()
            love.event.quit()
        end)
    end
end

function love.quit()
    C.volcv_client_destroy(client[0], 2000)
end
