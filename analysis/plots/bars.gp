# One horizontal bar per case.
if (!exists('right_room')) right_room = 170.
bar_step = 30.
name_room = text_width('n') * (name_chars + 1)
plot_left = name_room > margin_left ? margin_left + name_room - 40 : margin_left + 40
plot_right = width - margin_right - right_room

# Where each part stands in the key, in lines as wide as the page.
key_width(k) = 36 + 7.2 * strlen(part[k])
array key_x[16]
array key_line[16]
key_lines = 1.
x = margin_left
do for [k=1:int(parts)] {
	if (x + key_width(k) > width - margin_right) {
		x = margin_left
		key_lines = key_lines + 1
	}
	key_x[k] = x
	key_line[k] = key_lines
	x = x + key_width(k)
}
head_room = head + 16 + 20 * key_lines
height = head_room + 12 + cases * bar_step + foot
