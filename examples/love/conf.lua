-- LÖVE reads this before it opens a window.
function love.conf(t)
    t.window.title = "volcv"
    t.window.width, t.window.height = 1284, 226
    t.modules.audio, t.modules.sound, t.modules.physics, t.modules.joystick = false, false, false, false
end
