# Makes a photo twice as wide, polls in every frame, and saves the result:
#   VOLCV_BASE_URL=... VOLCV_API_KEY=... VOLCV_PHOTO=photo.jpg VOLCV_RESULT=wide.png godot3 --path examples/godot3
extends Node

var outpainter = preload("res://outpainter.gdns").new()
var photo = Image.new()
var frames = 0

func _ready():
	if photo.load(OS.get_environment("VOLCV_PHOTO")) != OK:
		return fail("VOLCV_PHOTO names no picture")
	photo.convert(Image.FORMAT_RGBA8)
	var half = photo.get_width() / 2
	var job = outpainter.outpaint(photo.get_data(), photo.get_width(), photo.get_height(), half, half, "a lake at dawn")
	if job == 0:
		fail(outpainter.error())

func _process(_delta):
	frames += 1
	for ended in outpainter.poll():
		if ended.has("error"):
			return fail(ended.error)
		finish(ended)

func finish(ended):
	var wide = Image.new()
	wide.create_from_data(ended.width, ended.height, false, Image.FORMAT_RGBA8, ended.pixels)
	var middle = wide.get_rect(Rect2(photo.get_width() / 2, 0, photo.get_width(), photo.get_height()))
	var original = "untouched" if middle.get_data() == photo.get_data() else "changed"
	if wide.save_png(OS.get_environment("VOLCV_RESULT")) != OK:
		return fail("the result cannot be saved")
	print("%dx%d, the original is %s, %d frames" % [ended.width, ended.height, original, frames])
	get_tree().quit()

func fail(why):
	printerr(why)
	get_tree().quit(1)
