# One horizontal bar per case.
if (!exists('right_room')) right_room = 170.
bar_step = 30.
width = 1000.
height = head + 52 + cases * bar_step + foot
name_room = text_width('n') * (name_chars + 1)
plot_left = name_room > margin_left ? margin_left + name_room - 40 : margin_left + 40
plot_right = width - margin_right - right_room
